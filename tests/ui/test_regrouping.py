"""Accepting bags at the stock page: nothing is filled in beforehand, and all are accepted or none."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtWidgets import QApplication

from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.ui.regrouping import RegroupQuestion
from tests.samples import NOW, bag_values


def row(index: int) -> StockRow:
    """Return a received bag."""
    bag = bag_values(index)
    facts = (bag["component"], bag["abo"], bag["rhd"], "2", NOW + timedelta(days=9), "", NOW, "RK1", "record")
    return StockRow(bag_key(bag), "received", *facts)


def test_every_group_is_chosen_by_hand(qapp: QApplication) -> None:
    """The boxes begin empty, the answer waits until each is chosen, and what was chosen is what comes out."""
    question = RegroupQuestion([row(0), row(1)], also=3)
    assert "另有 3 袋" in question.words.text()
    assert not question.yes.isEnabled()
    boxes = [box for pair in question.boxes.values() for box in pair]
    assert [box.currentText() for box in boxes] == ["", "", "", ""]
    assert all(box.accessibleName() for box in boxes)
    for place, (box, word) in enumerate(zip(boxes, ("A型", "阳性", "O型", "阴性"), strict=True), start=1):
        box.setCurrentText(word)
        assert question.yes.isEnabled() is (place == 4)
    assert question.groups == {row(0).key: ("A", "positive"), row(1).key: ("O", "negative")}
    boxes[0].setCurrentIndex(0)
    assert not question.yes.isEnabled()
    question.deleteLater()
