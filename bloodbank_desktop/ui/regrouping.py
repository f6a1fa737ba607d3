"""Asks which ABO and RhD were found again of each bag that is to be accepted; nothing is filled in beforehand.

The label's group stands beside, and is not offered: whoever copies it has not looked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QScrollArea, QWidget

from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.questions import Question

if TYPE_CHECKING:
    from bloodbank_desktop.storage.ledger import StockRow

_SHOWN = 10


class RegroupQuestion(Question):
    """The question; `groups` are ABO and RhD by bag, of every bag that was asked about."""

    def __init__(self, bags: Sequence[StockRow], also: int = 0, parent: QWidget | None = None) -> None:
        words = "验收前复检血型：请对照试验结果填写，不要照抄袋签。\n\n与袋签不符的血袋会转为隔离。"
        if also:
            words += f"另有 {also} 袋不需复检，一并验收。"
        super().__init__("regroup", "复检血型并验收", words, "验收", parent)
        self._bags = bags
        self.boxes: dict[BagKey, tuple[QComboBox, QComboBox]] = {}
        holder = QWidget(self)
        grid = QGridLayout(holder)
        for column, head in enumerate(("血袋", "袋签血型", "复检 ABO", "复检 RhD")):
            grid.addWidget(QLabel(head, holder), 0, column)
        for place, bag in enumerate(bags, start=1):
            name = bag_name(bag.key)
            label = f"{table('abo').word(bag.abo)} RhD{table('rhd').word(bag.rhd)}"
            grid.addWidget(QLabel(f"{name}　{table('component').word(bag.component)}", holder), place, 0)
            grid.addWidget(QLabel(label, holder), place, 1)
            self.boxes[bag.key] = (self._box("abo", name, holder), self._box("rhd", name, holder))
            for column, box in enumerate(self.boxes[bag.key], start=2):
                grid.addWidget(box, place, column)
        grid.setColumnStretch(0, 1)
        area = QScrollArea(self)
        area.setWidget(holder)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        row = holder.sizeHint().height() / (len(bags) + 1)
        area.setMinimumHeight(int(row * (min(len(bags), _SHOWN) + 1)) + theme.em(self, 0.5))
        area.setMinimumWidth(holder.sizeHint().width() + theme.em(self, 2))
        self._layout.addWidget(area, 1)
        self._finish()
        self._chosen()
        first = next(iter(self.boxes.values()))[0]
        first.setFocus()

    @property
    def groups(self) -> dict[BagKey, tuple[str, str]]:
        """What was found again of each bag."""
        return {key: (str(abo.currentData()), str(rhd.currentData())) for key, (abo, rhd) in self.boxes.items()}

    def _box(self, name: str, bag: str, holder: QWidget) -> QComboBox:
        box = QComboBox(holder)
        number = len(self.boxes) + 1
        box.setObjectName(f"regroup.{name}.{number}")
        box.setAccessibleName(f"{bag} {'复检 ABO' if name == 'abo' else '复检 RhD'}")
        box.addItem("", "")
        for key in table(name):
            box.addItem(table(name).word(key), key)
        box.currentIndexChanged.connect(lambda _index: self._chosen())
        return box

    def _chosen(self) -> None:
        self.yes.setEnabled(bool(self.boxes) and all(abo and rhd for abo, rhd in self.groups.values()))
