"""What stands in the refrigerators now: counted by group, and bag by bag; only the stock table is asked, never records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, Connection, Float, Integer, case, cast, func, literal, or_, select
from sqlalchemy.dialects.sqlite import insert

from bloodbank_desktop.clock import utc_text
from bloodbank_desktop.storage.ledger import StockRow, row_of
from bloodbank_desktop.storage.tables import stock, stock_levels

GroupKey = tuple[str, str, str]
"""Component, ABO, RhD."""


@dataclass(frozen=True)
class StockGroup:
    """One component of one group: bags by state, the amount in the component's unit, and what needs attention.

    `expired` and `near_expiry` count bags of any state; `least` is the safety stock, None where none is set, and is
    compared with what can be issued: `usable`.
    """

    component: str
    abo: str
    rhd: str
    bags: int
    amount: Decimal
    states: Mapping[str, int]
    expired: int
    near_expiry: int
    usable: int
    least: int | None

    @property
    def short(self) -> bool:
        """Whether less can be issued than the hospital wants to have."""
        return self.least is not None and self.usable < self.least


@dataclass(frozen=True)
class StockQuery:
    """Which bags: `attention` is "" or "expired", "near_expiry"; `text` a part of number, product, holder or place."""

    component: str = ""
    abo: str = ""
    rhd: str = ""
    states: tuple[str, ...] = ()
    attention: str = ""
    text: str = ""


def groups(
    tx: Connection, states: Sequence[str], *, now: datetime, near: Mapping[str, datetime]
) -> dict[GroupKey, StockGroup]:
    """Return what is here in these states by group; `near` gives per component until when a bag is near its expiry."""
    soon = _near(near, now)
    # Amounts have at most one decimal: tenths are summed as whole numbers, so that nothing is rounded.
    tenths = func.sum(cast(func.round(cast(stock.c.amount, Float) * 10), Integer))
    expired = stock.c.expires_at <= now
    found = tx.execute(
        select(
            stock.c.component,
            stock.c.abo,
            stock.c.rhd,
            stock.c.state,
            func.count(),
            tenths,
            func.sum(cast(expired, Integer)),
            func.sum(cast(soon, Integer)),
        )
        .where(stock.c.state.in_(states))
        .group_by(stock.c.state, stock.c.component, stock.c.abo, stock.c.rhd)
    )
    whole: dict[GroupKey, list[tuple[str, int, int, int, int]]] = {}
    for component, abo, rhd, state, count, amount, dead, dying in found:
        whole.setdefault((component, abo, rhd), []).append((state, count, amount, dead, dying))
    least = levels(tx)
    return {
        key: _group(key, whole.get(key, []), least.get(key)) for key in dict.fromkeys([*sorted(whole), *sorted(least)])
    }


def _group(key: GroupKey, parts: Sequence[tuple[str, int, int, int, int]], least: int | None) -> StockGroup:
    return StockGroup(
        *key,
        bags=sum(count for _, count, _, _, _ in parts),
        amount=Decimal(sum(amount for _, _, amount, _, _ in parts)) / 10,
        states={state: count for state, count, _, _, _ in parts},
        expired=sum(dead for *_, dead, _ in parts),
        near_expiry=sum(dying for *_, dying in parts),
        usable=sum(count - dead for state, count, _, dead, _ in parts if state == "available"),
        least=least,
    )


def _near(near: Mapping[str, datetime], now: datetime) -> ColumnElement[bool]:
    # In the words of the column: a moment in another form would be compared as a text that it is not.
    moment = stock.c.expires_at.type
    until = case(
        {component: literal(at, moment) for component, at in near.items()},
        value=stock.c.component,
        else_=literal(now, moment),
    )
    return (stock.c.expires_at > now) & (stock.c.expires_at <= until)


def bags(
    tx: Connection,
    query: StockQuery,
    states: Sequence[str],
    *,
    now: datetime,
    near: Mapping[str, datetime],
    offset: int = 0,
    limit: int = 200,
) -> tuple[int, list[StockRow]]:
    """Return how many bags there are and a page of them, first to expire first."""
    wanted: list[ColumnElement[bool]] = [stock.c.state.in_(query.states or states)]
    for name in ("component", "abo", "rhd"):
        if value := getattr(query, name):
            wanted.append(stock.c[name] == value)
    if query.attention == "expired":
        wanted.append(stock.c.expires_at <= now)
    elif query.attention == "near_expiry":
        wanted.append(_near(near, now))
    if text := query.text.strip():
        places = ("donation_number", "product_code", "holder", "location")
        wanted.append(or_(*(func.instr(func.upper(stock.c[name]), text.upper()) > 0 for name in places)))
    count = int(tx.execute(select(func.count()).select_from(stock).where(*wanted)).scalar_one())
    page = select(stock).where(*wanted).order_by(stock.c.expires_at, stock.c.donation_number, stock.c.product_code)
    return count, [row_of(found) for found in tx.execute(page.offset(offset).limit(limit))]


def overdue(tx: Connection, now: datetime) -> list[StockRow]:
    """Return the bags whose reservation has run out, by the state, which an index knows."""
    kept = select(stock).where(
        stock.c.state == "reserved", stock.c.held_until != "", stock.c.held_until <= utc_text(now)
    )
    return [row_of(found) for found in tx.execute(kept)]


def places(tx: Connection, states: Sequence[str]) -> list[str]:
    """Return the storage places of what is here, in order."""
    found = select(stock.c.location).where(stock.c.state.in_(states), stock.c.location != "").distinct()
    return list(tx.execute(found.order_by(stock.c.location)).scalars())


def by_donation(tx: Connection) -> dict[str, list[GroupKey]]:
    """Return the identities of all bags that were ever here, by donation number."""
    known: dict[str, list[GroupKey]] = {}
    for donation, product, split in tx.execute(select(stock.c.donation_number, stock.c.product_code, stock.c.split)):
        known.setdefault(donation, []).append((donation, product, split))
    return known


def levels(tx: Connection) -> dict[GroupKey, int]:
    """Return the safety stock of every group that has one."""
    return {(row.component, row.abo, row.rhd): row.least for row in tx.execute(select(stock_levels))}


def set_level(tx: Connection, key: GroupKey, least: int) -> None:
    """Set the safety stock of a group."""
    values = dict(zip(("component", "abo", "rhd"), key, strict=True)) | {"least": least}
    tx.execute(
        insert(stock_levels)
        .values(values)
        .on_conflict_do_update(index_elements=["component", "abo", "rhd"], set_={"least": least})
    )


def waiting(tx: Connection, record_id: str) -> bool:
    """Return whether a bag that this delivery brought still waits to be accepted."""
    wanted = select(literal(1)).where(stock.c.state == "received", stock.c.received_by_record == record_id).limit(1)
    return tx.execute(wanted).first() is not None
