"""上传队列: every state with its word, its age and its reason, and the frozen payload in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest

from bloodbank_desktop.storage.outbox import CLOSED, STATE_WORDS, STATES
from bloodbank_desktop.ui import queue_source, states
from bloodbank_desktop.ui.queue_tab import QueueTab
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Tone
from tests.ui.fakes import NOW, FakeDesk, FixedClock, operation
from tests.waiting import wait_until

OPEN = [state for state in STATES if state not in CLOSED]

MakeQueue = Callable[[FakeDesk], QueueTab]


@pytest.fixture
def make(tasks: Tasks, tmp_path: Path) -> Iterator[MakeQueue]:
    """Open the queue over a fake desk, with the keyboard in its list."""
    made: list[QueueTab] = []

    def queue_of(desk: FakeDesk) -> QueueTab:
        tab = QueueTab(tasks, FixedClock(), QSettings(str(tmp_path / "w.ini"), QSettings.Format.IniFormat))
        made.append(tab)
        tab.resize(1100, 700)
        tab.show()
        tab.attach(desk.as_desk())
        assert tasks.wait_idle()
        tab.activateWindow()
        tab.view.setFocus()
        wait_until(tab.view.hasFocus)
        return tab

    yield queue_of
    tasks.wait_idle()
    for tab in made:
        tab.close_down()
        tab.hide()
        tab.deleteLater()


def cells(tab: QueueTab, row: int) -> dict[str, str]:
    assert tab.model is not None
    found = tab.model.row(row)
    assert found is not None
    return {column.key: text for column, text in zip(tab.model.columns, found.texts, strict=True)}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_shape_a_word_and_a_tone(state: str) -> None:
    """No state of the outbox is shown without a shape of its own, and what needs a person is not shown as good."""
    look = states.look(state)
    assert look.word == STATE_WORDS[state] and look.shape not in ("", "?")
    assert (look.tone is Tone.GOOD) == (state == "done")


def test_an_unknown_state_asks_for_attention() -> None:
    """A state of a newer version is shown raw, not as one that we know."""
    assert states.look("teleported").text == "? «teleported»"


@pytest.mark.parametrize("state", OPEN)
def test_state_age_and_reason_are_shown(make: MakeQueue, state: str) -> None:
    """Each waiting operation shows number, module, name, state, age since saving, and the reason."""
    one = operation(7, state, last_error="说明一下原因", attempts=3)
    row = cells(make(_desk(one)), 0)
    assert row["dseq"] == "7" and row["kind"] == "输血申请单" and row["name"] == one.name and row["op"] == "登记"
    assert row["state"] == states.look(state).text
    assert row["age"] == "1 小时 31 分"
    assert row["reason"] == "说明一下原因" and row["attempts"] == "3 次"


def _desk(*rows: object) -> FakeDesk:
    desk = FakeDesk()
    desk.outbox = list(rows)  # type: ignore[arg-type]
    return desk


def test_the_next_try_is_shown_with_seconds(make: MakeQueue) -> None:
    """A person who waits for a retry sees when it comes."""
    tab = make(_desk(operation(1, "pending", next_at=NOW + timedelta(seconds=40))))
    assert cells(tab, 0)["next_at"] == "11-23 09:05:40"


def test_finished_operations_are_shown_on_demand(make: MakeQueue, tasks: Tasks) -> None:
    """Ctrl+H adds what is done, newest first, and takes it away again."""
    rows = [operation(n, "done" if n < 150 else "pending") for n in range(1, 161)]
    tab = make(_desk(*rows))
    assert tab.model is not None
    tester = QAbstractItemModelTester(tab.model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert tab.model.rowCount() == 11 and tab.count.text() == "未完成 11 项"
    QTest.keyClick(tab.view, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert tasks.wait_idle()
    assert tab.model.rowCount() == 160 and tab.count.text() == "共 160 项"
    assert cells(tab, 0)["dseq"] == "160"
    QTest.keyClick(tab.view, Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert tasks.wait_idle()
    assert tab.model.rowCount() == 11
    assert tester.model() is tab.model


def test_an_empty_queue_says_that_all_is_done(make: MakeQueue) -> None:
    """Nothing waiting is said in words, not by an empty white area."""
    assert "全部已报送" in make(_desk(operation(1, "done"))).view.empty_text


@pytest.mark.parametrize("state", STATES)
def test_only_what_waits_for_a_person_is_sent_again(make: MakeQueue, tasks: Tasks, state: str) -> None:
    """Ctrl+R retries what is refused, held or blocked, and does nothing for any other state."""
    desk = _desk(operation(5, state))
    tab = make(desk)
    if state in CLOSED:
        tab.finished_action.trigger()
        assert tasks.wait_idle()
    retried = state in ("rejected", "quarantined", "blocked")
    assert tab.retry_action.isEnabled() == retried
    QTest.keyClick(tab.view, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    assert tasks.wait_idle()
    assert desk.retried == ([5] if retried else [])


def test_the_detail_shows_the_platforms_words_at_their_field(make: MakeQueue) -> None:
    """A refusal is shown with the label and line of the field that its pointer means, and the payload by label."""
    tab = make(_desk(operation(3, "rejected")))
    shown = tab.detail.toPlainText()
    assert "申请品种 第 1 行 数量" in shown and "超过该科室单次申请上限" in shown
    assert "患者姓名" in shown and "钱试安" in shown
    assert "去白细胞悬浮红细胞" in shown and "RBC-SLR" not in shown
    assert "2026-11-23 08:30" in shown


def test_enter_opens_the_record(make: MakeQueue) -> None:
    """Enter views and F2 amends the record of the selected operation."""
    tab = make(_desk(operation(4, "rejected")))
    asked: list[tuple[str, str, str]] = []
    tab.asked.connect(lambda *args: asked.append(args))
    QTest.keyClick(tab.view, Qt.Key.Key_Return)
    QTest.keyClick(tab.view, Qt.Key.Key_F2)
    assert asked == [("view", "transfusion_request", "record-4"), ("amend", "transfusion_request", "record-4")]


def test_ages_grow_by_themselves(make: MakeQueue, tasks: Tasks) -> None:
    """The age is read anew while the queue is on the screen, and the selection stays."""
    desk = _desk(operation(1, "rejected"), operation(2, "pending"))
    tab = make(desk)
    QTest.keyClick(tab.view, Qt.Key.Key_Down)
    clock = tab._clock
    assert isinstance(clock, FixedClock)
    clock.moment += timedelta(minutes=30)
    tab._ageing.timeout.emit()
    assert tasks.wait_idle()
    assert cells(tab, 0)["age"] == "43 分钟" and tab.view.currentIndex().row() == 1


def test_markup_in_a_payload_is_shown_as_text(make: MakeQueue) -> None:
    """What a person typed is never read as markup."""
    body = json.dumps({"patientName": "<b>甲</b>&<script>"}).encode()
    tab = make(_desk(operation(1, "pending", payload=body)))
    assert "<b>甲</b>&<script>" in tab.detail.toPlainText()


def test_an_unknown_field_of_a_payload_is_shown_raw() -> None:
    """A payload of another version hides nothing: what we have no label for stands there under its wire name."""
    one = operation(1, "pending", payload=b'{"patientName":"x","newField":{"a":1}}')
    entries = [entry for block in queue_source.payload_words(one) for entry in block.entries]
    assert ("«newField»", '{"a": 1}') in entries and ("患者姓名", "x") in entries


def test_a_deletion_shows_its_reason() -> None:
    """The payload of a deletion is its reason."""
    one = replace(operation(1, "pending", op="delete"), payload='{"reason":"重复登记"}'.encode())
    assert queue_source.payload_words(one)[0].entries == (("删除原因", "重复登记"),)


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("/patientName", "患者姓名"),
        ("#/components/1/amount", "申请品种 第 2 行 数量"),
        ("/components", "申请品种"),
        ("/somethingNew/0", "«somethingNew» 第 1 行"),
        ("", "整条记录"),
    ],
)
def test_pointers_in_words(pointer: str, words: str) -> None:
    """A JSON pointer in wire names becomes labels and line numbers; what is unknown stays as it was sent."""
    assert queue_source.place_words("transfusion_request", pointer) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "不到 1 分钟"),
        (59, "不到 1 分钟"),
        (60, "1 分钟"),
        (3600, "1 小时 0 分"),
        (47 * 3600, "47 小时 0 分"),
        (3 * 86400, "3 天"),
    ],
)
def test_ages_in_words(seconds: int, words: str) -> None:
    """An age is said in the unit a person thinks in; a clock that stepped back gives no negative age."""
    assert queue_source.age_words(timedelta(seconds=seconds)) == words
