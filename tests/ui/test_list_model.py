"""The list model: right in Qt's own eyes, never in the way, and never an answer to an earlier question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.ui.list_model import BROKEN, PAGE, PLACEHOLDER, Keep, PagedModel, Query
from bloodbank_desktop.ui.record_source import UPLOAD, RecordSource
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import LIGHT, Tone
from tests import samples
from tests.support import seat
from tests.ui.fakes import FakeDesk
from tests.waiting import wait_until

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
KIND = "stock_in"

MakeModel = Callable[[FakeDesk], PagedModel]


def _wait_for(go: threading.Event) -> None:
    assert go.wait(5)


@pytest.fixture
def make(tasks: Tasks) -> Iterator[MakeModel]:
    """Make a model of deliveries over a fake desk; Qt's own tester looks at every row, so it watches small ones only."""
    kept: list[object] = []

    def model_of(desk: FakeDesk) -> PagedModel:
        model = PagedModel(RecordSource(record_type(KIND), desk.as_desk()), tasks)
        kept.append(model)
        if desk.total <= 400:
            kept.append(QAbstractItemModelTester(model, FATAL))
        return model

    yield model_of
    tasks.wait_idle()


def text(model: PagedModel, row: int, column: int = 0) -> str:
    return str(model.data(model.index(row, column)))


def test_qt_itself_finds_no_fault(make: MakeModel, tasks: Tasks) -> None:
    """Opening, sorting, narrowing, growing, shrinking and emptying pass QAbstractItemModelTester in fatal mode."""
    desk = FakeDesk(350)
    model = make(desk)
    model.show(Query())
    for total in (351, 350, 350, 0, 7):
        desk.total = total
        model.refresh(lambda: Keep(row=3, id="00000003"))
        assert tasks.wait_idle()
        assert model.rowCount() == total
    model.sort(1, Qt.SortOrder.AscendingOrder)
    model.show(Query(search="RK"))
    assert tasks.wait_idle()


def test_the_real_desk_fills_the_same_model(qapp: QApplication, tasks: Tasks, tmp_path: Path) -> None:
    """With the real encrypted file the list shows what was registered, newest first, with its upload state."""
    profile = open_profile(tmp_path, training=True, clock=SystemClock())
    seat(profile)
    try:
        desk = profile.desk
        for seed in range(3):
            desk.register(KIND, samples.stock_in_values(seed=seed, now=SystemClock().now()))
        model = PagedModel(RecordSource(record_type(KIND), desk), tasks)
        tester = QAbstractItemModelTester(model, FATAL)
        model.show(Query())
        assert tasks.wait_idle()
        assert [text(model, row) for row in range(3)] == ["RKS00000002", "RKS00000001", "RKS00000000"]
        assert text(model, 0, len(model.columns) - 1) == "○ 待报送"
        model.sort(0, Qt.SortOrder.AscendingOrder)
        assert tasks.wait_idle()
        assert text(model, 0) == "RKS00000000"
        model.show(Query(search="00000001", filters={UPLOAD: "open"}))
        assert tasks.wait_idle()
        assert model.rowCount() == 1
        assert tester.parent() is None
    finally:
        tasks.wait_idle()
        profile.close()


def test_only_what_is_painted_is_read(make: MakeModel, tasks: Tasks) -> None:
    """A list of a million rows reads the first page when opened, and the page of a row when that row is asked for."""
    desk = FakeDesk(1_000_000)
    model = make(desk)
    model.show(Query())
    assert tasks.wait_idle()
    assert text(model, 500_050) == PLACEHOLDER
    wait_until(lambda: text(model, 500_050) != PLACEHOLDER)
    assert desk.pages == [(0, PAGE), (500_000, PAGE)]


def test_many_wishes_become_few_readings(make: MakeModel, tasks: Tasks) -> None:
    """Dragging through a list reads the pages asked for last, not every page passed by."""
    desk = FakeDesk(1_000_000)
    model = make(desk)
    model.show(Query())
    assert tasks.wait_idle()
    go = threading.Event()
    desk.before = partial(_wait_for, go)
    read = len(desk.pages)
    for row in range(100_000, 200_000, PAGE):
        text(model, row)
    go.set()
    wait_until(lambda: text(model, 199_900) != PLACEHOLDER)
    assert len(desk.pages) - read <= 8


def test_memory_stays_bounded(make: MakeModel, tasks: Tasks) -> None:
    """However far a person scrolls, at most sixty pages are kept."""
    model = make(FakeDesk(100_000))
    model.show(Query())
    for row in range(0, 9_000, PAGE):
        text(model, row)
        wait_until(lambda row=row: text(model, row) != PLACEHOLDER)  # type: ignore[misc]
    assert sum(model.row(row) is not None for row in range(0, 100_000, PAGE)) <= 60


def test_a_late_answer_is_dropped(make: MakeModel, tasks: Tasks) -> None:
    """Rows of an earlier question never appear in the list of a later one."""
    desk = FakeDesk(1_000)
    model = make(desk)
    model.show(Query())
    assert tasks.wait_idle()
    go = threading.Event()
    desk.before = partial(_wait_for, go)
    text(model, 500)
    wait_until(lambda: tasks.running == 1)
    model.sort(0, Qt.SortOrder.AscendingOrder)
    go.set()
    assert tasks.wait_idle()
    wait_until(lambda: text(model, 500) != PLACEHOLDER)
    rows = [row for row in (model.row(number) for number in range(1_000)) if row is not None]
    assert rows and all(row.id.startswith("intake_no") for row in rows)


def test_while_typing_only_the_last_question_is_shown(make: MakeModel, tasks: Tasks) -> None:
    """Questions asked while one is being answered are not queued up: the first and the last are asked, the last shown."""
    desk = FakeDesk(1_000)
    model = make(desk)
    shown: list[Query] = []
    model.opened.connect(lambda *_: shown.append(model.query))
    for search in ("R", "RK", "RK2", "RK20"):
        model.show(Query(search=search))
    assert tasks.wait_idle()
    assert [query.search for query in desk.asked] == ["R", "RK20"]
    assert [query.search for query in shown] == ["RK20"]


def test_the_right_question_is_asked(make: MakeModel, tasks: Tasks) -> None:
    """Search, filters and sorting reach the desk as one query with field keys and outbox states."""
    desk = FakeDesk(100)
    model = make(desk)
    model.show(Query(search="RK", filters={"intake_type": "supply", UPLOAD: "attention"}))
    model.sort(4, Qt.SortOrder.AscendingOrder)
    assert tasks.wait_idle()
    query = desk.asked[-1]
    assert (query.kind, query.search, query.sort, query.descending) == (KIND, "RK", "intake_at", False)
    assert query.filters["intake_type"] == ("supply",)
    assert query.filters[UPLOAD] == ("rejected", "conflict", "quarantined", "blocked")
    model.sort(-1, Qt.SortOrder.AscendingOrder)
    assert tasks.wait_idle()
    assert desk.asked[-1].sort is None and desk.asked[-1].descending


def test_the_upload_column_is_no_sort_column(make: MakeModel, tasks: Tasks) -> None:
    """A click on a heading that the file has no index for asks nothing."""
    desk = FakeDesk(100)
    model = make(desk)
    model.show(Query())
    model.sort(len(model.columns) - 1, Qt.SortOrder.AscendingOrder)
    assert tasks.wait_idle()
    assert len(desk.asked) == 1


def test_a_page_that_cannot_be_read_says_so_once(make: MakeModel, tasks: Tasks) -> None:
    """A failing page shows 读取失败 and is not asked again by repainting, only by reading the list anew."""
    desk = FakeDesk(1_000)
    model = make(desk)
    model.show(Query())
    assert tasks.wait_idle()
    problems: list[Exception] = []
    model.failed.connect(problems.append)
    desk.problem = KnownProblem("磁盘读取出错")
    text(model, 500)
    wait_until(lambda: bool(problems))
    for _ in range(5):
        assert text(model, 500) == BROKEN
    assert tasks.wait_idle()
    assert len(problems) == 1
    desk.problem = None
    model.refresh(Keep)
    assert tasks.wait_idle()
    text(model, 500)
    wait_until(lambda: text(model, 500) not in (BROKEN, PLACEHOLDER))


def test_a_row_that_disappeared_is_empty_and_asks_for_a_new_list(make: MakeModel, tasks: Tasks) -> None:
    """When another process deleted a row meanwhile, its place stays empty and `stale` is emitted, once."""
    desk = FakeDesk(150)
    model = make(desk)
    stale: list[bool] = []
    model.stale.connect(lambda: stale.append(True))
    model.show(Query())
    assert tasks.wait_idle()
    page = desk.page
    desk.page = lambda listing, offset, limit=100: page(listing, offset, limit)[:-1]  # type: ignore[method-assign]
    model.refresh(lambda: Keep(top=0, bottom=10))
    assert tasks.wait_idle()
    text(model, 149)
    wait_until(lambda: bool(stale))
    assert text(model, 149) == ""
    assert tasks.wait_idle() and stale == [True]


@pytest.mark.parametrize(("before", "after", "row"), [(350, 351, 121), (350, 350, 120), (350, 349, -1)])
def test_a_refresh_finds_the_row_again(make: MakeModel, tasks: Tasks, before: int, after: int, row: int) -> None:
    """After a refresh the kept record is found where it is now, also when rows came above it; -1 when it is gone."""
    desk = FakeDesk(before)
    model = make(desk)
    model.show(Query())
    assert tasks.wait_idle()
    found: list[int] = []
    model.opened.connect(lambda _keep, where: found.append(where))
    desk.total = after
    kept = "00000120" if row >= 0 else "gone"
    page = desk.page

    def shifted(listing: object, offset: int, limit: int = 100) -> list[object]:
        # One row more stands above: what was at n is at n + 1.
        rows = page(listing, max(offset - (after - before), 0), limit)  # type: ignore[arg-type]
        return list(rows)

    if after > before:
        desk.page = shifted  # type: ignore[method-assign, assignment]
    model.refresh(lambda: Keep(top=100, bottom=130, row=120, id=kept))
    assert tasks.wait_idle()
    assert found == [row]


def test_a_state_is_word_shape_and_colour(make: MakeModel, tasks: Tasks) -> None:
    """The upload column shows a shape and a word in the colour of its tone, the other columns no colour of their own."""
    model = make(FakeDesk(100))
    model.show(Query())
    assert tasks.wait_idle()
    last = len(model.columns) - 1
    assert [text(model, row, last) for row in (0, 3, 5)] == ["✓ 已报送", "○ 待报送", "× 平台退回"]
    role = int(Qt.ItemDataRole.ForegroundRole)
    assert model.data(model.index(5, last), role).name() == LIGHT.tone(Tone.BAD)
    assert model.data(model.index(5, 0), role) is None


def test_headings_come_from_the_declaration(make: MakeModel) -> None:
    """The columns are those the module declares, in its order, and the upload state at the end."""
    model = make(FakeDesk())
    labels = [model.headerData(index, Qt.Orientation.Horizontal) for index in range(model.columnCount())]
    assert labels == [f.label for f in record_type(KIND).columns] + ["报送状态"]
