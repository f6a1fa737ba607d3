"""What is begun from a record opens with what is known of it, is a draft like any other, and can be completed and saved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import patients
from bloodbank_desktop.operations.followups import begin
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import all_records, record_type
from bloodbank_desktop.records.followups import followups
from tests import samples
from tests.derived.examples import arrive
from tests.operations.bag_deeds import Bags
from tests.samples import NOW, bag_values
from tests.support import FakeClock, census

#: Lines, whose fields beyond those of the draft are empty and not missing.
GROWN = ("bags", "order_lines")
EVERY = [(kind, one.key) for kind in all_records() for one in followups(kind)]


def source(profile: Profile, kind: str) -> str:
    """Let a record come about from which something is begun; return its id."""
    if kind == "dispatch_note":
        return arrive(profile, record_type(kind), samples.values(kind, 1))
    if kind == "clinical_issue":
        Bags(profile).receive(*(bag_values(1000 + n) for n in range(2)), station_issue_no=None)
    issue = samples.issue_values(2, 1)
    if kind == "clinical_issue":
        profile.desk.register("transfusion_request", samples.request_for(issue, least=2))
    values = samples.values(kind, 1)
    if kind == "transfusion_request":
        values = samples.request_for(issue, planned_at=values["planned_at"])
    return profile.desk.register(kind, values).record_id


def drafted(profile: Profile, kind: str, record_id: str, key: str) -> dict[str, Any]:
    """Begin and return the values of the draft as they lie on the disk."""
    found = profile.desk.drafts.find(begin(profile.desk, kind, record_id, key).id)
    assert found is not None
    return found.values


@pytest.mark.parametrize(("kind", "key"), EVERY, ids=["-".join(one) for one in EVERY])
def test_each_can_be_completed_and_registered(kind: str, key: str, profile: Profile) -> None:
    """Every follow-up is a draft of the module it leads to, and with the rest filled in it is registered as a record."""
    (wanted,) = (one for one in followups(kind) if one.key == key)
    draft = begin(profile.desk, kind, source(profile, kind), key)
    assert (draft.kind, draft.amends, draft.actor) == (wanted.leads_to, False, "训练甲")
    assert profile.desk.drafts.find(draft.id) == draft
    number = all_records()[draft.kind].title[0]
    assert draft.values.get(number) is None, "a new record has a number of its own"
    known = {field: value for field, value in draft.values.items() if value not in (None, (), [])}
    whole = {**samples.values(draft.kind, 1), **known, number: None}
    if draft.kind == "adverse_reaction":
        whole["onset_at"] = NOW
    if draft.kind == "clinical_issue":
        Bags(profile, seed=50).receive(*(bag_values(1000 + n) for n in range(2)), station_issue_no=None)
        whole |= {"bags": samples.issue_values(2, 1)["bags"]}
    saved = profile.desk.register(draft.kind, whole, draft=draft.id)
    shown = profile.desk.view(draft.kind, saved.record_id).values
    for field in known:
        assert field in record_type(draft.kind).fields and (shown[field] == known[field] or field in GROWN), field
    assert shown[number]
    assert profile.desk.drafts.all() == []


def test_an_order_again_is_a_new_order(profile: Profile) -> None:
    """What was ordered, from whom and how is kept; number, times, persons and the request of the earlier order are not."""
    profile.desk.register("transfusion_request", samples.request_values(1))
    values = samples.order_values(1, request_no="SQS00000001", remark="加急")
    saved = profile.desk.register("blood_order", values)
    found = drafted(profile, "blood_order", saved.record_id, "again")
    kept = ("order_type", "supplier", "delivery_mode", "phone", "remark")
    assert {key: found[key] for key in kept} == {key: values[key] for key in kept}
    lines = [{key: line[key] for key in ("component", "abo", "rhd", "amount")} for line in found["order_lines"]]
    assert lines == [dict(line) for line in values["order_lines"]]
    assert not {"order_no", "planned_at", "request_no", "reviewer"} & {key for key, value in found.items() if value}
    assert (found["ordered_at"], found["orderer"]) == (NOW, "训练甲")


def test_an_order_for_a_request_names_it(profile: Profile) -> None:
    """Request number, components and the time when the blood is needed come from the request."""
    values = samples.request_values(1)
    record_id = profile.desk.register("transfusion_request", values).record_id
    found = drafted(profile, "transfusion_request", record_id, "order")
    assert (found["request_no"], found["planned_at"]) == (values["request_no"], values["planned_at"])
    lines = [{key: line[key] for key in ("component", "abo", "rhd", "amount")} for line in found["order_lines"]]
    assert lines == [dict(line) for line in values["components"]]


def test_a_delivery_is_begun_from_its_note(profile: Profile) -> None:
    """Supplier, note number and carrier are known; the bags are not: each must be scanned."""
    found = drafted(profile, "dispatch_note", source(profile, "dispatch_note"), "receive")
    note = samples.dispatch_note_values(2, 1)
    assert (found["supplier"], found["station_issue_no"], found["deliverer"], found["intake_type"]) == (
        note["supplier"], note["note_no"], note["carrier"], "supply",
    )  # fmt: skip
    assert (found["intake_at"], found["receiver"]) == (NOW, "训练甲")
    assert not found.get("bags") and not found.get("checker")


@pytest.mark.parametrize(
    ("urgency", "pickup"), [("routine", "ordered"), ("emergency", "emergency"), ("massive", "emergency")]
)
def test_an_issue_is_begun_from_its_request(urgency: str, pickup: str, profile: Profile) -> None:
    """Patient, request, purpose and the applicant as physician come from the request; an emergency is picked up as one."""
    values = samples.request_values(1, urgency=urgency, emergency_reason="急诊" if urgency == "emergency" else None)
    saved = profile.desk.register("transfusion_request", values)
    found = drafted(profile, "transfusion_request", saved.record_id, "issue")
    person = samples.person_values(1)
    assert {key: found[key] for key in person} == person
    assert (found["request_no"], found["urgency"], found["pickup_type"]) == (values["request_no"], urgency, pickup)
    assert (found["purpose"], found["physician"]) == (values["purpose"], values["approvals"][0]["name"])
    assert (found["issued_at"], found["issuer"]) == (NOW, "训练甲")
    assert not found.get("bags")


def test_a_referral_is_begun_from_a_request(profile: Profile) -> None:
    """The laboratory gets the patient and the history; the number of the request is not its own."""
    found = drafted(profile, "transfusion_request", source(profile, "transfusion_request"), "refer")
    person = samples.person_values(1)
    assert {key: found[key] for key in person} == person
    assert found["transfusion_history"] == "no" and not found.get("request_no")


# -- a reaction ----------------------------------------------------------------------------------------------------


def offered(profile: Profile, record_id: str) -> list[tuple[str, str, str]]:
    """Begin a reaction and return the bags it offers."""
    return [bag_key(bag) for bag in drafted(profile, "clinical_issue", record_id, "reaction").get("bags") or ()]


def test_a_reaction_knows_patient_issue_and_history(profile: Profile) -> None:
    """Patient and issue are known, the history from the request, each bag with its start or else its issue as the start."""
    bags = Bags(profile)
    one, two = bag_values(1000), bag_values(1001)
    bags.receive(one, two, station_issue_no=None)
    values = samples.issue_values(seed=1, bags=[one, two])
    profile.desk.register("transfusion_request", samples.request_for(values, allergy="青霉素"))
    started = NOW - timedelta(minutes=2)
    values |= {"bags": ({**values["bags"][0], "started_at": started}, values["bags"][1])}
    saved = profile.desk.register("clinical_issue", values)
    found = drafted(profile, "clinical_issue", saved.record_id, "reaction")
    person = samples.person_values(1)
    assert {key: found[key] for key in person} == person
    assert (found["issue_no"], found["transfusion_history"], found["allergy"]) == (values["issue_no"], "no", "青霉素")
    assert [bag["started_at"] for bag in found["bags"]] == [started, values["issued_at"]]
    assert [bag_key(bag) for bag in found["bags"]] == [bag_key(one), bag_key(two)]


@pytest.mark.parametrize(("seconds", "there"), [(-1, True), (0, True), (1, False)])
def test_bags_of_24_hours_are_offered(seconds: int, there: bool, profile: Profile, clock: FakeClock) -> None:
    """Bags given up to exactly 24 hours apart may have caused it together; a second more and they are not offered."""
    bags = Bags(profile)
    early, late, other = bag_values(0), bag_values(1), bag_values(2, group=samples.group_of(2))
    bags.receive(early, late, other, station_issue_no=None)
    first = bags.issue(early, issued_at=NOW)
    clock.advance(days=1, seconds=seconds)
    second = bags.issue(late, issued_at=NOW + timedelta(days=1, seconds=seconds))
    bags.issue(other, patient=2)
    both = [bag_key(early), bag_key(late)]
    assert offered(profile, second.record_id) == (both if there else both[1:])
    assert offered(profile, first.record_id) == (both if there else both[:1])


def test_bags_given_under_the_other_number_are_offered(profile: Profile) -> None:
    """What an unknown emergency patient was given counts after she is known and the numbers are joined, not before."""
    bags = Bags(profile)
    one, two = bag_values(0), bag_values(1)
    bags.receive(one, two, station_issue_no=None)
    bags.issue(one, patient=6)
    saved = bags.issue(two, patient=12)
    assert offered(profile, saved.record_id) == [bag_key(two)]
    patients.merge(profile.desk, "ZY00000006", "ZY00000012", reason="身份已核实")
    assert sorted(offered(profile, saved.record_id)) == sorted([bag_key(one), bag_key(two)])


# -- what cannot be begun ------------------------------------------------------------------------------------------


def test_what_cannot_be_begun(profile: Profile) -> None:
    """An unknown follow-up names those that exist; from a deleted or missing record nothing is begun, no draft is left."""
    deleted = source(profile, "transfusion_request")
    profile.desk.delete("transfusion_request", deleted)
    before = census(profile.store)["drafts"]
    for kind, record_id, key, code in (
        ("transfusion_request", deleted, "issue", "deleted"),
        ("transfusion_request", "nothing", "issue", "no-such-record"),
        ("transfusion_request", deleted, "again", "no-such-followup"),
        ("stock_in", "nothing", "issue", "no-such-followup"),
    ):
        with pytest.raises(KnownProblem) as caught:
            begin(profile.desk, kind, record_id, key)
        assert caught.value.code == code
    with pytest.raises(KnownProblem, match="issue（发血）"):
        begin(profile.desk, "transfusion_request", deleted, "again")
    assert census(profile.store)["drafts"] == before == []
