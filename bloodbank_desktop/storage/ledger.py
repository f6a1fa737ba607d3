"""The stock ledger: what happened to each bag, appended and never changed; the stock table is only its sum.

Because the sum can be taken again at any time, a stock that differs from the ledger is found, not believed
(domain rule: stock = intake − issue − other removal, recomputable from the movement ledger).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.wire import canonical
from bloodbank_desktop.storage.tables import ledger, stock

_TESTED = ("antigens_positive", "antigens_negative", "attributes", "restricted_to")
_FACTS = ("component", "abo", "rhd", "amount", "expires_at", "location", *_TESTED)
_MUTABLE = ("location", "holder", "held_until")

_KEY = ("donation_number", "product_code", "split")
_FIND = select(stock).where(*(stock.c[name] == bindparam(name) for name in _KEY))
_LIFE = select(ledger).where(*(ledger.c[name] == bindparam(name) for name in _KEY)).order_by(ledger.c.seq)
_APPEND, _STOCK = insert(ledger), sqlite_insert(stock)
# A bag that was reversed comes in again as if for the first time.
_ENTER = _STOCK.on_conflict_do_update(
    index_elements=_KEY, set_={c.name: _STOCK.excluded[c.name] for c in stock.c if c.name not in _KEY}
)
_MOVE = (
    update(stock)
    .where(*(stock.c[name] == bindparam(f"b_{name}") for name in _KEY))
    .values({name: bindparam(name) for name in ("state", *_MUTABLE)})
)


@dataclass(frozen=True)
class StockRow:
    """A bag that is or was here; `holder` names the request or record that has it, "" for nobody.

    What was tested of it and done to it are keys of the tables antigen and processing; `restricted_to` is the medical
    record number of the only patient who may get it, "" for anyone.
    """

    key: BagKey
    state: str
    component: str
    abo: str
    rhd: str
    amount: str
    expires_at: datetime
    location: str
    received_at: datetime
    intake_no: str
    record_id: str
    holder: str = ""
    held_until: str = ""
    antigens_positive: tuple[str, ...] = ()
    antigens_negative: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    restricted_to: str = ""


@dataclass(frozen=True)
class Entry:
    """One thing that happened to a bag."""

    at: datetime
    event: str
    state_before: str | None
    state_after: str
    kind: str
    record_id: str
    actor: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Cause:
    """What made an event happen: record (kind, id, name), by whom and when."""

    kind: str
    record_id: str
    name: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Move:
    """One event of one bag; `facts` are what it changes beside the state: "location", "holder", or words ("reason")."""

    key: BagKey
    event: str
    before: str
    after: str
    line: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


def find(tx: Connection, key: BagKey) -> StockRow | None:
    """Return the bag with this identity, None if it never came here."""
    found = tx.execute(_FIND, dict(zip(_KEY, key, strict=True))).first()
    return None if found is None else row_of(found)


def row_of(found: Any) -> StockRow:
    """Return the StockRow of a row of the table."""
    return StockRow(
        (found.donation_number, found.product_code, found.split),
        found.state,
        found.component,
        found.abo,
        found.rhd,
        found.amount,
        found.expires_at,
        found.location,
        found.received_at,
        found.received_as,
        found.received_by_record,
        found.holder,
        found.held_until,
        # Words of a table hold no blank, so that a column of them is read without a parser.
        tuple(found.antigens_positive.split()),
        tuple(found.antigens_negative.split()),
        tuple(found.attributes.split()),
        found.restricted_to,
    )


def life(tx: Connection, key: BagKey) -> list[Entry]:
    """Return everything that happened to a bag, oldest first."""
    return [
        Entry(
            row.at, row.event, row.state_before, row.state_after, row.kind, row.record_id, row.actor,
            json.loads(row.facts),
        )
        for row in tx.execute(_LIFE, dict(zip(_KEY, key, strict=True)))
    ]  # fmt: skip


def receive(tx: Connection, bags: Sequence[tuple[Move, Mapping[str, Any]]], cause: Cause) -> None:
    """Append the arrival of bags, each with the facts of its label, and put them into the stock.

    The caller has asked `find` first, to say in words which bag is here already.
    """
    entries: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for move, facts in bags:
        identity = dict(zip(_KEY, move.key, strict=True))
        kept = {name: _plain(facts[name]) for name in _FACTS} | {"received_as": cause.name, **move.facts}
        entries.append(_entry(move, cause, kept))
        rows.append(
            identity
            | {name: facts[name] for name in _FACTS}
            | {"state": move.after, "holder": "", "held_until": "", "received_at": cause.at}
            | {"received_by_record": cause.record_id, "received_as": cause.name}
        )
    tx.execute(_APPEND, entries)
    tx.execute(_ENTER, rows)


def move(tx: Connection, moves: Sequence[Move], cause: Cause) -> None:
    """Append events of bags that are here and bring the stock to what they say."""
    if not moves:
        return
    tx.execute(_APPEND, [_entry(one, cause, {**one.facts, "name": cause.name}) for one in moves])
    for one in moves:
        now = find(tx, one.key)
        assert now is not None, "only bags that are here move"
        kept = {"location": now.location, "holder": now.holder, "held_until": now.held_until} | _changed(one.facts)
        tx.execute(_MOVE, kept | {"state": one.after} | {f"b_{n}": v for n, v in zip(_KEY, one.key, strict=True)})


def _changed(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return what an event changes in the stock; a new holder, or none, begins without an end."""
    changed = {name: str(facts[name]) for name in _MUTABLE if name in facts}
    return {"held_until": "", **changed} if "holder" in changed else changed


def _entry(one: Move, cause: Cause, facts: Mapping[str, Any]) -> dict[str, Any]:
    return dict(zip(_KEY, one.key, strict=True)) | {
        "at": cause.at,
        "event": one.event,
        "state_before": one.before or None,
        "state_after": one.after,
        "kind": cause.kind,
        "record_id": cause.record_id,
        "line": one.line,
        "actor": cause.actor,
        "facts": canonical(dict(facts)).decode(),
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def recomputed(tx: Connection) -> Iterator[dict[str, Any]]:
    """Yield the stock rows that the ledger alone gives, in the order of the stock's key."""
    bag: dict[str, Any] | None = None
    order = (ledger.c.donation_number, ledger.c.product_code, ledger.c.split, ledger.c.seq)
    for row in tx.execute(select(ledger).order_by(*order)).mappings():
        key = tuple(row[name] for name in _KEY)
        facts = json.loads(row["facts"])
        same = bag is not None and key == tuple(bag[name] for name in _KEY)
        if bag is not None and not same:
            yield bag
        if bag is None or not same or "received_as" in facts:
            bag = {
                **dict(zip(_KEY, key, strict=True)),
                **{name: facts[name] for name in (*_FACTS, "received_as")},
                "state": row["state_after"],
                "holder": "",
                "held_until": "",
                "expires_at": datetime.fromisoformat(facts["expires_at"]),
                "received_at": row["at"],
                "received_by_record": row["record_id"],
            }
        else:
            bag["state"] = row["state_after"]
            bag |= _changed(facts)
    if bag is not None:
        yield bag


def differences(tx: Connection) -> Iterator[BagKey]:
    """Yield every bag whose stock row is not what the ledger says."""
    kept = {
        (row["donation_number"], row["product_code"], row["split"]): dict(row)
        for row in tx.execute(select(stock)).mappings()
    }
    for bag in recomputed(tx):
        key = (bag["donation_number"], bag["product_code"], bag["split"])
        if kept.pop(key, None) != bag:
            yield key
    yield from kept
