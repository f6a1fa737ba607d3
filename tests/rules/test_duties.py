"""What a record leaves to be done, and what sets a bag aside on arrival: decided by the values alone."""

from __future__ import annotations

from typing import Any

import pytest

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import approval, arrival, completing, reaction, recipient
from bloodbank_desktop.rules.described import describe
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.receipt import QUARANTINE_MESSAGES

EMERGENCY = {"pickup_type": "emergency", "emergency_reason": "大出血抢救", "emergency_approver": "训练医务部"}
UNTESTED = {
    "bags.1.crossmatch_result": "pending",
    "bags.1.crossmatch_method": None,
    "bags.1.major_side": None,
    "bags.1.minor_side": None,
    "bags.1.crossmatched_by": None,
    "bags.1.crossmatch_reviewer": None,
    "bags.1.crossmatched_at": None,
}
NO_SAMPLE = {
    "sample_no": None,
    "sampled_at": None,
    "forward_group": None,
    "reverse_group": None,
    "sample_rhd": None,
    "second_abo": None,
    "second_rhd": None,
    "antibody_screen": None,
}


def case(name: str, changes: dict[str, Any] | None = None, **facts: Any) -> tuple[Any, Facts]:
    """Return values and facts of a base case."""
    made = describe({"case": name, "changes": changes or {}, "facts": facts})
    return made.values, made.facts


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, ()),
        (EMERGENCY, ()),
        ({**EMERGENCY, "request_no": None, "pickup_no": None}, ("issue_completion",)),
        ({**EMERGENCY, **NO_SAMPLE}, ("issue_completion",)),
        ({**EMERGENCY, **UNTESTED}, ("issue_completion",)),
        ({"bags.1.crossmatch_reviewer": None}, ("crossmatch_review",)),
        ({"bags.1.crossmatch_reviewer": "训练乙"}, ("crossmatch_review",)),
        ({"bags.1.crossmatch_result": "least_incompatible", "bags.1.crossmatch_reviewer": None}, ("crossmatch_review",)),
        ({"bags.1.crossmatch_result": "incompatible", "bags.1.crossmatch_reviewer": None}, ()),
        ({**EMERGENCY, "request_no": None, "pickup_no": None, "bags.1.crossmatch_reviewer": None},
         ("issue_completion", "crossmatch_review")),
    ],
)  # fmt: skip
def test_what_an_issue_leaves(changes: dict[str, Any], left: tuple[str, ...]) -> None:
    """An emergency without request, sample or crossmatch is completed later; a crossmatch of one person is looked at again."""
    values, _ = case("issue", changes)
    assert completing.outstanding(values) == left


def test_what_stays_as_it_was_stated() -> None:
    """Sample, groups, antibodies and crossmatch of an issue are kept, and nothing else."""
    assert {
        "request_no", "sample_no", "sampled_at", "forward_group", "reverse_group", "sample_rhd", "second_abo",
        "second_rhd", "antibody_screen", "antibodies", "crossmatch_result", "crossmatch_method", "major_side",
        "minor_side", "crossmatched_by", "crossmatched_at", "crossmatch_reviewer",
    } == completing.KEPT  # fmt: skip


def test_what_a_request_leaves() -> None:
    """Only an emergency leaves a duty, and only while its own volume lacks an approval."""
    urgent = {"urgency": "emergency", "emergency_reason": "大出血抢救"}
    large = {"components.1.amount": "4"}
    assert approval.outstanding(case("request")[0]) == ()
    assert approval.outstanding(case("request", large)[0]) == ()
    assert approval.outstanding(case("request", urgent)[0]) == ()
    assert approval.outstanding(case("request", {**urgent, **large})[0]) == ("request_completion",)
    known: Any = table("tier_volume").entries
    kept = dict(known)
    del known["RBC-SLR"]
    try:
        assert approval.outstanding(case("request", urgent)[0]) == ("request_completion",)
    finally:
        known.clear()
        known.update(kept)


def test_what_a_reaction_leaves() -> None:
    """A class that demands checks leaves them open until they were done and the station was told."""
    assert reaction.outstanding(case("reaction")[0]) == ()
    values, _ = case("reaction", {"reaction_type": "acute_haemolytic"})
    assert reaction.outstanding(values) == ("reaction_checks",)
    items = [item for item in reaction.outstanding_checks(values) if item != "station"]
    done = {"reaction_type": "acute_haemolytic", "investigations": items}
    assert reaction.outstanding_checks(case("reaction", done)[0]) == ("station",)
    told = {**done, "station_informed_at": "2026-11-23T08:50:00+08:00"}
    assert reaction.outstanding(case("reaction", told)[0]) == ()


def set_aside(changes: dict[str, Any]) -> Any:
    """Return why the bag of the base delivery is set aside."""
    values, _ = case("receipt", changes)
    return arrival.set_aside(values, values["bags"][0])


def test_a_right_bag_is_not_set_aside() -> None:
    """Without message, defect, warm box or other group a bag goes on; a group found again and alike as well."""
    assert set_aside({}) is None
    assert set_aside({"bags.1.regroup_abo": "A", "bags.1.regroup_rhd": "positive"}) is None
    assert set_aside({"bags.1.regroup_abo": "B", "bags.1.regroup_rhd": None}) is None


@pytest.mark.parametrize("message", sorted({"Mb", "Md", "Mq", "Mx", "Mr", "Mf"}))
def test_each_message_sets_aside(message: str) -> None:
    """Each of the six messages of the standard, and no other."""
    assert message in QUARANTINE_MESSAGES
    assert "袋签声明" in set_aside({"bags.1.label_message": message})["reason"]


def test_every_reason_is_given() -> None:
    """Defects and another group are told together."""
    defect = next(iter(table("arrival_defect")))
    told = set_aside({"bags.1.arrival_defects": [defect], "bags.1.regroup_abo": "B", "bags.1.regroup_rhd": "positive"})
    assert list(told) == ["reason"]
    assert told["reason"] == f"{table('arrival_defect').word(defect)}；血型复检不符（B型 RhD阳性）"
    other = set_aside({"bags.1.regroup_abo": "A", "bags.1.regroup_rhd": "negative"})
    assert other["reason"] == "血型复检不符（A型 RhD阴性）"


def test_a_component_without_a_box() -> None:
    """A component for which no temperature is laid down is set aside with that reason."""
    entries: Any = table("transport_box").entries
    kept = {key: dict(entry) for key, entry in entries.items()}
    entries.clear()
    try:
        assert set_aside({})["reason"] == "没有规定运输温度"
    finally:
        entries.update(kept)


def test_bags_are_chosen_ahead_by_what_is_known() -> None:
    """Before the sample is grouped, known groups stand in for it; what records contradict, or nobody states, does not."""
    values, facts = case("issue", {**EMERGENCY, **NO_SAMPLE})
    known = recipient.as_known(values, facts)
    fields = ("forward_group", "reverse_group", "second_abo", "sample_rhd", "second_rhd")
    assert [known[key] for key in fields] == ["A", "A", "A", "positive", "positive"]
    assert known["patient_name"] == values["patient_name"]
    grouped, told = case("issue", {"forward_group": "O", "reverse_group": "O", "second_abo": "O"})
    assert recipient.as_known(grouped, told) is grouped
    once, told = case("issue", {"second_abo": None, "second_rhd": None})
    assert recipient.as_known(once, told) is once
    earlier = {"abo": "B", "rhd": "positive", "at": "2026-11-20T09:00:00+08:00"}
    values, facts = case("issue", {**EMERGENCY, **NO_SAMPLE}, **{"patient.groups": [earlier]})
    assert recipient.as_known(values, facts) is values
    earlier |= {"abo": "A", "rhd": "negative"}
    values, facts = case("issue", {**EMERGENCY, **NO_SAMPLE}, **{"patient.groups": [earlier]})
    known = recipient.as_known(values, facts)
    assert (known["forward_group"], known["sample_rhd"], known["second_rhd"]) == ("A", None, None)
    unknown = {**EMERGENCY, **NO_SAMPLE, "patient_abo": "unknown", "patient_rhd": "unknown"}
    values, facts = case("issue", unknown, **{"patient.groups": [], "request": None})
    assert recipient.as_known(values, facts) is values
