"""How long until a bag is on the disk: as a line of a draft, and as a delivery; beside the bare statements.

In the real window: from the Enter of the scanner – a little before the scan is accepted – until "已暂存" is painted,
and from Ctrl+S until "已保存" is. Beside it the desk alone against bare statements of sqlcipher3.

The bare side writes the very rows that the desk writes – recorded from a twin file, statement by statement – on a
connection of its own to a third file with the same key, in one durable transaction. That the third file then passes
every check of the program proves that the rows are the same.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from sqlalchemy import event

from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.engine import connect_raw
from bloodbank_desktop.storage.store import FILE_NAME
from tests import samples
from tests.benchmarks.measure import Result, Sizes, copied, percentile, prepared, stopwatch, summary
from tests.support import seat

Statement = tuple[str, Any, bool]
_WRITES = ("INSERT", "UPDATE", "DELETE")
_WARM = 20


class FixedClock:
    """The moment that the samples are made for, so that no bag expires."""

    def now(self) -> Any:
        """Return the moment."""
        return samples.NOW

    def monotonic(self) -> float:
        """Return seconds."""
        return time.monotonic()


@contextmanager
def opened(folder: Path) -> Iterator[Profile]:
    """Give a prepared profile, open, with somebody at work."""
    profile = open_profile(folder, training=True, clock=FixedClock())
    seat(profile, samples.STAFF[0])
    try:
        yield profile
    finally:
        profile.close()


class _Recorder:
    """The statements that write, as they went to the driver of one profile."""

    def __init__(self, profile: Profile) -> None:
        self.statements: list[Statement] = []
        event.listen(profile.store.engine, "before_cursor_execute", self._hear)

    def _hear(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip().startswith(_WRITES):
            self.statements.append((statement, parameters, many))

    def take(self) -> list[Statement]:
        """Return what was recorded since the last call."""
        taken, self.statements = self.statements, []
        return taken


def _replay(connection: Any, statements: list[Statement]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement, parameters, many in statements:
        if many:
            connection.executemany(statement, parameters)
        else:
            connection.execute(statement, parameters)
    connection.execute("COMMIT")


def _delivery(number: int) -> dict[str, Any]:
    # Without a number of its own, so that the serial is allotted as for a person.
    return samples.stock_in_values(1, 50_000 + number, intake_no=None)


def _deliveries(source: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Return the milliseconds of the desk and of the bare statements, taken in turns."""
    ours: list[float] = []
    bare: list[float] = []
    with tempfile.TemporaryDirectory(dir=source.parent, ignore_cleanup_errors=True) as folder:
        places = [Path(folder) / name for name in ("desk", "twin", "bare")]
        for place in places:
            shutil.copytree(source, place)
        key = TrainingKey(places[2]).load()
        assert key is not None
        raw = connect_raw(places[2] / FILE_NAME, key)
        with opened(places[0]) as measured, opened(places[1]) as twin:
            recorder = _Recorder(twin)
            for number in range(rounds + _WARM):
                _one_delivery(number, measured, twin, recorder, raw, ours, bare)
        raw.close()
        with opened(places[2]) as checked:
            if wrong := verify.problems(checked.store):
                raise AssertionError(f"the bare statements did not write the same rows: {wrong}")
    return ours[_WARM:], bare[_WARM:]


def _one_delivery(
    number: int, measured: Profile, twin: Profile, recorder: _Recorder, raw: Any, ours: list[float], bare: list[float]
) -> None:
    values, draft_id, line_id = _delivery(number), new_id(), new_id()
    for profile in (measured, twin):
        profile.desk.drafts.keep_line("stock_in", draft_id, "bags", line_id, values["bags"][0], head=values)
    _replay(raw, recorder.take())
    twin.desk.register("stock_in", values, draft=draft_id)
    statements = recorder.take()

    def desk() -> None:
        with stopwatch(ours):
            measured.desk.register("stock_in", values, draft=draft_id)

    def plain() -> None:
        with stopwatch(bare):
            _replay(raw, statements)

    for side in (desk, plain) if number % 2 else (plain, desk):
        side()


def _in_window(folder: Path, sizes: Sizes) -> tuple[list[float], list[float]]:
    """Return the milliseconds until a scanned bag is said to be kept, and until a delivery of one is said to be saved.

    Half of the samples each; the bags are scanned into deliveries of ten.
    """
    # Windows only here: a twin of the desk needs none.
    from tests.benchmarks.windows import Painting
    from tests.benchmarks.workplace import BAGS, scan_bag, workplace

    lines: list[float] = []
    saves: list[float] = []
    with workplace(folder) as place:
        said = place.window.status.said
        told = Painting(said)
        number = 0
        while len(lines) < sizes.saves + _WARM:
            dialog = place.dialog(place.draft(number, 0))
            painting = Painting(dialog.blocks[BAGS].table.viewport())
            for index in range(number, number + 10):
                scan_bag(dialog, painting, index, lines)
            number += 10
            dialog.keep_and_close()
            place.quiet()
        for index in range(number, number + sizes.saves + _WARM):
            dialog = place.dialog(place.draft(index, 1, intake_no=None))
            said.clear()
            press = partial(QTest.keyClick, dialog.windowHandle(), Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
            told.timed(press, lambda: "已保存" in said.text(), saves)
            place.quiet()
    return lines[_WARM:], saves[_WARM:]


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure in a file with a full stock, first in the window and then the desk beside bare statements."""
    source = prepared(stock=sizes.stock)
    with copied(source) as folder:
        lines, saves = _in_window(folder, sizes)
    ours, bare = _deliveries(source, sizes.saves)
    detail = {
        "scan_to_kept_ms": summary(lines),
        "delivery_to_saved_ms": summary(saves),
        "desk_alone_ms": summary(ours),
        "bare_sql_ms": summary(bare),
        "warm_up": f"{_WARM} of each",
    }
    worse = max(percentile(lines, 0.99), percentile(saves, 0.99))
    yield Result("save_p99_ms", worse, percentile(bare, 0.99), detail)
    ratio = statistics.median(ours) / statistics.median(bare)
    yield Result("save_vs_raw_sql", ratio, statistics.median(bare), detail)
