"""What rules are told: gathered from the file inside the transaction of the act, so that nothing changes in between.

Each module names the gatherers that its rules need and nothing more, because every save pays for them. What a rule is
told is a plain value (`rules.facts`); no rule ever sees a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.operations.request_facts import of_request
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.rules.approval import volume
from bloodbank_desktop.rules.facts import BagFacts, Facts, KnownGroup, KnownReview, NoteLine, PatientFacts
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.storage import (
    ledger,
    links,
    note_rows,
    patient_rows,
    platform_rows,
    request_rows,
    rows,
    selfcheck_rows,
    site_rows,
)
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.storage.patient_rows import SaidOfPatient
from bloodbank_desktop.storage.store import Transaction

Gatherer = Callable[[Transaction, Values, datetime], Mapping[str, Any]]
"""Returns fields of `Facts` by name."""


def facts_of(row: StockRow) -> BagFacts:
    """Return what the stock knows of a bag, as rules are told."""
    return BagFacts(
        row.state,
        row.holder,
        row.component,
        row.abo,
        row.rhd,
        row.amount,
        row.expires_at,
        row.received_at,
        row.intake_no,
        frozenset(row.antigens_positive),
        frozenset(row.antigens_negative),
        frozenset(row.attributes),
        row.restricted_to,
    )


def _bags(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    rows = (ledger.find(tx, bag_key(bag)) for bag in values["bags"])
    return {"bags": {row.key: facts_of(row) for row in rows if row is not None}}


def _notes(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    if values["intake_type"] == "reversal":
        return {}
    named = str(values.get("station_issue_no") or "")
    found = note_rows.dispatched(tx, named, [bag["donation_number"] for bag in values["bags"]])
    if not found:
        return {}
    # What the named note says goes before what another says of the same bag.
    found.sort(key=lambda line: line.note_no == named)
    notes = {
        line.key: NoteLine(line.component, line.abo, line.rhd, line.expires_at, line.supplier, line.note_no)
        for line in found
    }
    return {"notes": notes, "note_no": named if any(line.note_no == named for line in found) else ""}


def _request(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    number = values["request_no"] or ""
    ids = patient_rows.live_requests(tx, number) if number else []
    found = [row.values for one in ids if (row := rows.find(tx, "transfusion_request", one)) is not None]
    # Two live requests of one number are of two workstations: the one of this patient is meant, if there is one.
    mine = [one for one in found if one["medical_record_no"] == values["medical_record_no"]]
    request = next(iter(mine or found), None)
    return {
        "request_no": number,
        "request": request,
        "issued": patient_rows.issued_for(tx, number) if number else {},
    }


def patient_facts(tx: Transaction, values: Values) -> PatientFacts:
    """Return what every live record of this patient says, under each of her numbers and her ID."""
    numbers, said = patient_rows.said_of(tx, values["medical_record_no"], values.get("id_no"))
    groups: list[KnownGroup] = []
    antibodies: set[str] = set()
    requirements: set[str] = set()
    reactions: list[str] = []
    for one in sorted(said, key=lambda one: one.at):
        groups.extend(_groups(one))
        antibodies |= {*one.keys("antibodies"), *(one.answer.get("antibodies") or ())}
        requirements |= set(one.keys("processing"))
        if one.kind == "adverse_reaction":
            reactions.append(one.said["reaction_type"])
    return PatientFacts(
        numbers, tuple(groups), frozenset(antibodies), tuple(reactions), requirements=frozenset(requirements)
    )


def _groups(one: SaidOfPatient) -> Iterator[KnownGroup]:
    """Yield the group that a record states, and the one that this laboratory found in a sample of it."""
    said = one.said
    yield KnownGroup(said["patient_abo"], said["patient_rhd"], one.at, one.kind, one.name)
    forward = said.get("forward_group")
    if forward is not None and forward == said.get("reverse_group"):
        rhd = said.get("sample_rhd") or said.get("own_rhd") or "unknown"
        yield KnownGroup(forward, rhd, one.at, one.kind, one.name, determined=True)


def _answered(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    """Return the request that an issue answers, and its patient with what else was asked for her that day."""
    told = _request(tx, values, now)
    patient = patient_facts(tx, values)
    if told["request"] is not None:
        patient = replace(patient, requests=of_request(tx, told["request"], now)["patient"].requests)
    return {**told, "patient": patient}


def _reviews(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    numbers = links.same_patient(tx, values["medical_record_no"])
    id_no = values.get("id_no")
    found = request_rows.reviews(
        tx, numbers, id_no=id_no, notice_no=values["notice_no"], certificate_no=values.get("donation_certificate_no")
    )
    told = []
    for row in found:
        copy = platform_rows.find(tx, row.record_id)
        ml = volume([{"component": component, "amount": amount} for component, amount in row.lines], "all")
        mine = row.medical_record_no in numbers or (id_no is not None and row.id_no == id_no)
        state = str((copy.answer if copy is not None else {}).get("state") or "")
        told.append(
            KnownReview(
                row.review_no, row.patient_name, row.notice_no, row.certificate_no, ml or Decimal(0), mine, state
            )
        )
    return {"reviews": tuple(told)}


def _plan(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    for kind, record_id in links.naming(tx, "plan", values["plan_no"]):
        copy = platform_rows.find(tx, record_id) if kind == "donor_plan" else None
        answer = record_type("donor_plan").answer
        if copy is not None and answer is not None:
            said, _ = from_body(answer, copy.answer)
            return {"plan_state": said.get("state") or "", "plan_remaining": said.get("remaining")}
    return {}


def _closing(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    return {"issuing_closed": selfcheck_rows.closed(tx)}


GATHERERS: dict[str, tuple[Gatherer, ...]] = {
    "stock_in": (_bags, _notes),
    "clinical_issue": (_bags, _answered, _closing),
    "other_stock_out": (_bags,),
    "transfusion_request": (of_request,),
    "entitlement_review": (_reviews,),
    "donor_plan": (_plan,),
    "adverse_reaction": (_bags,),
    "recall_notice": (_bags,),
}


def gather(
    tx: Transaction,
    kind: str,
    values: Values,
    now: datetime,
    *,
    event: str = "",
    person: Person | None = None,
    second: Signature | None = None,
    before: Values | None = None,
) -> Facts:
    """Return everything that the rules of a module may know about a record at this moment."""
    known: dict[str, Any] = {}
    for one in GATHERERS.get(kind, ()):
        known |= one(tx, values, now)
    return Facts(now, event, person=person, second=second, before=before, site=site_rows.switches(tx), **known)
