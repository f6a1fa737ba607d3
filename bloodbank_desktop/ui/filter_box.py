"""A box above a list that narrows it to one word; the words are asked for anew when an administrator changed some."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtWidgets import QComboBox, QWidget

from bloodbank_desktop.records.tables import Table

Words = Callable[[], Iterable[tuple[str, str]]]
"""Key and word of each entry, in their order."""


def of_table(table: Table) -> Words:
    """Return the words of a code table, retired ones too: old records bear them."""
    return lambda: [(key, table.word(key)) for key in table]


class FilterBox(QComboBox):
    """Chooses one key or all; its `currentData` is the key, "" for all."""

    def __init__(self, key: str, label: str, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        self._words = words
        self.setObjectName(f"filter.{key}")
        self.setAccessibleName(f"按{label}筛选")
        self.setToolTip(f"按{label}筛选")
        self.setMaxVisibleItems(20)
        self._fill()

    def words_changed(self) -> None:
        """Show the words of now; what was chosen stays chosen."""
        chosen = self.currentData()
        self.blockSignals(True)
        self.clear()
        self._fill()
        self.setCurrentIndex(max(self.findData(chosen), 0))
        self.blockSignals(False)

    def _fill(self) -> None:
        self.addItem(f"{self._label}：全部", "")
        for value, word in self._words():
            self.addItem(word, value)
