"""A described case is read exactly, and whatever it misspells is named with its path."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import pytest

from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules import described
from bloodbank_desktop.rules.catalogue import Moment
from bloodbank_desktop.rules.described import describe
from bloodbank_desktop.rules.facts import BagFacts, Facts, NoteLine

BAG: BagKey = ("A999926000001", "E5445V00", "")
#: Texts of `Facts` that are no key of a table: numbers, names, sentences.
FREE = {"holder", "amount", "intake_no", "restricted_to", "kind", "name", "request_no", "issuing_closed"}
FREE |= {"numbers", "reactions", "id", "login", "purpose", "acting", "received_by"}
FREE |= {"expects", "note_no", "review_no", "patient_name", "notice_no", "certificate_no"}
#: Keys of tables that come with the rules that read them.
LATER = {"antibodies", "requirements", "antigens_positive", "antigens_negative", "attributes"}


def refused(**whole: Any) -> set[tuple[str, str]]:
    """Return path and code of everything that is wrong with a description."""
    with pytest.raises(Refused) as caught:
        describe(whole)
    assert all(problem.message for problem in caught.value.problems)
    return {(problem.field, problem.code) for problem in caught.value.problems}


@pytest.mark.parametrize("name", described.cases())
def test_every_base_case_can_be_read(name: str) -> None:
    """A base case is a valid record with facts."""
    case = describe({"case": name})
    assert case.declared.key == described.cases()[name]["record"]
    assert case.facts.now == datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_values_and_facts_have_the_types_of_the_program() -> None:
    """Moments are aware UTC, amounts exact, sets frozen; bags belong to the lines of the record."""
    case = describe(
        {
            "case": "issue",
            "changes": {"patient_abo": "O", "bags.1.amount": 1.5},
            "facts": {
                "now": "2026-11-23T09:00:01+08:00",
                "patient.antibodies": ["anti_d"],
                "bags.1.state": "quarantined",
                "bags.1.antigens_negative": ["D"],
                "issued.RBC-SLR": "2",
                "request.components.1.amount": "4",
                "site.solo_duty": "allowed",
                "before": {"case": "issue"},
                "before.remark": "旧",
            },
            "moments": "selection",
        }
    )
    assert case.values["patient_abo"] == "O"
    assert case.values["bags"][0]["amount"] == Decimal("1.5")
    assert case.facts.now == datetime(2026, 11, 23, 1, 0, 1, tzinfo=UTC)
    assert case.facts.patient.antibodies == frozenset({"anti_d"})
    assert case.facts.bag(BAG).state == "quarantined"
    assert case.facts.bag(BAG).expires_at == datetime(2026, 12, 31, 15, 59, tzinfo=UTC)
    assert case.facts.bag(BAG).antigens_negative == frozenset({"D"})
    assert case.facts.issued == {"RBC-SLR": Decimal(2)}
    assert case.facts.request is not None
    assert case.facts.request["components"][0]["amount"] == Decimal(4)
    assert case.facts.site == {"solo_duty": "allowed"}
    assert case.facts.before is not None
    assert (case.facts.before["remark"], case.facts.before["patient_abo"]) == ("旧", "A")
    assert case.facts.person is not None
    assert case.facts.person.roles == frozenset({"technician"})
    assert case.moments == (Moment.SELECTION,)
    assert case.event is None


def test_a_base_case_is_not_changed_by_its_use() -> None:
    """Two cases that start from one base case know nothing of each other."""
    describe({"case": "issue", "changes": {"bags.1.abo": "B"}, "facts": {"bags.1.abo": "B", "request.remark": "x"}})
    again = describe({"case": "issue"})
    assert again.values["bags"][0]["abo"] == "A"
    assert again.facts.bag(BAG).abo == "A"
    assert again.facts.request is not None
    assert again.facts.request["remark"] is None


def test_lines_come_and_go() -> None:
    """A line is added by the next number and taken away by null; a bag that is null never came here."""
    further = {**described.cases()["issue"]["values"]["bags"][0], "donation_number": "A999926000002", "scans": None}
    further |= {"entry": "typed_twice", "second_entry": "A999926000002"}
    changes = {"bags.2": further}
    case = describe({"case": "issue", "changes": changes, "facts": {"bags.2": {"state": "available"}}})
    assert [bag["donation_number"] for bag in case.values["bags"]] == ["A999926000001", "A999926000002"]
    assert case.facts.bag(("A999926000002", "E5445V00", "")) == BagFacts("available")
    gone = describe({"case": "issue", "changes": {**changes, "bags.1": None}, "facts": {"bags.1": None}})
    assert [bag["donation_number"] for bag in gone.values["bags"]] == ["A999926000002"]
    assert gone.facts.bags == {}


def test_a_fact_about_another_bag_names_it() -> None:
    """What is known of a bag that the record does not hold bears its number."""
    note = {
        "donation_number": "A999926000009",
        "product_code": "E5445V00",
        "component": "FFP",
        "abo": "B",
        "rhd": "negative",
    }
    case = describe({"case": "receipt", "facts": {"notes.2": note}})
    assert case.facts.notes is not None
    assert case.facts.notes[("A999926000009", "E5445V00", "")] == NoteLine("FFP", "B", "negative")


def test_what_is_misspelt_is_named() -> None:
    """An unknown case, field, fact, code, switch, moment or path is refused at its place, all of them at once."""
    assert refused(case="nix") == {("case", "no-such-case")}
    assert refused(case="issue", values={}) == {("case", "both")}
    assert refused(case="issue", expect="pass") == {("expect", "unknown-key")}
    assert refused(record="nix") == {("record", "unknown-module")}
    assert refused(record="clinical_issue") == {("values", "required"), ("facts", "required")}
    assert refused(case="issue", moments="later") == {("moments", "unknown-moment")}
    assert refused(case="issue", changes={"patient_abo": "Z", "nix": 1, "bags.3.abo": "A", "remark.x": 1}) == {
        ("patient_abo", "not-in-table"),
        ("nix", "unknown-field"),
        ("changes.bags.3.abo", "no-such-line"),
        ("remark", "type"),
    }
    facts = {
        "nix": 1,
        "now": "2026-11-23 09:00",
        "event": "explode",
        "site.nix": "a",
        "site.solo_duty": "maybe",
        "patient.nix": 1,
        "patient.antibodies": "anti_d",
        "bags.1.state": "boiling",
        "bags.1.expires_at": "tomorrow",
        "bags.2": {"state": "available"},
        "issued": {"RBC-SLR": "two"},
        "person.roles": ["king"],
        "request.nix": 1,
        "second": {"purpose": "checker"},
    }
    assert refused(case="issue", facts=facts) == {
        ("facts.nix", "unknown-fact"),
        ("facts.now", "not-a-moment"),
        ("facts.now", "required"),
        ("facts.event", "unknown-key"),
        ("facts.site.nix", "unknown-switch"),
        ("facts.site.solo_duty", "unknown-value"),
        ("facts.patient.nix", "unknown-fact"),
        ("facts.patient.antibodies", "type"),
        ("facts.bags.1.state", "unknown-key"),
        ("facts.bags.1.expires_at", "not-a-moment"),
        ("facts.bags.2", "no-such-bag"),
        ("facts.issued.RBC-SLR", "not-a-number"),
        ("facts.person.roles.1", "unknown-key"),
        ("facts.request.nix", "unknown-field"),
        ("facts.second.person", "required"),
        ("facts.second.at", "required"),
    }


@pytest.mark.parametrize("whole", [None, [], "issue", 3, {"case": []}, {"case": "issue", "changes": []}])
def test_any_json_is_answered(whole: Any) -> None:
    """What is no description is refused and never raises anything else."""
    with pytest.raises(Refused):
        describe(whole)


def test_only_the_module_that_was_asked_for() -> None:
    """A check of one module refuses the record of another."""
    with pytest.raises(Refused):
        describe({"case": "receipt"}, "clinical_issue")
    with pytest.raises(Refused):
        describe({"record": "stock_in", "values": {}, "facts": {}}, "clinical_issue")


def _texts(of: type) -> set[str]:
    found: set[str] = set()
    for f in fields(of):
        hint = get_type_hints(of)[f.name]
        of_text = hint is str or str in get_args(hint)[:1]
        found |= {f.name} if of_text and f.name != "site" else set()
        for one in (hint, *get_args(hint)):
            found |= _texts(one) if isinstance(one, type) and is_dataclass(one) else set()
    return found


def test_every_text_of_a_fact_is_a_key_or_free() -> None:
    """Whoever adds a fact says whether it is the key of a table, so that a misspelt key never counts as unknown."""
    assert (_texts(Facts) | {"supplier"}) - {"issued"} == (set(described.CODED) | FREE | LATER)
