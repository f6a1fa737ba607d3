"""One patient, one history: groups, antibodies, reactions and records, found by any number the patient ever had.

An unknown emergency patient gets a number at once and is joined to the real one later; nothing is rewritten by it, so
that every record still says what was known when it was written (医疗机构临床用血管理办法第二十二条; 临床输血技术规范第十条).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.storage import links, platform_rows, rows

_NOT_A_GROUP = ("unknown", "not_tested", None)


@dataclass(frozen=True)
class Known:
    """One thing that a record says of a patient: what, in words, by which record and when."""

    what: str
    kind: str
    name: str
    at: datetime


@dataclass(frozen=True)
class PatientHistory:
    """What is known of a patient; `numbers` are all medical record numbers, `groups` each group ever stated."""

    numbers: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[Known, ...]
    antibodies: tuple[Known, ...]
    reactions: tuple[Known, ...]
    records: tuple[Known, ...]

    @property
    def contradictory(self) -> bool:
        """Whether records state different groups, which must be cleared up before blood is given."""
        return len({known.what for known in self.groups}) > 1


def history(desk: Desk, number: str) -> PatientHistory:
    """Return the history of the patient with this medical record number or ID number; empty if nothing is known."""
    desk.need("view:patient")
    number = number.strip()
    with desk.store.read() as tx:
        refs = dict.fromkeys([*links.naming(tx, "patient", number), *links.naming(tx, "person", number)])
        found = [(kind, row) for kind, record_id in refs if (row := rows.find(tx, kind, record_id)) is not None]
        more = {row.values["medical_record_no"] for _, row in found}
        for value in sorted(more - {number}):
            refs |= dict.fromkeys(links.naming(tx, "patient", value))
        whole = [
            (kind, row, platform_rows.find(tx, record_id))
            for kind, record_id in refs
            if (row := rows.find(tx, kind, record_id)) is not None
        ]
    numbers: dict[str, None] = dict.fromkeys([number] if not whole else [])
    names: dict[str, None] = {}
    parts: dict[str, list[Known]] = {"groups": [], "antibodies": [], "reactions": [], "records": []}
    for kind, row, copy in whole:
        values = row.values
        numbers[values["medical_record_no"]] = None
        names[values["patient_name"]] = None
        for part, words in _said(kind, values, copy.answer if copy is not None else {}):
            at = values[record_type(kind).newest_by]
            parts[part].append(Known(words, kind, record_type(kind).name_of(values), at))
    ordered = {name: tuple(sorted(known, key=lambda one: one.at, reverse=True)) for name, known in parts.items()}
    return PatientHistory(tuple(numbers), tuple(names), **ordered)


def _said(kind: str, values: Values, answer: dict[str, Any]) -> list[tuple[str, str]]:
    declared = record_type(kind)
    said = [("records", declared.label)]
    abo, rhd = values.get("patient_abo"), values.get("patient_rhd")
    if abo not in _NOT_A_GROUP and rhd not in _NOT_A_GROUP:
        said.append(("groups", f"{table('abo_patient').word(str(abo))} RhD {table('rhd_patient').word(str(rhd))}"))
    if values.get("antibody_screen") == "positive" or values.get("own_antibody_screen") == "positive":
        said.append(("antibodies", "抗体筛查阳性"))
    if kind == "adverse_reaction":
        said.append(("reactions", table("reaction_type").word(values["reaction_type"])))
    if kind == "immunohaematology_request" and declared.answer is not None:
        result, _ = from_body(declared.answer, answer)
        if result.get("conclusion"):
            said.append(("antibodies", str(result["conclusion"])))
    return said


def merge(desk: Desk, one: str, other: str, *, reason: str) -> None:
    """Join two medical record numbers as one patient, with an audit row. Raises KnownProblem."""
    desk.need("merge-patients")
    one, other, reason = one.strip(), other.strip(), reason.strip()
    if not one or not other or one == other:
        raise KnownProblem("请填写两个不同的病案号", code="two-numbers-required")
    if not reason:
        raise KnownProblem("请写明依据，例如：身份已核实", code="reason-required")
    now = desk.clock.now()
    with desk.store.write() as tx:
        for number in (one, other):
            if not links.naming(tx, "patient", number):
                raise KnownProblem(f"本机没有病案号 {number} 的记录，请核对号码", code="unknown-patient")
        if other in links.same_patient(tx, one):
            raise KnownProblem("这两个病案号已经合并", code="merged-already")
        links.merge_patients(tx, one, other, reason=reason, at=now, actor=desk.operator)
        desk.note(tx, "merge-patients", "patient", f"{one}/{other}", {"reason": reason})
