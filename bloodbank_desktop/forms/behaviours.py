"""What a module can do beyond its fields – scanning, look-ups – is registered beside its declaration, under its key.

The declaration stays free of Qt, and the general dialog knows no module. Behaviours see the dialog through `Host`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from PySide6.QtWidgets import QApplication, QWidget

from bloodbank_desktop.forms.contract import Back, Draft
from bloodbank_desktop.forms.field_form import FieldForm
from bloodbank_desktop.forms.lines_block import LinesBlock
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.sounds import Sounds
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules import scanning
from bloodbank_desktop.rules.catalogue import Said
from bloodbank_desktop.rules.overriding import Passage


class Host(Protocol):
    """The dialog as a behaviour sees it."""

    declared: RecordType
    back: Back
    form: FieldForm
    blocks: dict[str, LinesBlock]
    sounds: Sounds
    draft_id: str
    draft: Draft | None

    def widget(self) -> QWidget:
        """Return the dialog, as the parent of what a behaviour opens."""
        ...

    def open_draft(self) -> None:
        """See to it that the head of the draft goes to the disk before a line of it."""
        ...

    def reveal(self, widget: QWidget) -> None:
        """Scroll the page so that this widget is seen."""
        ...

    def line_kept(self) -> None:
        """Say that a line of the draft has just been kept."""
        ...

    def say(self, message: str, role: Role) -> None:
        """Show a sentence about the dialog as a whole."""
        ...

    def scan_refused(self, code: str, message: str, bag: str) -> None:
        """Say that a scan of a bag was refused ("" where it is not known of which)."""
        ...

    def scan_passed(self) -> None:
        """Say that a scan was taken."""
        ...


class Behaviour:
    """Base of behaviours: does nothing special. A dialog owns exactly one."""

    #: Scanning dialogs keep the input method off until a person asks for it.
    input_method_off = False
    #: Whether it also serves a dialog that changes a record; scanning does not.
    amends = False
    #: Lines fields whose rows the behaviour adds, keeps and removes itself.
    owned_lines: frozenset[str] = frozenset()

    def __init__(self, host: Host) -> None:
        self.host = host

    def strip(self) -> QWidget | None:
        """Return a widget for the top of the dialog, None for none."""
        return None

    def scanned(self, text: str) -> None:
        """A scanner sent this text."""
        focused = self.host.form.owner_of(QApplication.focusWidget())
        if focused is None or focused.kind.name not in ("code", "text"):
            self.refuse("这里不能扫码：请先把光标放到要填的编号栏，再扫一次")
            return
        found = scanning.for_field(text, focused.field.key, focused.field.label)
        if isinstance(found, Said):
            self.refuse(scanning.sentence("scan-code", found))
            return
        focused.show_text(found)
        focused.settle()

    def composed(self) -> None:
        """An input method swallowed a scan."""
        self.refuse("输入法打开着，这次扫描没有被接受，请重扫")

    def refuse(self, message: str) -> None:
        """Say, and let sound, that a scan was not taken."""
        self.host.sounds.play(Tone.REFUSED)
        self.host.say(message, Role.REFUSED)

    def started(self) -> None:
        """The dialog shows its values and is about to open."""

    def editable(self, lines_key: str) -> Iterable[str] | None:
        """Return the fields of a line that a person may change by hand, None for all."""
        return None

    def add(self, lines_key: str) -> None:
        """A person wants a new line in a lines field that the behaviour owns."""

    def changed(self, lines_key: str, index: int, values: dict[str, Any]) -> None:
        """A person changed a line in a lines field that the behaviour owns."""

    def remove(self, lines_key: str, index: int) -> None:
        """A person wants a line removed in a lines field that the behaviour owns."""

    def obstacles(self) -> list[Problem]:
        """Return what must be finished before the record can be saved."""
        return []

    def before_saving(
        self, values: dict[str, Any], passage: Passage, go: Callable[[], None], not_yet: Callable[[], None]
    ) -> None:
        """Nothing in the dialog speaks against saving; call `go` to save or `not_yet` to stay."""
        go()

    def shortcuts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """Return keys of this module and what they do."""
        return ()


B = TypeVar("B", bound=type[Behaviour])
_BEHAVIOURS: dict[str, type[Behaviour]] = {}


def behaves(key: str) -> Callable[[B], B]:
    """Register a behaviour for a module."""

    def register(behaviour: B) -> B:
        _BEHAVIOURS[key] = behaviour
        return behaviour

    return register


def behaviour_of(key: str) -> type[Behaviour]:
    """Return the behaviour of a module."""
    return _BEHAVIOURS.get(key, Behaviour)
