"""A dialog may be deleted while the disk still works for it: nobody calls into it, and what failed is said all the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.manual_entry import ManualEntry
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.verdicts import Verdict
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.ui.record_dialogs import RecordDialogs
from bloodbank_desktop.ui.tasks import Tasks
from tests import samples
from tests.forms.bags import label_scans
from tests.support import seat
from tests.waiting import turn_events, wait_until

REQUEST = "transfusion_request"
STOCK_IN = "stock_in"


@pytest.fixture
def desk(tasks: Tasks, tmp_path: Path) -> Iterator[Desk]:
    """The real desk on a real encrypted file."""
    profile = open_profile(tmp_path, training=True, clock=SystemClock())
    seat(profile, "训练甲")
    yield profile.desk
    tasks.wait_idle()
    profile.close()


@pytest.fixture
def parent(qapp: QApplication) -> Iterator[QWidget]:
    """What stands for the window."""
    window = QWidget()
    yield window
    window.deleteLater()
    turn_events()


class Held:
    """The database lane stands still from now on until `go`."""

    def __init__(self, tasks: Tasks) -> None:
        self._gate = threading.Event()
        tasks.database(lambda: self._gate.wait(10))

    def go(self) -> None:
        self._gate.set()


def opened(desk: Desk, tasks: Tasks, parent: QWidget, kind: str) -> RecordDialog:
    """Open the real dialog over the real desk, its first question answered."""
    factory = RecordDialogs(tasks, SystemClock(), training=True)
    factory.attach(desk)
    dialog = factory(kind, "register", None, None, parent)
    assert isinstance(dialog, RecordDialog)
    dialog.sounds.muted = True
    dialog.open()
    assert tasks.wait_idle()
    return dialog


def test_the_answer_for_a_deleted_dialog_is_dropped(desk: Desk, tasks: Tasks, parent: QWidget) -> None:
    """A draft that is kept after its dialog was deleted is on the disk, and nobody tells the dialog."""
    dialog = opened(desk, tasks, parent, REQUEST)
    draft_id = dialog.draft_id
    lane = Held(tasks)
    dialog.form.editors["department"].show_text("血液科")
    dialog.keeper.touch()
    dialog.keeper.flush()
    dialog.done(0)
    dialog.deleteLater()
    turn_events()
    lane.go()
    assert tasks.wait_idle()
    kept = desk.drafts.find(draft_id)
    assert kept is not None and kept.values["department"] == "血液科"


def test_a_scan_that_is_kept_after_the_dialog_was_deleted(desk: Desk, tasks: Tasks, parent: QWidget) -> None:
    """A bag that the disk takes after its dialog was deleted is in the draft, and nobody tells the dialog."""
    dialog = opened(desk, tasks, parent, STOCK_IN)
    draft_id = dialog.draft_id
    lane = Held(tasks)
    dialog.behaviour.scanned(label_scans(3, now=SystemClock().now())[0])
    dialog.done(0)
    dialog.deleteLater()
    turn_events()
    lane.go()
    assert tasks.wait_idle()
    kept = desk.drafts.find(draft_id)
    assert kept is not None and kept.values["bags"][0]["donation_number"] == samples.donation_number(3)


def test_a_save_that_fails_after_the_dialog_was_deleted_is_said(
    desk: Desk, tasks: Tasks, parent: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be kept for a deleted dialog comes to the window's bar, not to nobody."""
    problems: list[object] = []
    tasks.problem.connect(problems.append)
    dialog = opened(desk, tasks, parent, REQUEST)

    def full(*_: Any) -> None:
        raise KnownProblem("磁盘已满", code="disk-full")

    monkeypatch.setattr(desk.drafts, "keep", full)
    lane = Held(tasks)
    dialog.form.editors["department"].show_text("血液科")
    dialog.keeper.touch()
    dialog.keeper.flush()
    dialog.done(0)
    dialog.deleteLater()
    turn_events()
    lane.go()
    assert tasks.wait_idle()
    assert [str(one) for one in problems] == ["磁盘已满"]


def test_manual_entry_waits_for_its_verdict(qapp: QApplication) -> None:
    """Between a typed bag and the verdict on it the manual entry cannot be closed; afterwards Esc closes it."""
    of = next(of for f, of in record_type(STOCK_IN).groups if f.key == "bags")
    window = ManualEntry(of, SystemClock().now)
    answers: list[Any] = []
    window.entered.connect(lambda values, answer: answers.append(answer))
    window.show()
    number = samples.donation_number(7)
    label = {"product_code": "E6170V00", "abo": "A", "rhd": "阳性", "expires_at": "2099-12-20 23:59"}
    for texts in ({"donation_number": number + samples.check_character(number), **label}, label):
        assert window.form is not None
        for key, text in texts.items():
            window.form.editors[key].show_text(text)
            window.form.editors[key].settle()
        window.forward()
    assert len(answers) == 1
    QTest.keyClick(window, Qt.Key.Key_Escape)
    window.close()
    assert window.isVisible()
    answers[0](Verdict("expired", "第 1 袋已过期", Tone.REFUSED, Role.REFUSED))
    assert "已过期" in window.message.text()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    window.deleteLater()
    turn_events()


class Traced:
    """Notes on which thread it died."""

    died: list[str]

    def __init__(self, died: list[str]) -> None:
        self.died = died

    def __del__(self) -> None:
        self.died.append(threading.current_thread().name)


def test_what_a_task_holds_dies_on_the_main_thread(tasks: Tasks) -> None:
    """Question, callbacks and answer of a task are let go on the main thread: there may be widgets among them.

    A worker that lets go last destroys Python's side of a dialog while the main thread paints; that it is the last
    one is a matter of chance, hence the many rounds.
    """
    died: list[str] = []
    seen: list[int] = []
    rounds = 3_000

    def ask() -> None:
        asked, waiting = Traced(died), Traced(died)

        def question() -> Traced:
            assert asked is not None
            return Traced(died)

        def done(_answer: Traced) -> None:
            assert waiting is not None
            seen.append(1)

        tasks.database(question, done)

    for _ in range(rounds):
        ask()
        if len(seen) % 50 == 0:
            turn_events()
    wait_until(lambda: len(seen) == rounds, 60)
    assert tasks.wait_idle(60)
    wait_until(lambda: len(died) == 3 * rounds, 60)
    assert set(died) == {threading.main_thread().name}
