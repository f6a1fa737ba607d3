"""The one door to dialogs: a module's key, what is behind it, and what for, give the dialog with its behaviour."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from bloodbank_desktop.forms import held_bag_scanning as _held_bag_scanning  # noqa: F401  registers its behaviours
from bloodbank_desktop.forms import issue_scanning as _issue_scanning  # noqa: F401  registers its behaviour
from bloodbank_desktop.forms import reaction_classes_panel as _reaction_classes_panel  # noqa: F401  registers its behaviour
from bloodbank_desktop.forms import stock_in_scanning as _stock_in_scanning  # noqa: F401  registers its behaviour
from bloodbank_desktop.forms.burst import Habits
from bloodbank_desktop.forms.contract import Back, Draft, Existing, amended
from bloodbank_desktop.forms.record_dialog import Mode, RecordDialog
from bloodbank_desktop.forms.sounds import Sounds
from bloodbank_desktop.records.catalogue import record_type


def make_dialog(
    kind: str,
    back: Back,
    mode: Mode | str = Mode.REGISTER,
    *,
    existing: Existing | None = None,
    draft: Draft | None = None,
    sounds: Sounds | None = None,
    habits: Habits | None = None,
    parent: QWidget | None = None,
) -> RecordDialog:
    """Return a dialog, not yet shown; the caller opens it and connects `saved`.

    `existing` is the record to amend or view. Raises KnownProblem for an unknown module, ValueError for the draft of an
    amendment that would be registered as a new record.
    """
    if draft is not None and amended(draft) is not None and Mode(mode) is not Mode.AMEND:
        raise ValueError("the draft of an amendment is opened with the record that it amends")
    return RecordDialog(
        record_type(kind),
        back,
        Mode(mode),
        existing=existing,
        draft=draft,
        sounds=sounds,
        habits=habits,
        parent=parent,
    )
