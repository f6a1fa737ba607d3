"""How a person gets a record past the rules: reads a warning and saves again, signs together, or takes the responsibility.

All of it belongs to one dialog and one attempt; the operation decides, this only asks and hands over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bloodbank_desktop.forms.levels import level_of
from bloodbank_desktop.forms.override_dialog import OverrideDialog
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.forms.signature_editor import signature_in
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.catalogue import Finding, Level
from bloodbank_desktop.rules.overriding import Override, Passage
from bloodbank_desktop.rules.persons import Signature

if TYPE_CHECKING:
    from bloodbank_desktop.forms.contract import Existing
    from bloodbank_desktop.forms.record_dialog import RecordDialog


class Passing:
    """The passage of one dialog; `words` say what the person can do about the last refusal."""

    def __init__(self, dialog: RecordDialog, existing: Existing | None) -> None:
        self._dialog = dialog
        self._existing = existing
        self._seen: set[str] = set()
        self._overridable: tuple[Finding, ...] = ()
        dialog.parts.override.clicked.connect(self.ask)

    def second(self) -> Signature | None:
        """Return the second person's signature as it stands in the form."""
        return signature_in(self._dialog.form.editors)

    def before(self) -> Values | None:
        """Return the values of the record that is amended."""
        return self._existing.values if self._existing is not None else None

    def passage(self, overrides: tuple[Override, ...] = ()) -> Passage:
        """Return what this attempt brings along."""
        return Passage(overrides, self.second(), frozenset(self._seen))

    def refused(self, found: list[Problem]) -> str:
        """Take note of why an attempt did not pass; return what the person can do."""
        levels = {level_of(one) for one in found}
        findings = tuple(one for one in found if isinstance(one, Finding))
        self._overridable = findings if levels == {Level.OVERRIDE} else ()
        self._dialog.parts.override.setVisible(bool(self._overridable))
        if levels and levels <= {Level.WARN, Level.NOTE}:
            self._seen |= {one.message for one in found}
            return "请先读警告；确认无误再按一次 Ctrl+S 即保存"
        if self._overridable:
            return f"{len(found)} 处须授权：更换处理，或按 F10 授权"
        return f"没有保存：{len(found)} 处需要处理（F8 逐个查看）"

    def ask(self) -> None:
        """Open the dialog of overrides for what the last attempt met."""
        if not self._overridable or not self._dialog.parts.override.isVisible():
            return
        back = self._dialog.back
        asking = OverrideDialog(self._overridable, back, back.operator, self._dialog)
        asking.given.connect(self._dialog.save_with)
        asking.finished.connect(asking.deleteLater)
        asking.open()

    def forget(self) -> None:
        """What was offered to be overridden may no longer be so."""
        self._overridable = ()
        self._dialog.parts.override.hide()


def role_of(found: list[Problem]) -> Role:
    """Return how a refusal for these reasons looks."""
    grave = any(level_of(one) is Level.BLOCK for one in found)
    return Role.REFUSED if grave or not found else Role.ATTENTION
