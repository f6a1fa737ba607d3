"""The rows of one module for the list model, straight from its declaration: columns, words, alignment, upload state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field, RecordType
from bloodbank_desktop.ui import states
from bloodbank_desktop.ui.list_model import Column, Query, Reader, Row

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.storage.lists import ListQuery, ListRow

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


class RecordSource:
    """Rows of a module, read from the desk."""

    def __init__(self, declared: RecordType, desk: Desk) -> None:
        self.columns = columns_of(declared)
        self._declared = declared
        self._fields = declared.columns
        self._desk = desk

    def open(self, query: Query) -> tuple[int, Reader]:
        listing = self._desk.open_list(self._question(query))

        def read(offset: int, limit: int) -> Sequence[Row]:
            return [self._row(row) for row in self._desk.page(listing, offset, limit)]

        return listing.total, read

    def _question(self, query: Query) -> ListQuery:
        # Whoever has a desk has loaded this already; the window itself starts without it.
        from bloodbank_desktop.storage.lists import ListQuery

        filters = {key: states.states_of(word) if key == UPLOAD else (word,) for key, word in query.filters.items()}
        return ListQuery(self._declared.key, query.search, filters, query.sort, query.descending)

    def _row(self, row: ListRow) -> Row:
        texts = [f.kind.format(row.values.get(f.key)) for f in self._fields]
        look = states.look(row.upload)
        answer = self._declared.answer
        if answer is not None and SAID in answer.fields:
            texts.append(answer.fields[SAID].kind.format(row.said or None))
        # A line break would make a cell show nothing but the first line.
        cells = (*(text.replace("\n", " ") for text in texts), look.text)
        return Row(row.record_id, cells, {len(texts): look.tone}, row)
