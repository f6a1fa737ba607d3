"""A delivery is ticked off against the note of the blood station: received, missing, extra – in words, at every scan."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QLabel

from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.records.bag import BagKey, bag_key, bag_name
from tests.forms.bags import label_scans
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack, FakeStockRow
from tests.samples import bag_values

NOTE = "FX00000001"


@dataclass(frozen=True)
class FakeNote:
    note_no: str
    expected: frozenset[BagKey]
    received: frozenset[BagKey] = frozenset()


def key(index: int) -> BagKey:
    return bag_key(bag_values(index))


def note(*indexes: int, received: tuple[int, ...] = ()) -> FakeNote:
    return FakeNote(NOTE, frozenset(map(key, indexes)), frozenset(map(key, received)))


def words(dialog: RecordDialog) -> str:
    label = dialog.findChild(QLabel, "scan.note")
    assert isinstance(label, QLabel)
    return label.text() if label.isVisibleTo(dialog) else ""


def scan(dialog: RecordDialog, *indexes: int) -> None:
    for index in indexes:
        for code in label_scans(index):
            dialog.behaviour.scanned(code)


def state(dialog: RecordDialog, number: str) -> None:
    """Write the number of the note as a person does."""
    dialog.form.editors["station_issue_no"].show_text(number)


def test_bags_are_ticked_off_as_they_are_scanned(make: MakeDialog, back: FakeBack) -> None:
    """The strip counts what is here and what is missing; the last three missing bags are named."""
    back.notes[NOTE] = note(0, 1, 2, 3, 4)
    dialog = make("stock_in")
    assert words(dialog) == ""
    state(dialog, NOTE)
    assert words(dialog).endswith(f"发血单 {NOTE}：5 袋，已收 0，缺 5")
    scan(dialog, 0, 1)
    assert f"发血单 {NOTE}：5 袋，已收 2，缺 3（" in words(dialog)
    assert all(bag_name(key(index)) in words(dialog) for index in (2, 3, 4))
    scan(dialog, 2, 3, 4)
    assert words(dialog).endswith(f"发血单 {NOTE}：5 袋，已收 5，缺 0")


def test_half_a_bag_is_not_ticked_off(make: MakeDialog, back: FakeBack) -> None:
    """A bag counts when number and product are known, for the number alone is not a bag."""
    back.notes[NOTE] = note(0)
    dialog = make("stock_in")
    state(dialog, NOTE)
    dialog.behaviour.scanned(label_scans(0)[0])
    assert "已收 0，缺 1" in words(dialog)


def test_a_bag_that_is_not_on_the_note_says_so(make: MakeDialog, back: FakeBack) -> None:
    """Extra bags are counted and marked in red on their line; the others are not."""
    back.notes[NOTE] = note(0, 1)
    dialog = make("stock_in")
    state(dialog, NOTE)
    scan(dialog, 0, 7)
    rows = dialog.blocks["bags"].model.rows
    assert words(dialog).endswith("单外 1")
    assert "发血单上没有这一袋" in rows[1].status and rows[1].role is Role.REFUSED
    assert "没有这一袋" not in rows[0].status and rows[0].role is Role.GOOD


def test_what_came_before_counts(make: MakeDialog, back: FakeBack) -> None:
    """A note that was partly received goes on from there."""
    back.notes[NOTE] = note(0, 1, 2, received=(0, 1))
    dialog = make("stock_in")
    state(dialog, NOTE)
    assert "已收 2，缺 1" in words(dialog)
    scan(dialog, 2)
    assert "已收 3，缺 0" in words(dialog)


def test_another_number_means_another_note(make: MakeDialog, back: FakeBack) -> None:
    """Bags are judged by the note that is stated now; without one nothing is missing and nothing extra."""
    back.notes[NOTE] = note(0)
    dialog = make("stock_in")
    scan(dialog, 7)
    state(dialog, NOTE)
    assert "单外 1" in words(dialog)
    state(dialog, "别的单号")
    assert words(dialog) == ""
    assert "没有这一袋" not in dialog.blocks["bags"].model.rows[0].status


def test_a_late_answer_for_another_number_is_dropped(make: MakeDialog, back: FakeBack) -> None:
    """An answer that comes when another number stands there changes nothing."""
    back.notes[NOTE] = note(0)
    dialog = make("stock_in")
    back.hold = True
    state(dialog, NOTE)
    state(dialog, "")
    back.answer_all()
    assert words(dialog) == ""


def test_a_reversed_bag_may_come_in_again(make: MakeDialog, back: FakeBack) -> None:
    """What a reversal took out of the books is accepted anew; what is in stock is not."""
    back.stock[key(0)] = FakeStockRow(state="reversed")
    back.stock[key(1)] = FakeStockRow(state="available")
    dialog = make("stock_in")
    scan(dialog, 0)
    rows = dialog.blocks["bags"].model.rows
    assert (rows[0].status, rows[0].values["product_code"]) == ("已暂存", key(0)[1])
    scan(dialog, 1)
    assert [row.values.get("product_code") for row in rows[1:]] in ([], [None])
