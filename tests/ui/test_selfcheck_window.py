"""The self-check on the screen: every rule with its result, what failed in words, issuing closed and opened again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.selfcheck import SelfCheck
from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.ui.questions import WordsQuestion
from bloodbank_desktop.ui.selfcheck_window import SelfCheckWindow
from bloodbank_desktop.ui.tasks import Tasks
from tests.support import open_store, seat
from tests.waiting import turn_events


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    """An open profile in which everybody may do everything."""
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let one rule answer otherwise than its only vector says."""
    changes = {"bags.1.expires_at": "2026-11-23T08:59:00+08:00"}
    one = {"name": "过期也可发出", "case": "issue", "changes": changes, "expect": "pass"}
    file = tmp_path / "issue-expired.json"
    file.write_text(json.dumps({"rule": "issue-expired", "source": "无", "vectors": [one]}), encoding="utf-8")
    real = [file_ for file_ in vectors.files() if file_.name != file.name]
    monkeypatch.setattr(vectors, "files", lambda: iter([*real, file]))


@pytest.fixture
def windows(tasks: Tasks, profile: Profile) -> Iterator[list[SelfCheckWindow]]:
    """Windows to be closed at the end."""
    made: list[SelfCheckWindow] = []
    yield made
    for window in made:
        window.done(0)
        window.deleteLater()


def opened(windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile, may: bool = True) -> SelfCheckWindow:
    """Return the window after its first run."""
    window = SelfCheckWindow(tasks, SelfCheck(profile.desk), may, hospital="训练医院")
    windows.append(window)
    window.open()
    assert tasks.wait_idle(60)
    assert tasks.wait_idle(60)
    turn_events()
    return window


def test_everything_passes(windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile) -> None:
    """Each rule has its row with word and shape; issuing is open and nothing is offered to open it."""
    window = opened(windows, tasks, profile)
    assert window.said.text().startswith("✓ 全部通过")
    assert window.table.rowCount() == len(RULES)
    cells = [window.table.item(row, 0) for row in range(window.table.rowCount())]
    assert {cell.text() for cell in cells if cell is not None} == {"✓ 通过"}
    assert window.issuing.text() == "✓ 发血开放"
    assert window.bar.isHidden() and window.detail.isHidden() and window.reopen.isHidden()
    assert window.pdf.isEnabled() and window.again.isEnabled()


def test_a_failure_is_first_and_explained(
    broken: None, windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile
) -> None:
    """The rule that failed stands first, selected, with the vector and the difference below."""
    window = opened(windows, tasks, profile)
    first = window.table.item(0, 0)
    assert first is not None and first.text() == "✕ 未通过"
    assert "过期也可发出" in window.detail.toPlainText()
    assert window.detail.isVisible()
    assert "■ 发血已关闭" in window.issuing.text()
    window.table.selectRow(1)
    assert window.detail.isHidden()


def test_issuing_is_opened_in_writing(
    broken: None, windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile
) -> None:
    """A reviewer is asked for the reason; afterwards the window says who opened issuing and why."""
    window = opened(windows, tasks, profile)
    assert window.reopen.isVisible() and window.reopen.isEnabled()
    window.reopen.click()
    question = window.findChild(WordsQuestion)
    assert question is not None
    edit = question.findChild(QLineEdit)
    assert edit is not None
    edit.setText("已核对例题，是例题有误")
    question.accept()
    assert tasks.wait_idle(10)
    turn_events()
    assert "重新开放：已核对例题，是例题有误" in window.issuing.text()
    assert window.reopen.isHidden()


def test_too_short_a_reason_is_said(
    broken: None, windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile
) -> None:
    """What the operation refuses is told in the window, and issuing stays closed."""
    window = opened(windows, tasks, profile)
    window.reopen.click()
    question = window.findChild(WordsQuestion)
    assert question is not None
    question.edit.setText("有误")
    question.accept()
    assert tasks.wait_idle(10)
    turn_events()
    assert "至少 6 个字" in window.said.text()
    assert "■ 发血已关闭" in window.issuing.text()


def test_who_may_not_open_is_told_who_may(
    broken: None, windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile
) -> None:
    """A technician sees the closed state and whom to ask; the button does nothing."""
    seat(profile, "训练甲", "technician")
    window = opened(windows, tasks, profile, may=False)
    assert not window.reopen.isEnabled()
    assert "请由审核或主任登录" in window.issuing.text()


def test_who_may_not_run_it_is_told(windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile) -> None:
    """A viewer gets a sentence and no report."""
    seat(profile, "训练戊", "viewer")
    window = opened(windows, tasks, profile, may=False)
    assert window.said.text().startswith("✕ ")
    assert window.report is None and not window.pdf.isEnabled()


def test_the_report_is_kept_and_run_again(
    windows: list[SelfCheckWindow], tasks: Tasks, profile: Profile, tmp_path: Path
) -> None:
    """The PDF is written; F5 runs the vectors once more; Esc closes."""
    window = opened(windows, tasks, profile)
    window.save_pdf(tmp_path / "自检.pdf")
    assert (tmp_path / "自检.pdf").read_bytes().startswith(b"%PDF-")
    before = window.report
    assert window.again.shortcut().toString() == "F5"
    window.again.click()
    assert not window.again.isEnabled()
    assert tasks.wait_idle(60)
    turn_events()
    assert window.report is not before
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_closing_it_while_it_runs_does_no_harm(qapp: QApplication, tasks: Tasks, profile: Profile) -> None:
    """The run ends on its lane and is noted, although nobody waits for it."""
    window = SelfCheckWindow(tasks, SelfCheck(profile.desk), True)
    window.open()
    window.done(0)
    window.deleteLater()
    turn_events()
    assert tasks.wait_idle(60)
    assert SelfCheck(profile.desk).latest() is not None
