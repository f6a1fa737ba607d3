"""The rows of one module for the list model, straight from its declaration: columns, words, alignment, upload state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field, RecordType
from bloodbank_desktop.storage.listing import ListQuery, ListRow
from bloodbank_desktop.ui import states
from bloodbank_desktop.ui.list_model import Column, Query, Reader, Row

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk

UPLOAD = "upload"
UPLOAD_LABEL = "报送状态"
#: The field of the platform's answer that says where the business stands.
SAID = "state"


def columns_of(declared: RecordType) -> tuple[Column, ...]:
    """Return the columns of a module's list: those declared, and at the end where each record stands."""
    own = [
        Column(f.key, f.label, _samples(f), align_right=f.kind.align_right, help=f.help or f.label)
        for f in declared.columns
    ]
    said = declared.answer.fields.get(SAID) if declared.answer is not None else None
    if said is not None:
        own.append(Column(SAID, said.label, _samples(said), sortable=False, help="平台对这条记录的答复"))
    upload = Column(
        UPLOAD,
        UPLOAD_LABEL,
        ("◇ 等平台前置记录",),
        sortable=False,
        help="每条记录报送到平台的情况；有多项操作时显示最需要处理的一项",
    )
    return (*own, upload)


def _samples(f: Field) -> tuple[str, ...]:
    if isinstance(f.kind, kinds.Choice):
        return tuple(f.kind.table.word(key)[:14] for key in f.kind.table)
    if isinstance(f.kind, kinds.Moment):
        return ("2026-11-28 08:58",)
    return ("0" * (f.column or 0),)


Look = Callable[[str], tuple[int, Sequence[ListRow]] | None]
"""What a first look gives: how many records a module has and the newest of them, None if it cannot tell."""


class EarlySource:
    """Rows of a module before there is a desk: the newest from a first look, and for all else the desk is waited for.

    `desk` opens the data file for work and is called on the database lane, as `look` is.
    """

    def __init__(self, declared: RecordType, look: Look, desk: Callable[[], Desk]) -> None:
        self.columns = columns_of(declared)
        self._declared = declared
        self._look = look
        self._desk = desk

    def open(self, query: Query) -> tuple[int, Reader]:
        if query != Query():
            return self._whole().open(query)
        # Nothing can be told of a file that cannot be looked into; opening it for work will say why.
        total, found = self._look(self._declared.key) or (0, ())
        rows = [row_of(self._declared, one) for one in found]

        def read(offset: int, limit: int) -> Sequence[Row]:
            if offset + min(limit, total - offset) <= len(rows):
                return rows[offset : offset + limit]
            return self._whole().open(query)[1](offset, limit)

        return total, read

    def _whole(self) -> RecordSource:
        return RecordSource(self._declared, self._desk())


def row_of(declared: RecordType, row: ListRow) -> Row:
    """Return a row of the store as it is shown."""
    texts = [f.kind.format(row.values.get(f.key)) for f in declared.columns]
    answer = declared.answer
    if answer is not None and SAID in answer.fields:
        texts.append(answer.fields[SAID].kind.format(row.said or None))
    look = states.look(row.upload)
    # A line break would make a cell show nothing but the first line.
    cells = (*(text.replace("\n", " ") for text in texts), look.text)
    return Row(row.record_id, cells, {len(texts): look.tone}, row)


def list_query(declared: RecordType, query: Query) -> ListQuery:
    """Return what the store is asked for, of what a list of a module shows."""
    filters = {key: states.states_of(word) if key == UPLOAD else (word,) for key, word in query.filters.items()}
    return ListQuery(declared.key, query.search, filters, query.sort, query.descending)


class RecordSource:
    """Rows of a module, read from the desk."""

    def __init__(self, declared: RecordType, desk: Desk) -> None:
        self.columns = columns_of(declared)
        self._declared = declared
        self._desk = desk

    def open(self, query: Query) -> tuple[int, Reader]:
        listing = self._desk.open_list(list_query(self._declared, query))

        def read(offset: int, limit: int) -> Sequence[Row]:
            return [row_of(self._declared, row) for row in self._desk.page(listing, offset, limit)]

        return listing.total, read
