"""What all records say of one patient, by exactly the columns that rules need, under every number and ID of hers.

A whole record is three statements and seventy columns; a patient of ten years has hundreds of records. The danger is a
fact that lives under one number only, so numbers are followed through merges and through the ID number both ways.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Text, bindparam, func, literal, null, select, union_all

from bloodbank_desktop.clock import from_utc_text
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records, record_type
from bloodbank_desktop.storage import links
from bloodbank_desktop.storage.names import DELETED, ID
from bloodbank_desktop.storage.tables import lines_table, platform_copies, record_table

#: Columns of a record that say something of its patient, each where the module has it.
_SAID = (
    "medical_record_no", "id_no", "patient_abo", "patient_rhd", "processing", "antibodies", "reaction_type",
    "forward_group", "reverse_group", "sample_rhd", "own_rhd", "sample_no",
)  # fmt: skip
_ISSUE, _REQUEST = "clinical_issue", "transfusion_request"


@dataclass(frozen=True)
class SaidOfPatient:
    """What one record says of its patient; `answer` is what the platform said of the record, wire names."""

    kind: str
    record_id: str
    name: str
    at: datetime
    said: dict[str, str]
    answer: dict[str, Any]

    def keys(self, column: str) -> tuple[str, ...]:
        """Return the table keys of a column that holds several."""
        return tuple(json.loads(self.said[column])) if self.said.get(column) else ()


@cache
def _every(column: str) -> Select[Any]:
    """Return the query over all modules for records whose `column` is one of `values`."""
    arms = []
    for declared in all_records().values():
        if "medical_record_no" not in declared.fields:
            continue
        head = record_table(declared.key)
        title = head.c[declared.title[0]]
        at = head.c[declared.newest_by] if _is_moment(declared.key) else head.c["_created_at"]
        said = [(head.c[name].cast(Text) if name in declared.fields else null()).label(name) for name in _SAID]
        query = (
            select(
                literal(declared.key).label("kind"),
                head.c[ID].label("id"),
                title.label("name"),
                at.cast(Text).label("at"),
                *said,
                platform_copies.c.answer,
            )
            .outerjoin(platform_copies, platform_copies.c.record_id == head.c[ID])
            .where(head.c[column].in_(bindparam("values", expanding=True)), head.c[DELETED].is_(None))
        )
        arms.append(query)
    return select(union_all(*arms).subquery())


def _is_moment(kind: str) -> bool:
    declared = record_type(kind)
    return isinstance(declared.fields[declared.newest_by].kind, kinds.Moment)


def said_of(tx: Connection, number: str, id_no: str | None) -> tuple[frozenset[str], list[SaidOfPatient]]:
    """Return every medical record number of a patient and what each live record under any of them says, unordered."""
    found: dict[tuple[str, str], SaidOfPatient] = {}
    numbers: set[str] = set()
    ids: set[str] = set()
    new_numbers, new_ids = {number}, {id_no} if id_no else set()
    while new_numbers or new_ids:
        for one in list(new_numbers):
            new_numbers |= links.same_patient(tx, one)
        new_numbers -= numbers
        rows: list[Any] = []
        if new_numbers:
            rows += tx.execute(_every("medical_record_no"), {"values": sorted(new_numbers)}).all()
        if new_ids:
            rows += tx.execute(_every("id_no"), {"values": sorted(new_ids)}).all()
        numbers |= new_numbers
        ids |= new_ids
        for row in rows:
            found[row.kind, row.id] = _read(row)
        new_numbers = {row.medical_record_no for row in rows} - numbers
        new_ids = {row.id_no for row in rows if row.id_no} - ids
    return frozenset(numbers), list(found.values())


def _read(row: Any) -> SaidOfPatient:
    said = {name: getattr(row, name) for name in _SAID if getattr(row, name) is not None}
    answer = json.loads(row.answer) if row.answer else {}
    return SaidOfPatient(row.kind, row.id, row.name or "", from_utc_text(row.at), said, answer)


@cache
def _live_requests() -> Select[Any]:
    head = record_table(_REQUEST)
    return select(head.c[ID]).where(head.c.request_no == bindparam("number"), head.c[DELETED].is_(None))


def live_requests(tx: Connection, number: str) -> list[str]:
    """Return the ids of the requests that bear this number and were not deleted."""
    return [str(row[0]) for row in tx.execute(_live_requests(), {"number": number})]


@cache
def _issued() -> Select[Any]:
    head = record_table(_ISSUE)
    (group,) = (f for f, _ in record_type(_ISSUE).groups if f.key == "bags")
    bags = lines_table(_ISSUE, group)
    return (
        select(bags.c.component, func.sum(bags.c.amount))
        .join(head, head.c._seq == bags.c._head)
        .where(head.c.request_no == bindparam("number"), head.c[DELETED].is_(None))
        .group_by(bags.c.component)
    )


def issued_for(tx: Connection, number: str) -> dict[str, Decimal]:
    """Return what left for a request so far, by component, in the component's unit."""
    return {component: amount for component, amount in tx.execute(_issued(), {"number": number})}
