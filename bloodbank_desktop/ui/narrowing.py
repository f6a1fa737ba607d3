"""What narrows a list: the search box over the searched fields, and one box for each column of choices.

It says what is chosen and when that changed; what is typed is asked for after a pause, so that a word of eight letters
is one question and not eight.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QLineEdit, QWidget

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.ui import states, theme
from bloodbank_desktop.ui.filter_box import FilterBox, Words, of_table
from bloodbank_desktop.ui.record_source import UPLOAD, UPLOAD_LABEL

_DEBOUNCE_MS = 150


class Narrowing(QObject):
    """Search and filters of one module; `changed` comes at once from a box, after a pause from the keyboard."""

    changed = Signal()

    def __init__(self, declared: RecordType, parent: QWidget) -> None:
        super().__init__(parent)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_DEBOUNCE_MS)
        self._pause.timeout.connect(self.changed)
        self.search = _search_box(declared, parent)
        self.search.textChanged.connect(lambda _text: self._pause.start())
        self.boxes: dict[str, FilterBox] = {}
        for f in declared.columns:
            if isinstance(f.kind, kinds.Choice):
                self._add(parent, f.key, f.label, of_table(f.kind.table))
        if declared.travels:
            self._add(parent, UPLOAD, UPLOAD_LABEL, states.GROUPS.items)

    @Slot()
    def finish(self) -> None:
        """Add what nobody misses in the first moment."""
        # The picture of the button takes longer to make than the box; nobody sees it before something is typed.
        self.search.setClearButtonEnabled(True)

    @property
    def text(self) -> str:
        """What is searched for."""
        return self.search.text().strip()

    @property
    def chosen(self) -> dict[str, str]:
        """The choice of each box that is not on all."""
        return {key: str(box.currentData()) for key, box in self.boxes.items() if box.currentData()}

    def settle(self) -> None:
        """Wait no longer for the next key."""
        self._pause.stop()

    def clear(self) -> None:
        """Narrow nothing any more."""
        for box in self.boxes.values():
            box.blockSignals(True)
            box.setCurrentIndex(0)
            box.blockSignals(False)
        self.search.clear()

    def go_to_search(self) -> None:
        """Put the keyboard into the search box, on what is there."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def type_into_search(self, text: str) -> None:
        """Go on in the search box with what was typed in the list."""
        self.search.setFocus(Qt.FocusReason.OtherFocusReason)
        self.search.setText(text)

    def _add(self, parent: QWidget, key: str, label: str, words: Words) -> None:
        box = FilterBox(key, label, words, parent)
        box.currentIndexChanged.connect(lambda _index: self.changed.emit())
        self.boxes[key] = box


def _search_box(declared: RecordType, parent: QWidget) -> QLineEdit:
    box = QLineEdit(parent)
    box.setObjectName("search")
    what = "、".join(f.label for f in declared.searched)
    box.setPlaceholderText(f"搜索{what}（Ctrl+F）")
    box.setAccessibleName("搜索")
    box.setAccessibleDescription(f"在{what}中查找")
    box.setToolTip(f"在{what}中查找任意一段，多个词用空格隔开；Esc 清除")
    box.setMinimumWidth(theme.em(parent, 12))
    return box
