"""Which records name the same thing: a request, a patient, a delivery note, a bag; each found by an index, never a scan."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, or_, select

from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.storage.names import BAG, DELETED, ID
from bloodbank_desktop.storage.tables import lines_table, patient_merges, record_table, stock

Ref = tuple[str, str]
"""Kind and id of a record."""


@cache
def _naming(link: str) -> tuple[tuple[str, Select[tuple[str]]], ...]:
    """Return, per module, the query for the ids of its records that name something under this link."""
    found = []
    for declared in all_records().values():
        head = record_table(declared.key)
        fields = [f for f in declared.linked if link in f.links]
        if fields:
            named = or_(*(head.c[f.key] == bindparam("value") for f in fields))
            found.append((declared.key, select(head.c[ID].label("id")).where(named, head.c[DELETED].is_(None))))
    return tuple(found)


@cache
def _holding() -> tuple[tuple[str, Select[tuple[str]]], ...]:
    found = []
    for declared in all_records().values():
        for f, of in declared.groups:
            if BAG not in of.fields:
                continue
            head, members = record_table(declared.key), lines_table(declared.key, f)
            same = [members.c[BAG] == bindparam("donation"), members.c.product_code == bindparam("product")]
            same.append(members.c.split.is_not_distinct_from(bindparam("split")))
            query = select(head.c[ID].label("id")).join(members, members.c._head == head.c._seq)
            found.append((declared.key, query.where(*same, head.c[DELETED].is_(None))))
    return tuple(found)


def same_patient(tx: Connection, number: str) -> set[str]:
    """Return every medical record number that is known to be the same patient, this one included."""
    found, fresh = {number}, [number]
    while fresh:
        value = fresh.pop()
        wanted = or_(patient_merges.c.one == value, patient_merges.c.other == value)
        for one, other in tx.execute(select(patient_merges.c.one, patient_merges.c.other).where(wanted)):
            for more in {one, other} - found:
                found.add(more)
                fresh.append(more)
    return found


def merge_patients(tx: Connection, one: str, other: str, *, reason: str, at: datetime, actor: str) -> None:
    """Note that two medical record numbers are one patient; no record is changed by it."""
    tx.execute(insert(patient_merges), {"one": one, "other": other, "reason": reason, "at": at, "actor": actor})


def naming(tx: Connection, link: str, value: str) -> list[Ref]:
    """Return the records that state this value in a field with that link; a patient goes by every number of hers."""
    if link == "patient":
        return [ref for number in sorted(same_patient(tx, value)) for ref in _exactly(tx, link, number)]
    return _exactly(tx, link, value)


def _exactly(tx: Connection, link: str, value: str) -> list[Ref]:
    return [(kind, str(row.id)) for kind, query in _naming(link) for row in tx.execute(query, {"value": value})]


def holding(tx: Connection, key: BagKey) -> list[Ref]:
    """Return the records that name a bag in one of their lines."""
    donation, product, split = key
    parameters = {"donation": donation, "product": product, "split": split or None}
    return [(kind, str(row.id)) for kind, query in _holding() for row in tx.execute(query, parameters)]


@cache
def _bags_named() -> tuple[Select[Any], ...]:
    found = []
    for declared in all_records().values():
        for f, of in declared.groups:
            if BAG in of.fields:
                head, members = record_table(declared.key), lines_table(declared.key, f)
                columns = (members.c[BAG], members.c.product_code, members.c.split)
                query = select(*columns).join(head, members.c._head == head.c._seq).distinct()
                found.append(query.where(members.c[BAG] == bindparam("donation"), head.c[DELETED].is_(None)))
    return tuple(found)


def bags_of_donation(tx: Connection, donation: str) -> list[BagKey]:
    """Return every bag of a donation that was ever here or that a record names, such as one still on its way."""
    columns = (stock.c.donation_number, stock.c.product_code, stock.c.split)
    found = {(d, p, s) for d, p, s in tx.execute(select(*columns).where(stock.c.donation_number == donation))}
    for query in _bags_named():
        found |= {(d, p, s or "") for d, p, s in tx.execute(query, {"donation": donation})}
    return sorted(found)


def bags_kept_for(tx: Connection, request_no: str) -> list[BagKey]:
    """Return the bags that are reserved for a request now."""
    # By the state, which an index knows: few bags are reserved at any time, and no index knows holders.
    columns = (stock.c.donation_number, stock.c.product_code, stock.c.split)
    kept = select(*columns).where(stock.c.state == "reserved", stock.c.holder == request_no)
    return [(d, p, s) for d, p, s in tx.execute(kept)]
