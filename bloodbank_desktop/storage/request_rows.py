"""Which requests and applications are known of patients, many at a time: what rules must know of a whole file at once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, or_, select, text

from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage.names import DELETED, ID, SEQ
from bloodbank_desktop.storage.tables import lines_table, patient_merges, record_table

_MANY = text("SELECT value FROM json_each(:wanted)")


@dataclass(frozen=True)
class RequestRow:
    """A request that is not deleted: who for, when, and (component, amount) of each line."""

    medical_record_no: str
    id_no: str
    request_no: str
    requested_at: datetime
    urgency: str
    lines: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True)
class ReviewRow:
    """An application for an entitlement that is not deleted."""

    record_id: str
    review_no: str
    patient_name: str
    medical_record_no: str
    id_no: str
    notice_no: str
    certificate_no: str
    lines: tuple[tuple[str, Decimal], ...] = field(default=())


def merged(tx: Connection, numbers: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return for each medical record number every number of the same patient, itself included."""
    wanted = set(numbers)
    known, fresh = set(wanted), set(wanted)
    pairs: list[tuple[str, str]] = []
    both = (patient_merges.c.one, patient_merges.c.other)
    while fresh:
        many = {"wanted": json.dumps(sorted(fresh))}
        found = list(tx.execute(select(*both).where(or_(*(column.in_(_MANY) for column in both))), many))
        pairs += [(one, other) for one, other in found]
        fresh = {number for pair in found for number in pair} - known
        known |= fresh
    groups = {number: {number} for number in known}
    for one, other in pairs:
        if groups[one] is not groups[other]:
            joined = groups[one] | groups[other]
            for number in joined:
                groups[number] = joined
    return {number: frozenset(groups[number]) for number in wanted}


@cache
def _requests() -> tuple[tuple[Select[Any], Select[Any]], Select[Any]]:
    head = record_table("transfusion_request")
    members = lines_table("transfusion_request", record_type("transfusion_request").fields["components"])
    columns = [head.c[name] for name in (SEQ, "medical_record_no", "id_no", "request_no", "requested_at", "urgency")]
    between = head.c.requested_at.between(bindparam("since"), bindparam("until"))
    live = select(*columns).where(head.c[DELETED].is_(None), between)
    lines = select(members.c._head, members.c.component, members.c.amount).where(members.c._head.in_(_MANY))
    return (live.where(head.c.medical_record_no.in_(_MANY)), live.where(head.c.id_no.in_(_MANY))), lines


def requests(
    tx: Connection, numbers: Iterable[str], ids: Iterable[str], since: datetime, until: datetime
) -> list[RequestRow]:
    """Return the requests of a time for patients with one of these record numbers or ID numbers."""
    (by_number, by_id), lines = _requests()
    times = {"since": since, "until": until}
    found = {row[0]: row for row in tx.execute(by_number, {**times, "wanted": json.dumps(sorted(numbers))})}
    if wanted := sorted(ids):
        found |= {row[0]: row for row in tx.execute(by_id, {**times, "wanted": json.dumps(wanted)})}
    if not found:
        return []
    amounts = _lines(tx, lines, found)
    return [
        RequestRow(number, id_no or "", request_no, at, urgency, tuple(amounts[seq]))
        for seq, number, id_no, request_no, at, urgency in found.values()
    ]


def _lines(tx: Connection, lines: Select[Any], seqs: Iterable[int]) -> Mapping[int, list[tuple[str, Decimal]]]:
    amounts: dict[int, list[tuple[str, Decimal]]] = defaultdict(list)
    for seq, component, amount in tx.execute(lines, {"wanted": json.dumps(list(seqs))}):
        amounts[seq].append((component, amount))
    return amounts


@cache
def _reviews() -> tuple[Select[Any], Select[Any]]:
    head = record_table("entitlement_review")
    members = lines_table("entitlement_review", record_type("entitlement_review").fields["components"])
    names = (SEQ, ID, "review_no", "patient_name", "medical_record_no", "id_no", "notice_no", "donation_certificate_no")
    same = or_(
        head.c.medical_record_no.in_(_MANY),
        head.c.id_no == bindparam("id_no"),
        head.c.notice_no == bindparam("notice_no"),
        head.c.donation_certificate_no == bindparam("certificate_no"),
    )
    lines = select(members.c._head, members.c.component, members.c.amount).where(members.c._head.in_(_MANY))
    return select(*(head.c[name] for name in names)).where(head.c[DELETED].is_(None), same), lines


def reviews(
    tx: Connection, numbers: Iterable[str], *, id_no: str | None, notice_no: str, certificate_no: str | None
) -> list[ReviewRow]:
    """Return the applications of this patient, and those that name the same notice or certificate."""
    query, lines = _reviews()
    wanted = {"wanted": json.dumps(sorted(numbers)), "id_no": id_no, "notice_no": notice_no}
    found = list(tx.execute(query, {**wanted, "certificate_no": certificate_no}))
    amounts = _lines(tx, lines, [row[0] for row in found]) if found else {}
    return [
        ReviewRow(row[1], row[2], row[3], row[4], row[5] or "", row[6], row[7] or "", tuple(amounts.get(row[0], ())))
        for row in found
    ]
