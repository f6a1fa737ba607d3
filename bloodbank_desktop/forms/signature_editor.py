"""The editor of a name that is signed, never typed: whoever it names signs in at this screen for this purpose.

What an unfinished record shows of an earlier signature is no signature: it is asked for again.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from bloodbank_desktop.forms.contract import Back, FileDoor
from bloodbank_desktop.forms.countersign import SigningDoor, countersign
from bloodbank_desktop.forms.editors import Editor, Now, TextEditor
from bloodbank_desktop.records.declare import OPERATOR, Field
from bloodbank_desktop.rules.persons import Signature, holds


class OperatorEditor(TextEditor):
    """The name of whoever is signed in; it follows the sign-in and cannot be changed here."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        super().__init__(field, parent, now)
        self.line.setReadOnly(True)
        self.line.setToolTip("登录的本人，不能键入；换人请按 Ctrl+U")

    def set_read_only(self, on: bool) -> None:
        """It always is."""


class _SignatureBox(QWidget):
    """The name and the button beside it."""

    pressed = Signal()

    def __init__(self, label: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.line = QLineEdit(self)
        self.line.setReadOnly(True)
        self.line.setPlaceholderText("未签名")
        self.line.setAccessibleName(f"{label}（签名）")
        self.button = QPushButton("签名…（F7）", self)
        self.button.setObjectName("action.sign")
        self.button.setAccessibleName(f"{label}签名")
        self.button.setShortcut("F7")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self.pressed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        self.setFocusProxy(self.button)


class SignatureEditor(Editor):
    """Shows who signed; `signature` is what the operation is handed."""

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        self._box = _SignatureBox(field.label, parent)
        super().__init__(field, self._box, now)
        self._signature: Signature | None = None
        self._door: SigningDoor | None = None
        self._read_only = False
        self._box.pressed.connect(self.sign)

    @property
    def signature(self) -> Signature | None:
        """The signature that holds now, else None."""
        return self._signature if holds(self._signature, self.field.signed, self.now()) else None

    def attach(self, door: FileDoor) -> None:
        # A form in a dialog has the whole world behind it; one in a test may have only files.
        self._door = door if isinstance(door, SigningDoor) else None

    def sign(self) -> None:
        """Let the second person sign."""
        if self._door is not None and not self._read_only:
            countersign(self._door, self.field.signed, self.field.label, self._signed, self._box)

    def _signed(self, signature: Signature) -> None:
        self._signature = signature
        self._box.line.setText(signature.person.name)
        self.changed.emit()

    def text(self) -> str:
        return self._box.line.text()

    def show_text(self, text: str) -> None:
        """Show the name of a record that is looked at; in a record that is written nobody has signed yet."""
        self._box.line.setText(text if self._read_only or not text else "")

    def show(self, value: Any) -> None:
        super().show(value)
        self._signature = None

    def set_read_only(self, on: bool) -> None:
        self._read_only = on
        self._box.button.setVisible(not on)
        # Tab would stay before a field whose proxy cannot be seen, for ever.
        self._box.setFocusProxy(self._box.line if on else self._box.button)
        if on and self._value is not None:
            self._box.line.setText(self.kind.format(self._value))

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return (self._box.button, self._box.line)


def editor_of_signed(field: Field, parent: QWidget | None, now: Now) -> Editor:
    """Return the editor of a signed field."""
    return OperatorEditor(field, parent, now) if field.signed == OPERATOR else SignatureEditor(field, parent, now)


def signature_in(editors: dict[str, Editor]) -> Signature | None:
    """Return the signature that stands in a form, None when nobody has signed."""
    found = (one.signature for one in editors.values() if isinstance(one, SignatureEditor))
    return next((one for one in found if one is not None), None)


def show_operator(editors: dict[str, Editor], back: Back) -> None:
    """Put whoever is signed in now into a form, since the shift may have changed over an open dialog."""
    for one in editors.values():
        if isinstance(one, OperatorEditor) and back.operator and one.text() != back.operator:
            one.put(back.operator)
