"""The real window on a prepared profile, its delivery dialog with some bags, and the scans of one more bag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.sounds import Sounds
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.record_dialogs import RecordDialogs
from bloodbank_desktop.ui.tasks import Tasks
from tests import samples
from tests.benchmarks.saving import FixedClock, opened
from tests.benchmarks.windows import Painting, application, show, wait_for
from tests.forms.bags import label_scans

KIND, BAGS = "stock_in", "bags"
#: What each of the four codes of a label brings into the row.
_BRINGS = ("donation_number", "abo", "product_code", "expires_at")
#: The donation numbers of the prepared stock are below.
_FIRST = 40_000_000


@dataclass
class Workplace:
    """A window that is open and quiet, and the profile behind it."""

    profile: Profile
    tasks: Tasks
    window: MainWindow

    def draft(self, first: int, bags: int, **head: Any) -> str:
        """Keep a delivery of that many whole bags, from number `first` on, and return its id."""
        draft_id = new_id()
        self.profile.desk.drafts.keep(KIND, draft_id, samples.stock_in_values(0, 1, **head))
        for index in range(bags):
            bag = samples.bag_values(_FIRST + first + index, entry="scanned")
            self.profile.desk.drafts.keep_line(KIND, draft_id, BAGS, new_id(), bag)
        return draft_id

    def dialog(self, draft_id: str) -> RecordDialog:
        """Open a draft as a person does and wait until its dialog is on the screen and nothing is left to do."""
        self.window.deeds.open(KIND, "register", None, self.profile.desk.drafts.find(draft_id))
        dialog = self.window.deeds.dialogs[-1]
        assert isinstance(dialog, RecordDialog)
        wait_for(lambda: (handle := dialog.windowHandle()) is not None and handle.isExposed())
        self.quiet()
        return dialog

    def quiet(self) -> None:
        """Wait until every lane has answered and everything is painted."""
        self.tasks.wait_idle()
        QApplication.processEvents()


@contextmanager
def workplace(folder: Path) -> Iterator[Workplace]:
    """Give the window of a profile that may be written to."""
    application()
    tasks, clock = Tasks(), FixedClock()
    with opened(folder) as profile:
        dialogs = RecordDialogs(tasks, clock, training=True, sounds=Sounds(muted=True))
        window = MainWindow(tasks, clock, dialogs, folder, training=True)
        dialogs.attach(profile.desk)
        window.attach(profile.desk)
        show(window)
        place = Workplace(profile, tasks, window)
        # As the program does when its data file is open.
        tasks.loaded()
        place.quiet()
        try:
            yield place
        finally:
            for dialog in window.deeds.dialogs:
                dialog.hide()
            window.close()
            place.quiet()
            tasks.shutdown()
            window.deleteLater()
            QApplication.processEvents()


def scan_bag(dialog: RecordDialog, painting: Painting, index: int, into: list[float]) -> None:
    """Scan the four codes of bag number `index`; note for each how long from its Enter until its row is painted.

    A row changes only after the disk has it, so what is painted says "已暂存". The keys before the Enter are the
    scanner's own time.
    """
    model = dialog.blocks[BAGS].model
    expected = samples.bag_values(_FIRST + index, entry="scanned")
    window = dialog.windowHandle()
    row = len(model.rows)

    def kept(key: str) -> bool:
        if len(model.rows) <= row:
            return False
        return model.rows[row].values.get(key) == expected[key] and "已暂存" in model.rows[row].status

    for key, code in zip(_BRINGS, label_scans(_FIRST + index), strict=True):
        for character in code:
            QTest.keyClick(window, character)  # type: ignore[call-overload]
        enter = partial(QTest.keyClick, window, Qt.Key.Key_Return)
        painting.timed(enter, partial(kept, key), into)
