"""The stock ledger: what happened to each bag, appended and never changed; the stock table is only its sum.

Because the sum can be taken again at any time, a stock that differs from the ledger is found, not believed
(domain rule: stock = intake − issue − other removal, recomputable from the movement ledger).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.wire import canonical
from bloodbank_desktop.storage.schema import ledger, stock

_FACTS = ("component", "abo", "rhd", "amount", "expires_at", "location")


_KEY = ("donation_number", "product_code", "split")
_FIND = select(stock).where(*(stock.c[name] == bindparam(name) for name in _KEY))
_APPEND, _STOCK = insert(ledger), insert(stock)


@dataclass(frozen=True)
class StockRow:
    """A bag that is or was here."""

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


def find(tx: Connection, key: BagKey) -> StockRow | None:
    """Return the bag with this identity, None if it never came here."""
    found = tx.execute(_FIND, dict(zip(_KEY, key, strict=True))).first()
    if found is None:
        return None
    return StockRow(
        key,
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
    )


def receive(
    tx: Connection,
    bags: Sequence[tuple[BagKey, str, Mapping[str, Any]]],
    *,
    at: datetime,
    kind: str,
    record_id: str,
    name: str,
    actor: str,
) -> None:
    """Append the arrival of bags (identity, state, facts) and put them into the stock.

    Raises sqlalchemy IntegrityError when one is there already; the caller asks `find` first to say it in words.
    """
    entries: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for line, (key, state, facts) in enumerate(bags, start=1):
        donation_number, product_code, split = key
        identity = {"donation_number": donation_number, "product_code": product_code, "split": split}
        entries.append(
            identity
            | {
                "at": at,
                "event": "received",
                "state_before": None,
                "state_after": state,
                "kind": kind,
                "record_id": record_id,
                "line": line,
                "actor": actor,
                "facts": canonical({**{name_: _plain(facts[name_]) for name_ in _FACTS}, "received_as": name}).decode(),
            }
        )
        rows.append(
            identity
            | {name_: facts[name_] for name_ in _FACTS}
            | {"state": state, "received_at": at, "received_by_record": record_id, "received_as": name}
        )
    tx.execute(_APPEND, entries)
    tx.execute(_STOCK, rows)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def recomputed(tx: Connection) -> Iterator[dict[str, Any]]:
    """Yield the stock rows that the ledger alone gives, in the order of the stock's key."""
    bag: dict[str, Any] | None = None
    order = (ledger.c.donation_number, ledger.c.product_code, ledger.c.split, ledger.c.seq)
    for row in tx.execute(select(ledger).order_by(*order)).mappings():
        key = (row["donation_number"], row["product_code"], row["split"])
        if bag is None or key != (bag["donation_number"], bag["product_code"], bag["split"]):
            if bag is not None:
                yield bag
            facts = json.loads(row["facts"])
            bag = {
                "donation_number": key[0],
                "product_code": key[1],
                "split": key[2],
                "state": row["state_after"],
                **facts,
                "expires_at": datetime.fromisoformat(facts["expires_at"]),
                "received_at": row["at"],
                "received_by_record": row["record_id"],
            }
        else:
            bag["state"] = row["state_after"]
            bag["location"] = json.loads(row["facts"]).get("location", bag["location"])
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
