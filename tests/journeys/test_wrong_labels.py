"""Seven ways in which a scan can be wrong: each is named, heard and coloured as itself, and changes nothing anywhere.

Scanned as keyboard bursts in the real dialog of the real program, over a real stock that already holds one bag.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QInputMethodEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Tone
from tests.faults.proxy import FaultProxy
from tests.forms.bags import expiry_code, label_scans
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.journeys.window import burst
from tests.samples import donation_number, stock_in_values
from tests.waiting import turn_events, wait_until

IN_STOCK, FIRST, SECOND, OTHER = 900_000, 3, 7, 11


@dataclass(frozen=True)
class Fault:
    """A wrong scan: which codes come before it on a new bag, the scan itself, a word of the verdict, the tone."""

    before: Callable[[datetime], list[str]]
    scan: Callable[[datetime], str]
    word: str
    tone: Tone


def _damaged(_now: datetime) -> str:
    # The check character as a typed fourteenth character would have it; the scanned flag holds the same secret.
    number = donation_number(OTHER)
    good = f"={number}{_flag(number)}"
    return good[:12] + ("1" if good[12] != "1" else "2") + good[13:]


def _flag(number: str) -> str:
    from bloodbank_desktop.records.codes import check_characters

    return check_characters.flag(number)


def _past(now: datetime) -> str:
    return expiry_code(now - timedelta(days=2))


def _codes(index: int, *places: int) -> Callable[[datetime], list[str]]:
    return lambda now: [label_scans(index, now=now)[place] for place in places]


def _code(index: int, place: int) -> Callable[[datetime], str]:
    return lambda now: label_scans(index, now=now)[place]


FAULTS = {
    "wrong kind of label": Fault(
        _codes(SECOND, 0), lambda _now: "=)12345ABCDE", "不是入库要扫的血袋码", Tone.WRONG_LABEL
    ),
    "wrong bag for this line": Fault(_codes(SECOND, 0), _code(OTHER, 0), "另一袋的", Tone.OTHER_BAG),
    "duplicate in this delivery": Fault(_codes(FIRST, 0), _code(FIRST, 2), "同一袋不能入库两次", Tone.DUPLICATE),
    "duplicate in stock": Fault(_codes(IN_STOCK, 0), _code(IN_STOCK, 2), "不能再次入库", Tone.IN_STOCK),
    "expired": Fault(_codes(SECOND, 0), _past, "过期", Tone.EXPIRED),
    "unknown product": Fault(_codes(SECOND, 0), lambda _now: "=<E9999V00", "产品字典中没有", Tone.UNKNOWN_PRODUCT),
    "damaged check character": Fault(_codes(SECOND, 0), _damaged, "校验", Tone.DAMAGED),
}


@pytest.fixture
def delivery(station: Workstation, network: FaultProxy) -> Iterator[RecordDialog]:
    """A delivery with one whole bag, scanned, and one more bag in stock from earlier."""
    network.down()
    station.start()
    station.put("stock_in", stock_in_values(1, IN_STOCK // 1000, now=SystemClock().now()))
    station.press(Qt.Key.Key_N, CTRL)
    dialog = station.dialog()
    # Another bag between, for the label of the last bag once more would be taken for a trigger pulled twice.
    assert "已齐" in station.scan(dialog, *label_scans(FIRST, now=SystemClock().now()))
    assert "已齐" in station.scan(dialog, *label_scans(FIRST + 1, now=SystemClock().now()))
    yield dialog


def _everything(station: Workstation, dialog: RecordDialog) -> dict[str, Any]:
    """Return all that a scan could have changed: on the screen, in the draft on the disk, in the stock, the focus."""
    station.settle()
    draft = station.desk.drafts.find(dialog.draft_id)
    assert draft is not None
    model = dialog.blocks["bags"].model
    return {
        "rows": [[model.index(r, c).data() for c in range(model.columnCount())] for r in range(model.rowCount())],
        "fields": {key: editor.text() for key, editor in dialog.form.editors.items()},
        "draft": (draft.values, draft.texts, draft.line_ids, draft.updated_at),
        "waiting": station.desk.queue.summary().waiting,
        "counter": _label(dialog, "scan.counter").text(),
        "expected": _label(dialog, "scan.expected").text(),
        "focus": QApplication.focusWidget(),
    }


def _label(dialog: RecordDialog, name: str) -> QLabel:
    found = dialog.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_scan_is_named_and_changes_nothing(station: Workstation, delivery: RecordDialog, name: str) -> None:
    """The verdict names this fault in words, with its own tone and colour; table, fields, draft and stock stay."""
    fault, now = FAULTS[name], SystemClock().now()
    station.scan(delivery, *fault.before(now))
    before = _everything(station, delivery)
    words = station.scan(delivery, fault.scan(now))
    assert fault.word in words and words.startswith("✖")
    assert delivery.sounds.last is fault.tone
    assert _everything(station, delivery) == before
    # And the next right scan is taken as if nothing had been; after a label of another bag, from this bag's number on.
    if fault.before(now) == _codes(SECOND, 0)(now):
        codes = label_scans(SECOND, now=now)
        assert "已齐" in station.scan(delivery, *(codes if fault.tone is Tone.OTHER_BAG else codes[1:]))


def test_no_two_faults_sound_or_look_alike(station: Workstation, delivery: RecordDialog) -> None:
    """In one delivery all seven faults come one after the other: seven tones and seven colours, none that of a success."""
    now = SystemClock().now()
    verdict = _label(delivery, "scan.verdict")
    looks: dict[str, tuple[Tone | None, QColor]] = {}

    def note(name: str) -> None:
        looks[name] = (delivery.sounds.last, verdict.palette().window().color().name())  # type: ignore[assignment]

    note("success")
    for name, fault in FAULTS.items():
        station.scan(delivery, *fault.before(now), fault.scan(now))
        note(name)
        rows = delivery.blocks["bags"]
        rows.select(rows.model.rowCount() - 1)
        delivery.sounds.requested.clear()
        station.press(Qt.Key.Key_Delete, CTRL)
        wait_until(lambda: delivery.sounds.requested, PATIENCE)
        assert rows.model.rowCount() == 2
    assert len({tone for tone, _ in looks.values()}) == len(FAULTS) + 1
    assert len({colour for _, colour in looks.values()}) == len(FAULTS) + 1


def test_the_scanners_enter_presses_nothing(station: Workstation, delivery: RecordDialog) -> None:
    """With the focus on each button in turn a bag is scanned: no button is pressed, every code finds its bag."""
    buttons = [one for one in delivery.findChildren(QPushButton) if one.isVisible()]
    names = {one.objectName() for one in buttons}
    assert {"action.save", "action.keep", "action.close", "bags.add", "bags.open", "bags.remove"} <= names
    pressed: list[object] = []
    now = SystemClock().now()
    for place, button in enumerate(buttons):
        button.clicked.connect(partial(pressed.append, button))
        button.setFocus()
        turn_events()
        for code in label_scans(20 + place, now=now):
            words = station.scan(delivery, code)
            assert delivery.focusWidget() is button and QApplication.activeModalWidget() is delivery
        assert "已齐" in words
    assert pressed == []
    assert _label(delivery, "scan.counter").text() == f"本单 {2 + len(buttons)} 袋"


def test_an_input_method_eats_no_burst(station: Workstation, delivery: RecordDialog) -> None:
    """With a Chinese input method composing, a burst is refused by name and reaches no field; off, the same scan counts."""
    now = SystemClock().now()
    editor = delivery.form.editors["remark"]
    editor.focus()
    turn_events()
    station.press(Qt.Key.Key_F6)
    target = QApplication.focusWidget()
    assert target is not None and "中文输入：开" in _label(delivery, "input_method").text()
    station.scan(delivery, label_scans(SECOND, now=now)[0])
    before = _everything(station, delivery)
    group = label_scans(SECOND, now=now)[1]
    delivery.sounds.requested.clear()
    for size in range(1, len(group) + 1):
        QApplication.sendEvent(target, QInputMethodEvent(group[:size], []))
    committed = QInputMethodEvent("", [])
    committed.setCommitString("＝％啊" + group)
    QApplication.sendEvent(target, committed)
    burst(delivery, "")
    wait_until(lambda: delivery.sounds.requested, PATIENCE)
    assert "输入法打开着，这次扫描没有被接受，请重扫" in _label(delivery, "scan.verdict").text()
    assert delivery.sounds.last is Tone.REFUSED
    assert _everything(station, delivery) == before
    station.press(Qt.Key.Key_F6)
    assert "血型" in station.scan(delivery, group)
    assert list(delivery.sounds.requested) == [Tone.ACCEPTED]
