"""A scan into a delivery of a hundred bags, with a full stock: from the Enter of the scanner until its row is painted.

Painted means: checked against the delivery and the stock, durable on the disk, and on the screen. The keys before the
Enter are the scanner's own time.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from tests.benchmarks.measure import Result, Sizes, copied, percentile, prepared, summary
from tests.benchmarks.saving import FixedClock, opened
from tests.benchmarks.windows import Painting, application, show, wait_for
from tests.forms.bags import label_scans

_KIND, _BAGS = "stock_in", "bags"
#: What each of the four codes of a label brings into the row.
_BRINGS = ("donation_number", "abo", "product_code", "expires_at")
_FIRST = 40_000_000


def _draft(profile: Profile, bags: int) -> str:
    """Keep a delivery of that many whole bags and return its id."""
    draft_id = new_id()
    profile.desk.keep_draft(_KIND, draft_id, samples.stock_in_values(0, 1))
    for index in range(bags):
        bag = samples.bag_values(_FIRST + index, entry="scanned")
        profile.desk.keep_line(_KIND, draft_id, _BAGS, new_id(), bag)
    return draft_id


def _has(dialog: RecordDialog, bag: int, key: str, value: Any) -> bool:
    rows = dialog.blocks[_BAGS].model.rows
    return len(rows) > bag and rows[bag].values.get(key) == value


def _scan(dialog: RecordDialog, painting: Painting, bag: int, into: list[float]) -> None:
    """Scan the four codes of one more bag."""
    expected = samples.bag_values(_FIRST + bag, entry="scanned")
    for key, code in zip(_BRINGS, label_scans(_FIRST + bag), strict=True):
        window = dialog.windowHandle()
        for character in code:
            QTest.keyClick(window, character)  # type: ignore[call-overload]
        enter = partial(QTest.keyClick, window, Qt.Key.Key_Return)
        painting.timed(enter, partial(_has, dialog, bag, key, expected[key]), into)


def _scans(folder: Path, sizes: Sizes) -> list[float]:
    times: list[float] = []
    tasks, clock = Tasks(), FixedClock()
    with opened(folder) as profile:
        dialogs = RecordDialogs(tasks, clock, training=True, sounds=Sounds(muted=True))
        window = MainWindow(tasks, clock, dialogs, folder, training=True)
        dialogs.attach(profile.desk)
        window.attach(profile.desk)
        show(window)
        draft = profile.desk.draft(_draft(profile, sizes.bags))
        dialog = dialogs(_KIND, "register", None, draft, window)
        assert isinstance(dialog, RecordDialog)
        dialog.open()
        wait_for(lambda: (handle := dialog.windowHandle()) is not None and handle.isExposed())
        tasks.wait_idle()
        painting = Painting(dialog.blocks[_BAGS].table.viewport())
        for bag in range(sizes.bags, sizes.bags + max(sizes.saves // 10, 2)):
            _scan(dialog, painting, bag, times)
        tasks.wait_idle()
        dialog.deleteLater()
        window.close()
        window.deleteLater()
        QApplication.processEvents()
        tasks.shutdown()
    return times


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure scans into a delivery that is nearly whole."""
    application()
    with copied(prepared(stock=sizes.stock)) as folder:
        times = _scans(folder, sizes)
    yield Result("scan_p99_ms", percentile(times, 0.99), None, {"scan_ms": summary(times)})
