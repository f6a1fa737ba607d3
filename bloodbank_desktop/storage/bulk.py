"""Thousands of records in one transaction: the same rows as one by one, handed over by the hundred.

The danger is a second idea of what a record looks like; so rows, search grams, outbox and audit come from the modules
that know them, and this one only gathers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, text, update

from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.wire import canonical, to_json
from bloodbank_desktop.storage import audit, outbox, rows, tables
from bloodbank_desktop.storage.names import DELETED, ID, REVISION, SEQ, search_table
from bloodbank_desktop.storage.rows import Row
from bloodbank_desktop.storage.search import grams
from bloodbank_desktop.storage.tables import lines_table, record_table

_MANY = text("SELECT value FROM json_each(:wanted)")


@dataclass(frozen=True, slots=True)
class Act:
    """One operation of many: what happens to which record, and the canonical JSON that travels (None = nothing)."""

    record_id: str
    name: str
    payload: bytes | None
    base_version: int | None = None


def add(tx: Connection, kind: str, records: Sequence[tuple[str, Values]], *, at: datetime, actor: str) -> None:
    """Insert new records, given as (record id, values), with their lines and search grams."""
    declared = record_type(kind)
    head, members = rows.inserts(kind)
    table = record_table(kind)
    seq = int(tx.execute(select(func.coalesce(func.max(table.c[SEQ]), 0))).scalar_one())
    heads: list[dict[str, Any]] = []
    lines: dict[str, list[dict[str, Any]]] = {f.key: [] for f, _ in declared.groups}
    found: list[dict[str, Any]] = []
    for number, (record_id, values) in enumerate(records, start=seq + 1):
        texts = rows.searched(declared, values)
        heads.append({SEQ: number} | rows.new_head(declared, record_id, values, texts, at=at, actor=actor))
        for f, of in declared.groups:
            lines[f.key] += rows.line_rows(of, number, values.get(f.key) or ())
        found.append({"seq": number, "grams": grams(texts)})
    tx.execute(head, heads)
    for key, made in lines.items():
        if made:
            tx.execute(members[key], made)
    tx.execute(rows.index_statement(kind), found)


def send(tx: Connection, kind: str, op: str, acts: Sequence[Act], *, at: datetime, actor: str) -> list[int | None]:
    """Append the operations that travel to the outbox; return their device numbers, None for the others."""
    dseq, incarnation = outbox.next_of(tx)
    numbers: list[int | None] = []
    made: list[dict[str, Any]] = []
    for act in acts:
        if act.payload is None:
            numbers.append(None)
            continue
        numbers.append(dseq)
        made.append(
            outbox.new_row(
                dseq,
                incarnation,
                record_id=act.record_id,
                kind=kind,
                name=act.name,
                op=op,
                base_version=act.base_version,
                payload=act.payload,
                actor=actor,
                at=at,
            )
        )
        dseq += 1
    if made:
        tx.execute(insert(tables.outbox), made)
    return numbers


def note(tx: Connection, key: bytes, notes: Iterable[tuple[str, str, Any]], *, at: datetime, actor: str) -> None:
    """Append audit rows, given as (action, object, detail), to the chain."""
    number, previous = audit.last(tx)
    made = []
    for action, object_, detail in notes:
        row = audit.sealed(key, number, previous, at=at, actor=actor, action=action, object_=object_, detail=detail)
        made.append(row)
        number, previous = row["seq"], row["mac"]
    if made:
        tx.execute(insert(tables.audit), made)


def taken(tx: Connection, kind: str, key: str, values: Iterable[str]) -> set[str]:
    """Return those of the values that a record which is not deleted states in this field."""
    head = record_table(kind)
    wanted = select(head.c[key]).where(head.c[key].in_(_MANY), head.c[DELETED].is_(None))
    return set(tx.execute(wanted, {"wanted": json.dumps(list(values))}).scalars())


@cache
def _reads(kind: str) -> tuple[Select[Any], dict[str, Select[Any]]]:
    declared, head = record_type(kind), record_table(kind)
    members = {}
    for f, of in declared.groups:
        table = lines_table(kind, f)
        columns = (table.c[name] for name in ("_head", *(g.key for g in of.plain)))
        wanted = select(*columns).where(table.c["_head"].in_(_MANY))
        members[f.key] = wanted.order_by(table.c["_head"], table.c["_position"])
    columns = (head.c[name] for name in (SEQ, *(f.key for f in declared.plain)))
    return select(*columns).where(head.c[SEQ].in_(_MANY)), members


def read(tx: Connection, kind: str, seqs: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the values of the records with these row numbers, in this order."""
    declared = record_type(kind)
    head, members = _reads(kind)
    wanted = {"wanted": json.dumps(list(seqs))}
    keys = [f.key for f in declared.plain]
    found = {row[0]: dict(zip(keys, row[1:], strict=True)) for row in tx.execute(head, wanted)}
    for f, of in declared.groups:
        of_keys = [g.key for g in of.plain]
        lines: dict[int, list[dict[str, Any]]] = {}
        for row in tx.execute(members[f.key], wanted):
            lines.setdefault(row[0], []).append(dict(zip(of_keys, row[1:], strict=True)))
        for seq, values in found.items():
            values[f.key] = tuple(lines.get(seq, ()))
    for seq in seqs:
        if seq in found:
            yield found[seq]


def of_operations(tx: Connection, kind: str, first: int, last: int) -> list[tuple[Row, str]]:
    """Return the records that the operations numbered `first` to `last` registered, each with its operation's state."""
    table = tables.outbox
    wanted = select(table.c.record_id, table.c.state).where(
        table.c.dseq.between(first, last), table.c.kind == kind, table.c.op == "register"
    )
    states = {record_id: state for record_id, state in tx.execute(wanted.order_by(table.c.dseq))}
    head = record_table(kind)
    noted = [head.c[name] for name in (SEQ, ID, REVISION, DELETED)]
    noted += [head.c[name] for name in ("_created_at", "_created_by", "_changed_at", "_changed_by")]
    found = tx.execute(select(*noted).where(head.c[ID].in_(_MANY)), {"wanted": json.dumps(list(states))})
    known = {row[ID]: row for row in found.mappings()}
    contents = dict(
        zip(
            (known[one][SEQ] for one in states),
            read(tx, kind, [known[one][SEQ] for one in states]),
            strict=True,
        )
    )
    return [(rows.row_of(known[one], contents[known[one][SEQ]]), state) for one, state in states.items()]


def platform_versions(tx: Connection, record_ids: Iterable[str]) -> dict[str, int]:
    """Return the version that the platform has of each record that it has."""
    copies = tables.platform_copies
    wanted = select(copies.c.record_id, copies.c.version).where(copies.c.record_id.in_(_MANY))
    return {one: version for one, version in tx.execute(wanted, {"wanted": json.dumps(list(record_ids))})}


def remove(tx: Connection, kind: str, gone: Sequence[Row], *, at: datetime, actor: str, reason: str) -> None:
    """Keep the records as they stand, mark them as deleted and take them out of the search."""
    declared, head = record_type(kind), record_table(kind)
    kept = [
        {
            "kind": kind,
            "record_id": row.record_id,
            "revision": row.revision,
            "at": at,
            "actor": actor,
            "reason": reason,
            "body": canonical(to_json(declared, row.values)).decode(),
        }
        for row in gone
    ]
    tx.execute(insert(tables.revisions), kept)
    mark = update(head).where(head.c[SEQ] == bindparam("b_seq"))
    marked = mark.values({DELETED: at, REVISION: head.c[REVISION] + 1, "_changed_at": at, "_changed_by": actor})
    tx.execute(marked, [{"b_seq": row.seq} for row in gone])
    leave = text(f"DELETE FROM {search_table(kind)} WHERE rowid = :seq")
    tx.execute(leave, [{"seq": row.seq} for row in gone])


def close(tx: Connection, states: Mapping[str, str], *, at: datetime) -> None:
    """Close the operations that wait for a person, of each record with the state given for it."""
    table = tables.outbox
    shut = (
        update(table)
        .where(table.c.record_id == bindparam("b_record"), table.c.state.in_(outbox.ATTENTION))
        .values(state=bindparam("b_state"), settled_at=at)
    )
    if states:
        tx.execute(shut, [{"b_record": one, "b_state": state} for one, state in states.items()])
