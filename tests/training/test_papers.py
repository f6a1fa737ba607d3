"""The made-up papers hold: by the declarations, by the rules of a blood bank, and computed once more from outside."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.codes import scan
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.training import labels, papers
from tests import samples

SEEDS = (*range(40), 99_999)
KINDS = list(all_records())


@pytest.mark.parametrize("kind", KINDS)
def test_every_paper_is_valid(kind: str) -> None:
    """Every seed of every module passes the checks of its declaration, and the same arguments give the same values."""
    declared = all_records()[kind]
    for seed in SEEDS:
        values = papers.values(kind, seed)
        assert problems(declared, tidy(declared, values)) == [], seed
        assert values == papers.values(kind, seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_check_characters_are_those_of_the_standards(seed: int) -> None:
    """Numbers of bags and persons carry what an independent computation finds, and a scanner reads the label as stated."""
    for bag in papers.stock_in_values(4, seed)["bags"]:
        assert bag["check_character"] == samples.check_character(bag["donation_number"])
        read = [scan.read(code) for code in labels.scans(bag)]
        assert all(one.ok for one in read)
    person = papers.person_values(seed)
    assert person["id_no"] == samples.resident_id(person["birth_date"], int(person["id_no"][14:17]))


@pytest.mark.parametrize("seed", SEEDS)
def test_blood_leaves_as_a_blood_bank_would_let_it(seed: int) -> None:
    """Bags of the patient's group, a fresh sample before the crossmatch, two testers, consent, and two approvals."""
    request, issue = papers.request_values(seed), papers.issue_values(3, seed)
    group = (request["patient_abo"], request["patient_rhd"])
    assert group == (issue["patient_abo"], issue["patient_rhd"]) == papers.group_of(seed)
    delivered = {bag["donation_number"] for bag in papers.stock_in_values(3, seed)["bags"]}
    for bag in issue["bags"]:
        assert bag["donation_number"] in delivered and (bag["abo"], bag["rhd"]) == group
        assert bag["collected_at"] < issue["issued_at"] < bag["expires_at"]
        if bag["crossmatch_result"] == "compatible":
            assert bag["crossmatch_method"] and bag["major_side"] == bag["minor_side"] == "negative"
            assert bag["crossmatched_by"] != bag["crossmatch_reviewer"]
            assert request["sampled_at"] < bag["crossmatched_at"] < issue["issued_at"]
    assert issue["issued_at"] - request["sampled_at"] < timedelta(days=3)
    assert request["consent"] and request["consent_on"] <= china_day(request["requested_at"])
    assert [one["role"] for one in request["approvals"]] == ["applicant", "senior"]
    assert len({one["name"] for one in request["approvals"]}) == 2
    assert request["laboratory_at"] < request["requested_at"] <= request["sampled_at"]
    assert len({issue["issuer"], issue["checker"], issue["collector"]}) == 3
    assert [one["component"] for one in request["components"]] and request["request_no"] == issue["request_no"]


@pytest.mark.parametrize("make", [papers.issue_values, papers.reaction_values])
def test_no_paper_gives_a_patient_blood_of_another_group(make: Any) -> None:
    """Who names a bag of another group than the patient's is stopped; `patient_of` says who could have got it."""
    bag = papers.bag_values(0, group=("B", "positive"))
    with pytest.raises(ValueError, match="the bag is B"):
        make(seed=0, bags=[bag])
    assert make(seed=papers.patient_of(bag), bags=[bag])["patient_abo"] == "B"


@pytest.mark.parametrize(("product", "days"), [("E5445V00", 2), ("E0869V00", -1), ("A0321V00", 4), ("E6170V00", 60)])
def test_a_bag_near_its_end_is_old(product: str, days: int) -> None:
    """A bag was collected before it expires, and no longer before than its component keeps."""
    bag = papers.bag_values(5, product=product, expires_at=papers.NOW + timedelta(days=days))
    assert bag["collected_at"] < bag["expires_at"]
    assert problems(all_records()["stock_in"], tidy(all_records()["stock_in"], papers.delivery_of([bag]))) == []
