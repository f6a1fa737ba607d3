"""The second person signs: an own login and an own password at the same screen, for one purpose; never a typed name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.forms.contract import Failed
from bloodbank_desktop.forms.credentials import CredentialsDialog, Entry
from bloodbank_desktop.forms.marks import ink
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.rules.persons import HOLDS, Signature, holds

_TITLE = "第二人签名"


@runtime_checkable
class SigningDoor(Protocol):
    """What asks for a second person's signature; a part of `forms.contract.Back`."""

    def now(self) -> datetime:
        """Return the present moment, aware, at once."""
        ...

    def countersign(
        self, login: str, password: str, purpose: str, done: Callable[[Signature], None], failed: Failed
    ) -> None:
        """Answer with the signature of a person who is not the one at the workstation."""
        ...


def countersign(
    door: SigningDoor, purpose: str, what: str, signed: Callable[[Signature], None], parent: QWidget
) -> CredentialsDialog:
    """Open the dialog in which the second person signs; `what` is shown as what is signed. Returns the open dialog."""
    words = f"请第二人核对后签名：{what}\n\n第二人须是另一位同事，输入本人的登录名和密码。"
    entries = (Entry("login", "登录名"), Entry("password", "密码", secret=True))
    dialog = CredentialsDialog("countersign", _TITLE, words, entries, "签名", parent)

    def ask(answer: Mapping[str, str]) -> None:
        door.countersign(answer["login"], answer["password"], purpose, done, dialog.refuse)

    def done(signature: Signature) -> None:
        dialog.accept()
        signed(signature)

    dialog.asked.connect(ask)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    return dialog


class SecondPerson(QWidget):
    """A line of a dialog: who signed as the second person, or a button that asks for it. `changed` when that changes.

    A signature goes out by itself when its time is over, so that an old one is never taken for a new one.
    """

    changed = Signal()

    def __init__(self, door: SigningDoor, purpose: str, what: Callable[[], str], parent: QWidget | None = None) -> None:
        """`what` says what is signed, when the button is pressed."""
        super().__init__(parent)
        self._door = door
        self.purpose = purpose
        self._what = what
        self._signature: Signature | None = None
        self.setObjectName("second")
        self.setAccessibleName(_TITLE)
        self.words = QLabel(self)
        self.words.setObjectName("second.words")
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton("第二人签名…（F9）", self)
        self.button.setObjectName("action.countersign")
        self.button.setAccessibleName(_TITLE)
        self.button.setShortcut("F9")
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self.ask)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.timeout.connect(self.clear)
        self._show()

    @property
    def signature(self) -> Signature | None:
        """The signature, None when there is none that holds now."""
        return self._signature if holds(self._signature, self.purpose, self._door.now()) else None

    def ask(self) -> None:
        """Let the second person sign."""
        countersign(self._door, self.purpose, self._what(), self._signed, self)

    def clear(self) -> None:
        """Forget the signature, as after every change of what was signed."""
        self._over.stop()
        if self._signature is not None:
            self._signature = None
            self._show()
            self.changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def _signed(self, signature: Signature) -> None:
        self._signature = signature
        self._over.start(HOLDS // timedelta(milliseconds=1))
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        one = self._signature
        if one is None:
            words = f"{SHAPES[Role.ATTENTION]} 第二人尚未签名"
        else:
            words = f"{SHAPES[Role.GOOD]} 第二人：{one.person.name}（{one.person.login}）{one.at.astimezone(CHINA):%H:%M} 签名"
        self.words.setText(words)
        self.words.setAccessibleName(words)
        self._dress()

    def _dress(self) -> None:
        palette = QPalette()
        role = Role.ATTENTION if self._signature is None else Role.GOOD
        colour = ink(role, self.palette())
        palette.setColor(QPalette.ColorRole.WindowText, colour)
        # Setting a palette sends the event that brought us here.
        if self.words.palette().color(QPalette.ColorRole.WindowText) != colour:
            self.words.setPalette(palette)
