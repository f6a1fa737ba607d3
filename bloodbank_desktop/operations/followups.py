"""What a person begins from a record that is there: an order again, a delivery from its note, an issue from a request.

A follow-up is an ordinary draft of the module it leads to, filled with what is known, for the person to complete; it
saves nothing by itself and passes no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.results import Shown
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.followups import Followup, followups
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.patient import HistoryBlock, PersonBlock
from bloodbank_desktop.storage import links
from bloodbank_desktop.storage.draft_rows import Draft

#: Bags given so long before a reaction are offered as its possible cause.
SUSPECTED = timedelta(hours=24)
_PERSON = tuple(PersonBlock.__dataclass_fields__)
_HISTORY = tuple(HistoryBlock.__dataclass_fields__)


def _some(values: Values, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: values[key] for key in keys if values.get(key) is not None}


def _order_again(desk: Desk, shown: Shown) -> Mapping[str, Any]:
    kept = ("order_type", "supplier", "delivery_mode", "phone", "remark", "order_lines")
    return _some(shown.values, kept)


def _order_for_request(desk: Desk, shown: Shown) -> Mapping[str, Any]:
    wanted = shown.values
    components = [
        {**_some(one, ("component", "abo", "rhd", "amount")), "processing": wanted.get("processing")}
        for one in wanted["components"]
    ]
    return {"request_no": wanted["request_no"], "planned_at": wanted["planned_at"], "order_lines": components}


def _receive(desk: Desk, shown: Shown) -> Mapping[str, Any]:
    return {
        "intake_type": "supply",
        "supplier": shown.values["supplier"],
        "station_issue_no": shown.values["note_no"],
        **({"deliverer": shown.values["carrier"]} if shown.values.get("carrier") else {}),
    }


def _issue(desk: Desk, shown: Shown) -> Mapping[str, Any]:
    return issue_values(shown.values)


def issue_values(wanted: Values) -> Mapping[str, Any]:
    """Return what an issue takes over from its request."""
    kept = ("request_no", "purpose", "urgency", "surgery", "surgery_name", "surgery_level", *_PERSON)
    applicants = (step["name"] for step in wanted["approvals"] if step["role"] == "applicant")
    emergency = wanted["urgency"] in ("emergency", "massive")
    return {
        **_some(wanted, kept),
        "pickup_type": "emergency" if emergency else "ordered",
        "needed_at": wanted["planned_at"],
        **({"emergency_reason": wanted["emergency_reason"]} if emergency and wanted.get("emergency_reason") else {}),
        **_some(wanted, ("sample_no", "sampled_at")),
        "physician": next(applicants, None),
    }


def _reaction(desk: Desk, shown: Shown) -> Mapping[str, Any]:
    """Every bag that this patient was given within 24 hours of this issue is offered: a reaction tells no bag apart."""
    issued = shown.values
    request = _request_of(desk, issued["request_no"])
    history = _some(request, _HISTORY) if request is not None else {}
    return {
        **_some(issued, ("issue_no", *_PERSON)),
        **history,
        "bags": [_suspected(bag, at) for at, bag in _given(desk, issued)],
    }


def _suspected(bag: Values, issued_at: datetime) -> dict[str, Any]:
    kept = ("donation_number", "product_code", "split", "component", "abo", "rhd", "ended_at")
    return {**_some(bag, kept), "started_at": bag.get("started_at") or issued_at}


def _given(desk: Desk, issued: Values) -> Iterator[tuple[datetime, Values]]:
    with desk.store.read() as tx:
        refs = links.naming(tx, "patient", issued["medical_record_no"])
    issues = [desk.view(kind, record_id).values for kind, record_id in refs if kind == "clinical_issue"]
    for one in sorted(issues, key=lambda values: values["issued_at"]):
        if abs(one["issued_at"] - issued["issued_at"]) <= SUSPECTED:
            yield from ((one["issued_at"], bag) for bag in one["bags"])


def _request_of(desk: Desk, request_no: str) -> Values | None:
    with desk.store.read() as tx:
        refs = links.naming(tx, "request", request_no)
    found = [desk.view(kind, record_id).values for kind, record_id in refs if kind == "transfusion_request"]
    return found[0] if found else None


def _referral(desk: Desk, shown: Shown) -> Mapping[str, Any]:
    return _some(shown.values, (*_PERSON, *_HISTORY))


_FILL: Mapping[tuple[str, str], Callable[[Desk, Shown], Mapping[str, Any]]] = {
    ("blood_order", "again"): _order_again,
    ("dispatch_note", "receive"): _receive,
    ("transfusion_request", "issue"): _issue,
    ("transfusion_request", "order"): _order_for_request,
    ("transfusion_request", "refer"): _referral,
    ("clinical_issue", "reaction"): _reaction,
}


def followup(kind: str, key: str) -> Followup:
    """Return one follow-up of a module. Raises KnownProblem naming those that exist."""
    known = followups(kind)
    for one in known:
        if one.key == key:
            return one
    words = "、".join(f"{one.key}（{one.label}）" for one in known) or "没有"
    raise KnownProblem(f"{record_type(kind).label}没有“{key}”这个后续；可用：{words}", code="no-such-followup")


def begin(desk: Desk, kind: str, record_id: str, key: str) -> Draft:
    """Keep the draft of a follow-up and return it; durable when it returns. Raises KnownProblem."""
    one = followup(kind, key)
    shown = desk.view(kind, record_id)
    if shown.deleted_at is not None:
        raise KnownProblem("这条记录已删除，不能由它开始新的登记", code="deleted")
    declared = record_type(one.leads_to)
    values = {**desk.fresh(one.leads_to), **_FILL[kind, key](desk, shown)}
    draft_id = new_id()
    head = {f.key: values[f.key] for f in declared.plain if values.get(f.key) is not None}
    desk.drafts.keep(one.leads_to, draft_id, head)
    for f, _ in declared.groups:
        for line in values.get(f.key) or ():
            desk.drafts.keep_line(one.leads_to, draft_id, f.key, new_id(), line)
    draft = desk.drafts.find(draft_id)
    assert draft is not None
    return draft
