"""Dialogs of a test are closed at its end, whatever became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.forms.opening import make_dialog
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.sounds import Sounds
from tests.forms.fakes import FakeBack
from tests.waiting import turn_events, wait_until

MakeDialog = Callable[..., RecordDialog]


@pytest.fixture
def back() -> FakeBack:
    """A desk in memory."""
    return FakeBack()


@pytest.fixture
def make(qapp: QApplication, back: FakeBack) -> Iterator[MakeDialog]:
    """Open a dialog on the desk in memory; arguments as for `make_dialog`, with `shown=False` not on the screen."""
    made: list[RecordDialog] = []

    def open_one(kind: str, mode: str = "register", *, shown: bool = True, **more: Any) -> RecordDialog:
        dialog = make_dialog(kind, more.pop("back", back), mode, sounds=Sounds(muted=True), **more)
        made.append(dialog)
        if shown:
            dialog.show()
            dialog.activateWindow()
            wait_until(dialog.isActiveWindow)
        return dialog

    yield open_one
    for dialog in made:
        dialog.keeper.stop()
        dialog.hide()
        dialog.deleteLater()
    turn_events()
