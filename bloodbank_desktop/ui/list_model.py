"""One model for every list: it knows how many rows there are and reads a hundred of them when they are painted.

Nothing here takes longer when there are more rows: no loop over rows, no proxy, no fetching of "more", and no answer is
shown that belongs to a question asked earlier. What a cell shows is made on the database lane, so painting only looks
it up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, Protocol

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import LIGHT, Colours, Tone

PAGE = 100
_KEPT_PAGES = 60
_PAGES_AT_ONCE = 4
PLACEHOLDER = "…"
BROKEN = "读取失败"
_GAP = "\u2002"

_DISPLAY = int(Qt.ItemDataRole.DisplayRole)
_FOREGROUND = int(Qt.ItemDataRole.ForegroundRole)
_ALIGN = int(Qt.ItemDataRole.TextAlignmentRole)
_TOOL_TIP = int(Qt.ItemDataRole.ToolTipRole)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """One column. `samples` are the longest texts to expect, for its width; `help` is the tip of its heading."""

    key: str
    label: str
    samples: tuple[str, ...] = ()
    align_right: bool = False
    sortable: bool = True
    help: str = ""


@dataclass(frozen=True)
class Row:
    """One row as the screen needs it: a text per column, a tone by column where there is one, what it stands for."""

    id: str
    texts: tuple[str, ...]
    tones: Mapping[int, Tone]
    item: Any


@dataclass(frozen=True)
class Query:
    """What a list shows; `sort` None = the list's own order, newest first."""

    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str | None = None
    descending: bool = True

    @property
    def narrowed(self) -> bool:
        """Whether rows are left out."""
        return bool(self.search.strip() or self.filters)


Reader = Callable[[int, int], Sequence[Row]]
"""Rows from an offset, at most so many; runs on the database lane."""


class Source(Protocol):
    """Where a list comes from."""

    columns: tuple[Column, ...]

    def open(self, query: Query) -> tuple[int, Reader]:
        """Return the number of rows and how to read them. Runs on the database lane."""
        ...


@dataclass(frozen=True)
class Keep:
    """What a refresh must not move: the rows on the screen and the row that is current ("" = none)."""

    top: int = 0
    bottom: int = 0
    row: int = -1
    id: str = ""


Keeper = Callable[[], Keep]


@dataclass(frozen=True)
class _Opened:
    total: int
    reader: Reader
    pages: dict[int, Sequence[Row]]
    row: int
    query: Query


class PagedModel(QAbstractTableModel):
    """The model. `opened(keep, row)` follows every new listing; `row` is where the kept row is now, -1 if nowhere."""

    opened = Signal(object, int)
    stale = Signal()
    failed = Signal(object)

    def __init__(self, source: Source, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._source = source
        self._tasks = tasks
        self.columns = source.columns
        self.query = Query()
        self.ready = False
        self._total = 0
        self._reader: Reader | None = None
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._broken: set[int] = set()
        self._wanted: dict[int, None] = {}
        self._token = 0
        self._fetching: tuple[int, ...] = ()
        self._fetched_token = 0
        self._opening = False
        self._next: tuple[Query, Keeper | None] | None = None
        self._awaited: tuple[range, Callable[[], None]] | None = None
        self._said_stale = False
        self._last_page = -1
        self._colours: dict[Tone, QColor] = {}
        self.set_colours(LIGHT)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._fetch)

    # what the list shows

    def follow(self, source: Source) -> None:
        """Read from another source with the same columns from now on; the rows shown stay until they are refreshed."""
        self._source = source

    def show(self, query: Query) -> None:
        """Show another question; the rows of the old one stay until the answer is there."""
        self.query = query
        self._open(query, None)

    def refresh(self, keeper: Keeper, *, instead: bool = False) -> None:
        """Ask the same question again without moving what the person looks at, which `keeper` says when it is asked.

        Further wishes for a refresh that has not begun add nothing, unless this one comes `instead`.
        """
        if self._next is None or (instead and self._next[1] is not None):
            self._open(self.query, keeper)

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Called by the heading; a column below 0 means the list's own order."""
        if column >= len(self.columns) or (column >= 0 and not self.columns[column].sortable):
            return
        sort = self.columns[column].key if column >= 0 else None
        descending = sort is None or order == Qt.SortOrder.DescendingOrder
        if (sort, descending) != (self.query.sort, self.query.descending):
            self.show(replace(self.query, sort=sort, descending=descending))

    def row(self, number: int) -> Row | None:
        """Return a row that is already read."""
        page = self._pages.get(number // PAGE)
        place = number % PAGE
        return page[place] if page is not None and number >= 0 and place < len(page) else None

    def when_read(self, first: int, last: int, then: Callable[[], None]) -> None:
        """Call `then` when the rows from `first` to `last` are read, at once if they are.

        Only the latest call counts, and none outlives the listing that it was made for.
        """
        pages = range(max(first, 0) // PAGE, min(last, self._total - 1) // PAGE + 1)
        self._awaited = (pages, then)
        for page in pages:
            if page not in self._pages:
                self._want(page)
        self._give_awaited()

    def set_colours(self, colours: Colours) -> None:
        """Use the colours of another palette."""
        self._colours = {tone: QColor(colours.tone(tone)) for tone in Tone if tone is not Tone.PLAIN}

    # the model as Qt sees it

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: AnyIndex, role: int = _DISPLAY) -> Any:
        if role == _ALIGN:
            column = index.column()
            return (_RIGHT if self.columns[column].align_right else _LEFT) if 0 <= column < len(self.columns) else None
        if role not in (_DISPLAY, _FOREGROUND, _TOOL_TIP):
            return None
        number = index.row()
        if not 0 <= number < self._total:
            return None
        wanted, place = divmod(number, PAGE)
        page = self._pages.get(wanted)
        if page is None:
            if role == _FOREGROUND:
                return self._colours[Tone.MUTED]
            self._want(wanted)
            return BROKEN if wanted in self._broken else PLACEHOLDER
        if wanted != self._last_page:
            self._pages.move_to_end(wanted)
            self._last_page = wanted
        if place >= len(page):  # deleted by somebody since the list was opened
            return None if role == _FOREGROUND else ""
        row = page[place]
        column = index.column()
        if role == _FOREGROUND:
            tone = row.tones.get(column)
            return None if tone is None else self._colours.get(tone)
        text = row.texts[column]
        if role == _TOOL_TIP:
            return text if len(text) > 10 else None
        # A number that ends where the next column begins reads as one word with it.
        return text + _GAP if self.columns[column].align_right else text

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == _DISPLAY:
            return column.label + _GAP if column.align_right else column.label
        if role == _ALIGN:
            return _RIGHT if column.align_right else _LEFT
        if role == _TOOL_TIP:
            return column.help or None
        return None

    # opening

    def _open(self, query: Query, keeper: Keeper | None) -> None:
        if self._opening:
            # Only the last question counts; a person types faster than a million rows are searched.
            self._next = (query, keeper)
            return
        self._opening = True
        keep = keeper() if keeper is not None else None
        total_before = self._total
        self._tasks.database(
            lambda: _read(self._source, query, keep, total_before),
            lambda opened: self._install(opened, keep),
            self._not_opened,
            owner=self,
        )

    def _install(self, opened: _Opened, keep: Keep | None) -> None:
        self._opening = False
        if self._next is not None and self._next[0] != opened.query:
            # The answer to an earlier question is never shown.
            self._go_on()
            return
        self._token += 1
        self._awaited = None
        self._reader = opened.reader
        self._said_stale = False
        same_shape = keep is not None and opened.total == self._total and self.ready
        if not same_shape:
            self.beginResetModel()
        self._total = opened.total
        self._pages = OrderedDict(opened.pages)
        self._broken.clear()
        self._wanted.clear()
        self._last_page = -1
        self.ready = True
        if not same_shape:
            self.endResetModel()
        elif self._total:
            self.dataChanged.emit(self.index(0, 0), self.index(self._total - 1, len(self.columns) - 1))
        self.opened.emit(keep, opened.row)
        self._go_on()

    def _go_on(self) -> None:
        if self._next is not None and not self._opening:
            (query, keeper), self._next = self._next, None
            self._open(query, keeper)

    def _not_opened(self, problem: Exception) -> None:
        self._opening = False
        self.failed.emit(problem)
        self._go_on()

    # reading pages

    def _want(self, page: int) -> None:
        on_its_way = page in self._fetching and self._fetched_token == self._token
        if page in self._broken or on_its_way:
            return
        self._wanted[page] = None
        if not self._fetching and not self._soon.isActive():
            # After this paint, so that all its pages are read at once.
            self._soon.start(0)

    @Slot()
    def _fetch(self) -> None:
        reader = self._reader
        if self._fetching or reader is None or not self._wanted:
            return
        # The last asked are the ones on the screen; where the person only passed by, nothing is read.
        pages = list(self._wanted)[-_PAGES_AT_ONCE:]
        self._wanted.clear()
        self._fetching = tuple(pages)
        token = self._fetched_token = self._token
        self._tasks.database(
            lambda: {page: reader(page * PAGE, PAGE) for page in pages},
            lambda found: self._arrived(token, found),
            lambda problem: self._not_read(token, pages, problem),
            owner=self,
        )

    def _arrived(self, token: int, found: dict[int, Sequence[Row]]) -> None:
        self._fetching = ()
        if token != self._token:  # the answer to an earlier question
            self._fetch()
            return
        for page, rows in found.items():
            self._pages[page] = rows
            self._pages.move_to_end(page)
            short = len(rows) < min(PAGE, self._total - page * PAGE)
            if short and not self._said_stale:
                self._said_stale = True
                self.stale.emit()
        while len(self._pages) > _KEPT_PAGES:
            self._pages.popitem(last=False)
        self._last_page = -1
        self._changed(found)
        self._give_awaited()
        self._fetch()

    def _not_read(self, token: int, pages: Sequence[int], problem: Exception) -> None:
        self._fetching = ()
        if token == self._token:
            # Not asked again until the list is read anew: a repaint must not become a loop of errors.
            self._broken.update(pages)
            self._changed(pages)
            self._give_awaited()
            self.failed.emit(problem)
        self._fetch()

    def _give_awaited(self) -> None:
        if self._awaited is not None and all(page in self._pages or page in self._broken for page in self._awaited[0]):
            (_, then), self._awaited = self._awaited, None
            then()

    def _changed(self, pages: Mapping[int, Any] | Sequence[int]) -> None:
        last = len(self.columns) - 1
        for page in pages:
            first = page * PAGE
            if first < self._total:
                bottom = min(first + PAGE, self._total) - 1
                self.dataChanged.emit(self.index(first, 0), self.index(bottom, last))


def _read(source: Source, query: Query, keep: Keep | None, total_before: int) -> _Opened:
    """Open a listing together with the rows that will be on the screen at once. Runs on the database lane."""
    total, reader = source.open(query)
    pages: dict[int, Sequence[Row]] = {}

    def page(number: int) -> Sequence[Row]:
        if number not in pages:
            pages[number] = reader(number * PAGE, PAGE) if 0 <= number * PAGE < total else ()
        return pages[number]

    row = -1
    if keep is not None and keep.id:
        # A new record usually pushes the others down by one; look there first, then at the old place.
        guess = keep.row + total - total_before
        for number in dict.fromkeys((guess // PAGE, keep.row // PAGE, guess // PAGE - 1, guess // PAGE + 1)):
            for place, one in enumerate(page(number) if number >= 0 else ()):
                if one.id == keep.id:
                    row = number * PAGE + place
                    break
            if row >= 0:
                break
    shift = row - keep.row if keep is not None and row >= 0 else 0
    top, bottom = (0, 0) if keep is None else (keep.top + shift, keep.bottom + shift)
    last = max(total - 1, 0)
    for number in range(min(max(top, 0), last) // PAGE, min(max(bottom, 0), last) // PAGE + 1):
        page(number)
    return _Opened(total, reader, {number: rows for number, rows in pages.items() if rows}, row, query)
