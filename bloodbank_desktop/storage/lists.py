"""Lists of a million records: how many there are at once, and any hundred of them in milliseconds.

A whole list has no ids in memory: rows are numbered without a gap, so that there are as many as the last number says,
less the deleted; every list column has an index, and a page is read from whichever end of that index is nearer. A
searched or filtered list reads the ids once (eight bytes each) and then its rows by page.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, false, func, or_, select, text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.listing import Listing as Listing
from bloodbank_desktop.storage.listing import ListQuery as ListQuery
from bloodbank_desktop.storage.listing import ListRow as ListRow
from bloodbank_desktop.storage.names import DELETED, ID, REVISION, SEQ, count_column, search_table
from bloodbank_desktop.storage.outbox import CLOSED, OPEN, record_states, under_way
from bloodbank_desktop.storage.platform_rows import stated
from bloodbank_desktop.storage.search import match, needles
from bloodbank_desktop.storage.tables import record_table
from bloodbank_desktop.storage.upload_states import settled

UPLOAD = "upload"


def open_list(tx: Connection, query: ListQuery) -> Listing:
    """Return the list of a query. Raises KnownProblem for a sort or filter that the module does not have."""
    declared = record_type(query.kind)
    head = record_table(query.kind)
    live = head.c[DELETED].is_(None)
    if query.sort is not None and query.sort not in {f.key for f in declared.columns}:
        raise KnownProblem(f"{declared.label}不能按“{query.sort}”排序", code="no-such-column")
    runs = needles(query.search)
    if not runs and not query.filters and not query.search.strip():
        return Listing(query, _live(tx, query.kind))
    if query.search.strip() and not runs:
        return Listing(query, 0, array("q"))
    wanted: list[ColumnElement[bool]] = [live]
    for key, allowed in query.filters.items():
        if key == UPLOAD and declared.travels:
            wanted.append(_in_states(query.kind, allowed))
        elif isinstance(getattr(declared.fields.get(key), "kind", None), kinds.Choice):
            wanted.append(head.c[key].in_(allowed))
        else:
            raise KnownProblem(f"{declared.label}不能按“{key}”筛选", code="no-such-filter")
    parameters: dict[str, str] = {}
    if runs:
        expression, exact = match(runs)
        name = search_table(query.kind)
        parameters["expression"] = expression
        found = f"SELECT rowid FROM {name} WHERE {name} MATCH :expression"
        if exact and len(wanted) == 1 and query.sort is None:
            order = "DESC" if query.descending else "ASC"
            ids = array("q", (seq for (seq,) in tx.execute(text(f"{found} ORDER BY rowid {order}"), parameters)))
            return Listing(query, len(ids), ids)
        wanted.append(head.c[SEQ].in_(text(found)))
        if not exact:
            wanted += [func.instr(head.c["_search"], run) > 0 for run in runs]
    statement = _ordered(select(head.c[SEQ]).where(and_(*wanted)), query, query.descending)
    ids = array("q", (seq for (seq,) in tx.execute(statement, parameters)))
    return Listing(query, len(ids), ids)


def _in_states(kind: str, states: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that the worst operation of a record is in one of these states; nothing open is arrived.

    Only the open rows of the outbox are asked, which are few; the others are as many as there are records.
    """
    head, other = record_table(kind), record_table(kind).alias()

    def rows(wanted: Sequence[str]) -> Select[Any]:
        return select(other.c[SEQ]).where(other.c[ID].in_(under_way(wanted)))

    found = [
        and_(head.c[SEQ].in_(rows([state])), head.c[SEQ].not_in(rows(OPEN[: OPEN.index(state)])))
        for state in OPEN
        if state in states
    ]
    if not set(states).isdisjoint(CLOSED):
        found.append(head.c[SEQ].not_in(rows(OPEN)))
    return or_(false(), *found)


def _live(tx: Connection, kind: str) -> int:
    head = record_table(kind)
    deleted = select(func.count()).select_from(head).where(head.c[DELETED].is_not(None)).scalar_subquery()
    return int(tx.execute(select(func.coalesce(func.max(head.c[SEQ]), 0) - deleted)).scalar_one())


def page(tx: Connection, listing: Listing, offset: int, limit: int = 100) -> list[ListRow]:
    """Return the rows from `offset` on, at most `limit`."""
    query = listing.query
    if listing.chosen is not None:
        seqs = list(listing.chosen[offset : offset + limit])
    else:
        seqs = _from_nearer_end(tx, listing, offset, min(limit, listing.total - offset))
    if not seqs:
        return []
    declared = record_type(query.kind)
    columns = [f.key for f in declared.columns]
    counts = {f.key: count_column(f.key) for f, _ in declared.groups}
    found = {row[SEQ]: row for row in tx.execute(_rows(query.kind), {"seqs": json.dumps(seqs)}).mappings()}
    ids = [row[ID] for row in found.values()]
    states = record_states(tx, ids)
    answer, none = declared.answer, settled(declared.travels)
    said = stated(tx, ids) if answer is not None and "state" in answer.fields else {}
    rows = []
    for seq in seqs:
        row = found.get(seq)
        if row is None:  # deleted since the list was opened; the next refresh drops it
            continue
        values = {key: row[key] for key in columns}
        lines = {key: row[column] for key, column in counts.items()}
        rows.append(ListRow(row[ID], row[REVISION], values, states.get(row[ID], none), lines, said.get(row[ID], "")))
    return rows


def sequence(tx: Connection, listing: Listing) -> Sequence[int]:
    """Return the row numbers of a whole list, in its order."""
    return listing.chosen if listing.chosen is not None else _from_nearer_end(tx, listing, 0, listing.total)


@cache
def _rows(kind: str) -> Select[Any]:
    """Return the query for the rows numbered `seqs`, a JSON list: one parameter, so that it is compiled only once."""
    declared, head = record_type(kind), record_table(kind)
    names = [SEQ, ID, REVISION, *(f.key for f in declared.columns), *(count_column(f.key) for f, _ in declared.groups)]
    wanted = head.c[SEQ].in_(text("SELECT value FROM json_each(:seqs)"))
    return select(*(head.c[name] for name in names)).where(wanted, head.c[DELETED].is_(None))


def _ordered(statement: Select[Any], query: ListQuery, descending: bool) -> Select[Any]:
    head = record_table(query.kind)
    keys = [head.c[SEQ]] if query.sort is None else [head.c[query.sort], head.c[SEQ]]
    return statement.order_by(*(key.desc() if descending else key.asc() for key in keys))


def _from_nearer_end(tx: Connection, listing: Listing, offset: int, limit: int) -> list[int]:
    if limit <= 0:
        return []
    query = listing.query
    head = record_table(query.kind)
    statement = select(head.c[SEQ]).where(head.c[DELETED].is_(None))
    after = listing.total - offset - limit
    if after >= offset:
        forward = _ordered(statement, query, query.descending).limit(limit).offset(offset)
        return [seq for (seq,) in tx.execute(forward)]
    backward = _ordered(statement, query, not query.descending).limit(limit).offset(after)
    return [seq for (seq,) in tx.execute(backward)][::-1]
