"""One editor per field kind; it shows a stored value, gives it back, and never loses or invents anything.

A text that nobody touched gives back the very value that was shown, so that looking at a record cannot round it. A text
that is not a value stays in its editor as typed and is named as a problem. Empty is empty. The danger is an editor with
an opinion: one that turns an untouched expiry into today puts a dead bag on the shelf.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from bloodbank_desktop.clock import CHINA, china_text
from bloodbank_desktop.forms.contract import FileDoor
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field
from bloodbank_desktop.records.kinds import Kind, Unreadable

Now = Callable[[], datetime]
_MANY = 1_000_000


class Editor(QObject):
    """Base of all editors: the contract between a field and the widget in which a person fills it.

    `widget` is what takes the focus; it bears the field key as objectName and the label as accessible name. `changed`
    is emitted after every change of the text, `marked` after a change of `required` or the problem.
    """

    changed = Signal()
    marked = Signal()
    #: Whether Chinese is typed here, so that the input method may be switched on where it is off.
    takes_chinese = False
    #: Whether the editor wants the whole width of the form.
    wide = False

    def __init__(self, field: Field, widget: QWidget, now: Now) -> None:
        super().__init__(widget)
        self.field = field
        self.kind: Kind = field.kind
        self.widget = widget
        self.now = now
        self.required = False
        self.message: str | None = None
        self.role = Role.REFUSED
        self.note: str = ""
        self._value: Any = None
        self._untouched = ""
        widget.setObjectName(field.key)
        widget.setAccessibleName(field.label)
        if field.help:
            widget.setToolTip(field.help)

    def text(self) -> str:
        """Return what stands in the widget, exactly."""
        raise NotImplementedError

    def show_text(self, text: str) -> None:
        """Put a text in the widget as if a person had typed it."""
        raise NotImplementedError

    def set_read_only(self, on: bool) -> None:
        """Let the value be read and copied and not changed."""
        raise NotImplementedError

    def show(self, value: Any) -> None:
        """Show a stored value; None shows nothing."""
        self.show_text(self.kind.format(value))
        self._value = value
        # What the widget made of it, for some characters look alike after they passed through a widget.
        self._untouched = self.text()

    def put(self, value: Any) -> None:
        """Show a stored value as if a person had filled it in."""
        self.show_text(self.kind.format(value))

    def attach(self, door: FileDoor) -> None:
        """Give the editor what stands behind the dialog; most have no use for it."""

    def value(self) -> Any:
        """Return the stored value. Raises Unreadable when the text is not one; the text stays as it is."""
        text = self.text()
        return self._value if text == self._untouched else self.kind.parse(text)

    def touched(self) -> bool:
        """Return whether the text differs from what was shown."""
        return self.text() != self._untouched

    def settle(self) -> None:
        """Write a readable text the way the program writes it; called when the person leaves the field."""
        if self.touched():
            try:
                shown = self.kind.format(self.kind.parse(self.text()))
            except Unreadable:
                return
            if shown != self.text():
                self.show_text(shown)

    def set_required(self, on: bool) -> None:
        """Mark the field as one that must be filled."""
        if on != self.required:
            self.required = on
            self.marked.emit()

    def problem(self, message: str | None, role: Role = Role.REFUSED) -> None:
        """Say at the field what is wrong with it, or only to be known of it, and with None that nothing is."""
        if (message, role) != (self.message, self.role):
            self.message, self.role = message, role
            self.widget.setAccessibleDescription(message or "")
            self.marked.emit()

    def set_input_method(self, on: bool) -> None:
        """Switch the input method on or off for this editor."""
        for widget in self.focus_widgets():
            widget.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on)

    def focus_widgets(self) -> tuple[QWidget, ...]:
        """Return the widgets that can have the focus."""
        return (self.widget,)

    def focus(self) -> None:
        """Put the focus here, with the text selected."""
        self.widget.setFocus(Qt.FocusReason.OtherFocusReason)


E = TypeVar("E", bound=type[Editor])
EDITORS: dict[type[Kind], Callable[[Field, QWidget | None, Now], Editor]] = {}


def edits(kind: type[Kind]) -> Callable[[E], E]:
    """Register an editor class for a field kind and the kinds derived from it."""

    def register(editor: E) -> E:
        EDITORS[kind] = editor
        return editor

    return register


class _Line(QLineEdit):
    """A line edit that lets its editor look at a key first."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setMaxLength(_MANY)
        self.first_look: Callable[[QKeyEvent], bool] | None = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.first_look is not None and not self.isReadOnly() and self.first_look(event):
            event.accept()
            return
        super().keyPressEvent(event)


class LineEditor(Editor):
    """A line of text: codes, numbers, days and moments are written with characters and nothing else."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        self.line = _Line(parent)
        super().__init__(field, self.line, now)
        self.line.textChanged.connect(self._text_changed)
        if field.serial is not None:
            self.line.setPlaceholderText("留空自动编号")

    def _text_changed(self) -> None:
        self.changed.emit()

    def text(self) -> str:
        return self.line.text()

    def show_text(self, text: str) -> None:
        self.line.setText(text)
        self.line.setCursorPosition(0 if self.line.isReadOnly() else len(text))

    def set_read_only(self, on: bool) -> None:
        self.line.setReadOnly(on)

    def focus(self) -> None:
        super().focus()
        self.line.selectAll()


@edits(kinds.Code)
class CodeEditor(LineEditor):
    """A code of a standard; it stays as it was typed.

    The usual way of writing a donation number ends with its check character, and one that the program had computed
    would look like one that a person has read from the label.
    """

    def settle(self) -> None:
        """What was typed stays as it was typed."""


@edits(kinds.Text)
class TextEditor(LineEditor):
    """A line of free text, and the name of a person."""

    takes_chinese = True

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        super().__init__(field, parent, now)
        assert isinstance(field.kind, kinds.Text)
        self.wide = field.kind.most > 100


@edits(kinds.Number)
class NumberEditor(LineEditor):
    """A number as it is written; no arrows that step past a wrong value, no zero that nobody typed."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        super().__init__(field, parent, now)
        assert isinstance(field.kind, kinds.Number)
        self.note = field.kind.unit
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)


class _TimeEditor(LineEditor):
    """A day or moment; a semicolon writes the present one, as in spreadsheets, and nothing else ever does."""

    hint = ""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        super().__init__(field, parent, now)
        self.line.setPlaceholderText(self.hint)
        self.line.first_look = self._semicolon
        if not field.help:
            self.line.setToolTip("按分号键（;）填入现在")

    def present(self) -> str:
        raise NotImplementedError

    def set_read_only(self, on: bool) -> None:
        super().set_read_only(on)
        self.line.setPlaceholderText("" if on else self.hint)

    def _semicolon(self, event: QKeyEvent) -> bool:
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        plain = event.text() in (";", "；") and held == Qt.KeyboardModifier.NoModifier
        if plain or (event.key() == Qt.Key.Key_Semicolon and held == Qt.KeyboardModifier.ControlModifier):
            self.show_text(self.present())
            return True
        return False


@edits(kinds.Day)
class DayEditor(_TimeEditor):
    """A calendar day."""

    hint = "年-月-日"

    def present(self) -> str:
        return self.now().astimezone(CHINA).date().isoformat()


@edits(kinds.Moment)
class MomentEditor(_TimeEditor):
    """A moment to the minute in China time."""

    hint = "年-月-日 时:分"

    def present(self) -> str:
        return china_text(self.now())


class _NoteEdit(QPlainTextEdit):
    """Three lines high, and Tab leaves it."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        line = QFontMetrics(self.font()).lineSpacing()
        self.setFixedHeight(2 * line + 2 * self.frameWidth() + 10)


@edits(kinds.Note)
class NoteEditor(Editor):
    """Free text of several lines."""

    takes_chinese = True
    wide = True

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        self.area = _NoteEdit(parent)
        super().__init__(field, self.area, now)
        self.area.textChanged.connect(self._text_changed)

    def _text_changed(self) -> None:
        self.changed.emit()

    def text(self) -> str:
        # toPlainText would turn a no-break space into a blank.
        return self.area.document().toRawText().replace("\u2029", "\n")

    def show_text(self, text: str) -> None:
        self.area.setPlainText(text)

    def settle(self) -> None:
        """What was written stays as it was written."""

    def set_read_only(self, on: bool) -> None:
        self.area.setReadOnly(on)
