"""A list of a million records: open, sort, search, jump to its end, each until its rows are painted; and its memory.

Beside it Qt's own QSqlTableModel does the same on a plain SQLite copy of the same columns with the same indexes.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from PySide6.QtCore import QSettings, Qt
from PySide6.QtSql import QSqlDatabase, QSqlTableModel
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow, QTableView

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.names import SEQ
from bloodbank_desktop.ui.list_tab import ListTab
from bloodbank_desktop.ui.tasks import Tasks
from tests import generate
from tests.benchmarks.measure import Result, Sizes, prepared, stopwatch, summary
from tests.benchmarks.windows import Painting, application, show

_KIND = "transfusion_request"
_STEPS = ("open", "sort", "search", "scroll")
Times = dict[str, list[float]]


def resident_mb() -> float:
    """Return the resident memory of this process in MB."""
    return float(psutil.Process(os.getpid()).memory_info().rss) / 2**20


def names(count: int) -> list[str]:
    """Return given names of two characters, each a search that a person makes."""
    return [name for name in generate.GIVEN if len(name) == 2][: count * 17 : 17]


class _Shown:
    """A list tab in a window of its own, and what it does next."""

    def __init__(self, profile: Profile, tasks: Tasks, folder: Path) -> None:
        preferences = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        self.tab = ListTab(record_type(_KIND), tasks, SystemClock(), preferences)
        self.view = self.tab.view
        self.window = QMainWindow()
        self.window.setCentralWidget(self.tab)
        self.window.resize(1280, 800)
        self._profile = profile
        self._tasks = tasks
        self._opened = self._wanted = 0
        self._painting = Painting(self.view.viewport())
        show(self.window)

    def _complete(self) -> bool:
        """Whether the list has been opened as often as asked, and every row on the screen been read."""
        model = self.tab.model
        if model is None or self._opened < self._wanted:
            return False
        first, height = self.view.rowAt(0), self.view.viewport().height()
        last = self.view.rowAt(height - 1)
        last = model.rowCount() - 1 if last < 0 else last
        return model.rowCount() == 0 or (first >= 0 and all(model.row(row) for row in range(first, last + 1)))

    def _at_the_end(self) -> bool:
        """Whether the last record is the current one, on the screen, and everything around it read."""
        assert self.tab.model is not None
        last = self.tab.model.rowCount() - 1
        shown = self.view.visualRect(self.tab.model.index(last, 0)).top() < self.view.viewport().height()
        return self.view.currentIndex().row() == last and shown and self._complete()

    def timed(self, action: Callable[[], object], into: list[float], *, leaps: bool = False) -> None:
        """Do something and note how long it takes until the rows that it brings are painted."""
        self._tasks.wait_idle()
        self._wanted = self._opened + (not leaps)
        self._painting.timed(action, self._at_the_end if leaps else self._complete, into)

    def attach(self) -> None:
        """Show the list."""
        self.tab.attach(self._profile.desk)
        assert self.tab.model is not None
        self.tab.model.opened.connect(self._count)

    def _count(self) -> None:
        self._opened += 1

    def sort(self, column: int) -> None:
        """Click a heading."""
        self.view.horizontalHeader().setSortIndicator(column, Qt.SortOrder.AscendingOrder)

    def search(self, words: str) -> None:
        """Type into the search box and press Enter."""
        self.tab.search.setText(words)
        QTest.keyClick(self.tab.search, Qt.Key.Key_Return)

    def to_the_end(self) -> None:
        """Press End in the list."""
        QTest.keyClick(self.view, Qt.Key.Key_End)

    def close(self) -> None:
        """Take the window away."""
        self.tab.close_down()
        self.window.close()
        self.window.deleteLater()


def _rounds(sizes: Sizes, folder: Path) -> tuple[Times, float, int]:
    """Return the milliseconds of every step, the growth of memory in MB, and how many records the searches found."""
    times: Times = {step: [] for step in _STEPS}
    tasks = Tasks()
    profile = open_profile(folder, training=True)
    found = 0
    columns = [place for place, _ in enumerate(record_type(_KIND).columns)][1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as memory:
        shown = _Shown(profile, tasks, Path(memory))
        before = most = resident_mb()
        for number, name in enumerate(names(sizes.looks)):
            if number:
                shown = _Shown(profile, tasks, Path(memory))
            shown.timed(shown.attach, times["open"])
            assert shown.tab.model is not None
            shown.timed(shown.to_the_end, times["scroll"], leaps=True)
            shown.timed(partial(shown.sort, columns[number % len(columns)]), times["sort"])
            shown.timed(partial(shown.sort, -1), [])
            shown.timed(partial(shown.search, name), times["search"])
            found += shown.tab.model.rowCount()
            most = max(most, resident_mb())
            tasks.wait_idle()
            shown.close()
            QApplication.processEvents()
    tasks.shutdown()
    profile.close()
    return times, most - before, found


# -- Qt's own model ----------------------------------------------------------------------------------------------------


def _plain_copy(folder: Path) -> Path:
    """Return a plain SQLite file with the list columns of a prepared profile, made once."""
    target = folder.with_name(f"{folder.name}-plain.db")
    if not target.exists():
        part = target.with_suffix(".part")
        part.unlink(missing_ok=True)
        keys = [f.key for f in record_type(_KIND).columns]
        profile = open_profile(folder, training=True)
        with closing(sqlite3.connect(part)) as plain, profile.store.read() as tx:
            plain.execute(f"CREATE TABLE records ({SEQ} INTEGER PRIMARY KEY, {', '.join(keys)})")
            rows = tx.exec_driver_sql(f"SELECT {SEQ}, {', '.join(keys)} FROM {_KIND}")
            marks = ", ".join("?" * (len(keys) + 1))
            plain.executemany(f"INSERT INTO records VALUES ({marks})", (tuple(row) for row in rows))
            for key in keys:
                plain.execute(f"CREATE INDEX ix_{key} ON records ({key})")
            plain.commit()
        profile.close()
        part.replace(target)
    return target


class _Theirs:
    """Qt's model in Qt's view."""

    def __init__(self, database: QSqlDatabase) -> None:
        self.model = QSqlTableModel(None, database)
        self.view = QTableView()
        self.view.resize(1280, 800)
        self.view.show()

    def open(self) -> None:
        """Show the newest records."""
        self.model.setTable("records")
        self.model.setSort(0, Qt.SortOrder.DescendingOrder)
        self.model.select()
        self.view.setModel(self.model)

    def to_the_end(self) -> None:
        """Show the last record; the model knows only what it has fetched."""
        while self.model.canFetchMore():
            self.model.fetchMore()
        self.view.scrollToBottom()


def _qt_model(file: Path, sizes: Sizes) -> tuple[dict[str, Any], float]:
    """Return the milliseconds of QSqlTableModel for the same steps, and the growth of memory in MB."""
    times: Times = {step: [] for step in _STEPS}
    before = most = resident_mb()
    database = QSqlDatabase.addDatabase("QSQLITE", "benchmark")
    database.setDatabaseName(str(file))
    if not database.open():
        raise RuntimeError(database.lastError().text())
    for number, name in enumerate(names(min(sizes.looks, 3))):
        theirs = _Theirs(database)
        actions: dict[str, Callable[[], object]] = {
            "open": theirs.open,
            "scroll": theirs.to_the_end,
            "sort": partial(theirs.model.sort, 2 + number, Qt.SortOrder.AscendingOrder),
            "search": partial(theirs.model.setFilter, f"patient_name LIKE '%{name}%'"),
        }
        for step, action in actions.items():
            with stopwatch(times[step]):
                action()
                QApplication.processEvents()
                theirs.view.viewport().repaint()
            most = max(most, resident_mb())
        theirs.view.close()
        theirs.model.clear()
    database.close()
    return {step: summary(found) for step, found in times.items()}, most - before


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure the list and then Qt's own."""
    folder = prepared(records=sizes.records, stock=sizes.stock)
    plain = _plain_copy(folder)
    application()
    times, growth, found = _rounds(sizes, folder)
    theirs, their_growth = _qt_model(plain, sizes)
    for step in _STEPS:
        detail: dict[str, Any] = {"first": round(times[step][0], 2), "ours": summary(times[step])}
        detail["QSqlTableModel"] = theirs[step]
        if step == "search":
            detail["found"] = round(found / sizes.looks)
        key = f"list_{step}_ms_1m"
        yield Result(key, statistics.median(times[step]), float(theirs[step]["median"]), detail)
    yield Result("rss_mb_1m", growth, their_growth)
