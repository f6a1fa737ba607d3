"""Asks which bags of a delivery are taken back, and why: with the keyboard, and with nothing taken back by Enter alone.

All bags that may be taken back are chosen at first, because most mistakes are about the whole delivery. A bag that has
left or came again with another delivery is shown with the reason why it stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QWidget

from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.questions import WordsQuestion

if TYPE_CHECKING:
    from bloodbank_desktop.operations.stock_desk import Delivered

_LONGEST = 12


class ReversalQuestion(WordsQuestion):
    """The question; `keys` are the bags that were chosen, `text` is the reason."""

    def __init__(self, name: str, bags: Sequence[Delivered], parent: QWidget | None = None) -> None:
        words = f"冲红 {name}\n\n选中的血袋从库存中撤出，可以重新入库；原记录和冲红原因都会留痕并报送平台。"
        super().__init__("reverse", "冲红入库单", words, "冲红", "冲红原因", parent)
        self._bags = bags
        self.list = QListWidget(self)
        self.list.setObjectName("list.reversed")
        self.list.setAccessibleName("要冲红的血袋")
        self.list.setAccessibleDescription("空格键选中或取消一袋，Ctrl+A 全选或全部取消")
        for one in bags:
            self._add(one)
        self.chosen = QLabel(self)
        self.chosen.setObjectName("chosen")
        place = self._layout.indexOf(self.edit)
        self._layout.insertWidget(place, self.list, 1)
        self._layout.insertWidget(place + 1, self.chosen)
        row = max(self.list.sizeHintForRow(0), 1)
        self.list.setMinimumHeight(row * min(len(bags), _LONGEST) + 2 * self.list.frameWidth() + 2)
        self.list.setMinimumWidth(min(self.list.sizeHintForColumn(0) + theme.em(self, 3), theme.em(self, 60)))
        self.list.setCurrentRow(0)
        self.list.itemChanged.connect(lambda _item: self._count())
        QShortcut(QKeySequence("Ctrl+A"), self.list, context=Qt.ShortcutContext.WidgetShortcut).activated.connect(
            self._all_or_none
        )
        self._count()

    @property
    def keys(self) -> list[BagKey]:
        """The bags that are chosen, in the order of the delivery."""
        return [one.key for one, item in zip(self._bags, self._items(), strict=True) if _on(item)]

    def _add(self, one: Delivered) -> None:
        known = one.bag
        group = f"{table('abo').word(known['abo'])} RhD {table('rhd').word(known['rhd'])}"
        words = f"{bag_name(one.key)}　{table('component').word(known['component'])}　{group}"
        item = QListWidgetItem(words if one.refusal is None else f"×　{words}　— {one.refusal}")
        if one.refusal is None:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
        else:
            # It can be reached and read, and not be chosen.
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            item.setForeground(QColor(theme.colours().tone(theme.Tone.MUTED)))
        self.list.addItem(item)

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(row) for row in range(self.list.count())]

    def _all_or_none(self) -> None:
        free = [item for item in self._items() if item.flags() & Qt.ItemFlag.ItemIsUserCheckable]
        state = Qt.CheckState.Unchecked if all(map(_on, free)) else Qt.CheckState.Checked
        for item in free:
            item.setCheckState(state)

    def _count(self) -> None:
        count, whole = len(self.keys), len(self._bags)
        stays = sum(one.refusal is not None for one in self._bags)
        words = [f"选中 {count} 袋，本单共 {whole} 袋"]
        if stays:
            words.append(f"{stays} 袋不能冲红")
        words.append("空格选中或取消，Ctrl+A 全选或全不选")
        self.chosen.setText("；".join(words))
        self._typed("")

    def _ready(self) -> bool:
        return super()._ready() and bool(self.keys)


def _on(item: QListWidgetItem) -> bool:
    return item.checkState() == Qt.CheckState.Checked
