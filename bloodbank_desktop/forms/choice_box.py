"""A combo box for one word of a table, used without a mouse: type a number, pinyin initials, a key or part of the word.

The wheel never changes the value, for a page is scrolled with it; nothing is chosen until exactly one word fits.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QStandardItem, QStandardItemModel, QWheelEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from bloodbank_desktop.forms.initials import initials

_SEARCH = int(Qt.ItemDataRole.UserRole)
_NUMBER = _SEARCH + 1
_SHOWN = 18


@dataclass(frozen=True)
class Entry:
    """One word that can be chosen, and the short names under which it is found."""

    word: str
    names: tuple[str, ...] = ()


class _Numbered(QStyledItemDelegate):
    """Paints the number of an entry in front of its word."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        number = index.data(_NUMBER)
        if number:
            option.text = f"{number:>2}  {option.text}"


class _ByAnyName(QCompleter):
    """Finds an entry by everything in its search text, and puts its word into the line."""

    def pathFromIndex(self, index: QModelIndex | QPersistentModelIndex) -> str:
        return str(index.data(Qt.ItemDataRole.DisplayRole) or "")


class ChoiceBox(QComboBox):
    """An editable combo box over entries, with an empty first entry."""

    def __init__(self, entries: Sequence[Entry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries = tuple(entries)
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(_SHOWN)
        self.setMinimumContentsLength(4)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        items = QStandardItemModel(0, 1, self)
        items.appendRow(QStandardItem(""))
        for number, entry in enumerate(self.entries, start=1):
            item = QStandardItem(entry.word)
            item.setData(" ".join((str(number), entry.word, initials(entry.word), *entry.names)), _SEARCH)
            item.setData(number, _NUMBER)
            items.appendRow(item)
        self.setModel(items)
        finder = _ByAnyName(items, self)
        finder.setCompletionRole(_SEARCH)
        finder.setFilterMode(Qt.MatchFlag.MatchContains)
        finder.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        finder.setMaxVisibleItems(_SHOWN)
        self.setCompleter(finder)
        self.setItemDelegate(_Numbered(self))
        self._finder = finder
        self._popup_ready = False
        self.setCurrentIndex(0)

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Made when somebody comes here: a page of thirty choices opens without thirty lists that nobody sees.
        if not self._popup_ready:
            self._popup_ready = True
            popup = self._finder.popup()
            assert popup is not None
            popup.setItemDelegate(_Numbered(self))
        super().focusInEvent(event)

    def word_for(self, text: str) -> str | None:
        """Return the one word that this text means, None when none or several do; "" for blank.

        Whole words and whole names come before parts, so that "A" is A型 and never AB型.
        """
        typed = unicodedata.normalize("NFKC", text).strip()
        if not typed:
            return ""
        lower = typed.lower()
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(self.entries):
            return self.entries[int(typed) - 1].word
        for fits in (
            lambda e: e.word == text.strip(),
            lambda e: lower in (e.word.lower(), *(name.lower() for name in e.names)),
            lambda e: lower == initials(e.word),
            lambda e: lower in e.word.lower() or initials(e.word).startswith(lower),
        ):
            found = [entry.word for entry in self.entries if fits(entry)]
            if len(found) == 1:
                return found[0]
            if found:
                return None
        return None

    def set_text(self, text: str) -> None:
        """Show a text, an entry's or any other."""
        index = self.findText(text, Qt.MatchFlag.MatchFixedString | Qt.MatchFlag.MatchCaseSensitive)
        self.setCurrentIndex(index)
        if self.currentText() != text:
            self.setEditText(text)

    def set_read_only(self, on: bool) -> None:
        """Let the text be read and copied and not changed."""
        line = self.lineEdit()
        assert line is not None
        line.setReadOnly(on)
        # The style sheet takes the arrow away: what cannot be opened must not look as if it could.
        self.setProperty("readOnly", on)

    @property
    def read_only(self) -> bool:
        """Whether nothing can be chosen."""
        line = self.lineEdit()
        return line is not None and line.isReadOnly()

    def showPopup(self) -> None:
        if not self.read_only:
            super().showPopup()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Without this the arrows of a read-only box would step through its entries.
        if self.read_only and event.key() in (
            Qt.Key.Key_Up,
            Qt.Key.Key_Down,
            Qt.Key.Key_PageUp,
            Qt.Key.Key_PageDown,
            Qt.Key.Key_F4,
        ):
            event.ignore()
            return
        super().keyPressEvent(event)
