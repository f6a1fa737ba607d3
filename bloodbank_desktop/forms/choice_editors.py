"""Editors of what is chosen from words: one entry, yes or no, any number of entries."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from bloodbank_desktop.forms.choice_box import ChoiceBox, Entry
from bloodbank_desktop.forms.editors import Editor, Now, edits
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field

_MOST_ABREAST = 6


class _BoxEditor(Editor):
    """A value chosen from words in a combo box."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now, entries: list[Entry]) -> None:
        self.box = ChoiceBox(entries, parent)
        super().__init__(field, self.box, now)
        line = self.box.lineEdit()
        assert line is not None
        line.setAccessibleName(field.label)
        self.box.editTextChanged.connect(self._text_changed)

    def _text_changed(self) -> None:
        self.changed.emit()

    def text(self) -> str:
        return self.box.currentText()

    def show_text(self, text: str) -> None:
        self.box.set_text(text)

    def settle(self) -> None:
        if self.touched():
            found = self.box.word_for(self.text())
            if found is not None and found != self.text():
                self.box.set_text(found)

    def set_read_only(self, on: bool) -> None:
        self.box.set_read_only(on)

    def focus_widgets(self) -> tuple[QWidget, ...]:
        line = self.box.lineEdit()
        return (self.box,) if line is None else (self.box, line)

    def focus(self) -> None:
        super().focus()
        line = self.box.lineEdit()
        if line is not None:
            line.selectAll()


@edits(kinds.Choice)
class ChoiceEditor(_BoxEditor):
    """One entry of a code table."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        assert isinstance(field.kind, kinds.Choice)
        table = field.kind.table
        super().__init__(field, parent, now, [Entry(table.word(key), (key,)) for key in table.offered])


@edits(kinds.Flag)
class FlagEditor(_BoxEditor):
    """Yes, no, or not stated; yes comes first because it is what somebody looks for."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        assert isinstance(field.kind, kinds.Flag)
        no, yes = field.kind.words
        super().__init__(field, parent, now, [Entry(yes, ("y",)), Entry(no, ("n",))])


class _Boxes(QWidget):
    """Check boxes in as many columns as there is room for, six at most: large type must not push them off the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(_MOST_ABREAST, 1)
        self._boxes: list[QCheckBox] = []
        self._abreast = _MOST_ABREAST

    def add(self, box: QCheckBox) -> None:
        """Put a box behind the others."""
        self._boxes.append(box)
        row, column = divmod(len(self._boxes) - 1, self._abreast)
        self._grid.addWidget(box, row, column)

    def minimumSizeHint(self) -> QSize:
        widest = max((box.minimumSizeHint().width() for box in self._boxes), default=0)
        return QSize(widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        widths = [box.sizeHint().width() + self._grid.horizontalSpacing() for box in self._boxes]
        fitting = (n for n in range(_MOST_ABREAST, 1, -1) if _together(widths, n) <= self.width())
        abreast = next(fitting, 1)
        if abreast != self._abreast:
            self._abreast = abreast
            for place, box in enumerate(self._boxes):
                self._grid.addWidget(box, *divmod(place, abreast))
            self.updateGeometry()


def _together(widths: list[int], abreast: int) -> int:
    """Return how wide a grid of so many columns is."""
    return sum(max(widths[column::abreast], default=0) for column in range(abreast))


class _Box(QCheckBox):
    """One of many boxes: the arrow keys go to its neighbours. `stepped` carries -1 or 1."""

    stepped = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)


_STEPS = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}


@edits(kinds.Choices)
class ChoicesEditor(Editor):
    """Any number of entries of a code table, as a row of check boxes; what is not offered but shown gets one too.

    The row is one stop of Tab, however many boxes it has; within it the arrow keys go from box to box.
    """

    wide = True

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        assert isinstance(field.kind, kinds.Choices)
        self._page = _Boxes(parent)
        super().__init__(field, self._page, now)
        self._boxes: dict[str, QCheckBox] = {}
        self._read_only = False
        for key in field.kind.table.offered:
            self._add(key, field.kind.table.word(key))

    def _add(self, key: str, word: str) -> None:
        box = _Box(word, self.widget)
        box.stepped.connect(lambda step: self._step(box, step))
        box.setObjectName(f"{self.field.key}.{key}")
        box.setAccessibleName(f"{self.field.label}：{word}")
        box.toggled.connect(self._toggled)
        self._page.add(box)
        self._boxes[key] = box
        self._lock(box)

    def _toggled(self) -> None:
        self.changed.emit()

    def focus(self) -> None:
        """Go to the first box. Not by a focus proxy, which would take the row out of the order of Tab."""
        next(iter(self._boxes.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def _step(self, box: QCheckBox, step: int) -> None:
        boxes = list(self._boxes.values())
        boxes[(boxes.index(box) + step) % len(boxes)].setFocus(Qt.FocusReason.OtherFocusReason)

    def _keys(self) -> tuple[str, ...]:
        return tuple(key for key, box in self._boxes.items() if box.isChecked())

    def text(self) -> str:
        return self.kind.format(self._keys())

    def show_text(self, text: str) -> None:
        """Check the boxes of these words, joined as `text` joins them; a word that has no box gets none."""
        words = text.split("、")
        self._check(tuple(key for key in self._boxes if self.kind.format((key,)) in words))

    def show(self, value: Any) -> None:
        self._check(value or ())
        self._value = value
        self._untouched = self.text()

    def _check(self, keys: tuple[str, ...]) -> None:
        for key in keys:
            if key not in self._boxes:
                self._add(key, self.kind.format((key,)))
        for key, box in self._boxes.items():
            box.setChecked(key in keys)

    def value(self) -> Any:
        return self._value if self.text() == self._untouched else self._keys() or None

    def settle(self) -> None:
        """Check boxes have nothing to settle."""

    def _lock(self, box: QCheckBox) -> None:
        box.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, self._read_only)
        first = next(iter(self._boxes.values())) is box
        free = Qt.FocusPolicy.StrongFocus if first else Qt.FocusPolicy.ClickFocus
        box.setFocusPolicy(Qt.FocusPolicy.NoFocus if self._read_only else free)

    def set_read_only(self, on: bool) -> None:
        self._read_only = on
        for box in self._boxes.values():
            self._lock(box)

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return tuple(self._boxes.values())
