"""The editor of a field: importing this module fills the registry with the editors of all kinds."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from bloodbank_desktop.forms import choice_editors as _choice_editors  # noqa: F401  registers its editors
from bloodbank_desktop.forms import files_editor as _files_editor  # noqa: F401
from bloodbank_desktop.forms.editors import EDITORS, Editor, Now
from bloodbank_desktop.forms.signature_editor import editor_of_signed
from bloodbank_desktop.records.declare import Field


def editor_for(field: Field, parent: QWidget | None, now: Now) -> Editor:
    """Return a new editor for a field. Raises TypeError for a kind that nobody edits."""
    if field.signed:
        return editor_of_signed(field, parent, now)
    for cls in type(field.kind).__mro__:
        if cls in EDITORS:
            return EDITORS[cls](field, parent, now)
    raise TypeError(f"no editor for the kind of {field.key}")
