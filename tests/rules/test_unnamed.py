"""What no table names is blocked with an explanation: each rule is asked after an entry of its table was taken away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bloodbank_desktop.operations.trying import ask
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.arrival import wants_regroup
from bloodbank_desktop.rules.catalogue import RULES, Finding, Level
from bloodbank_desktop.rules.decisions import decision
from bloodbank_desktop.rules.described import describe

FAMILY = {
    "case": "family_donor",
    "donation_place": None,
    "donor_name": "钱样二",
    "donor_id_type": "resident_id",
    "donor_id_no": "310199195503101018",
    "relation": "parent",
    "donation_count": "3",
}


@contextmanager
def without(name: str, *keys: str) -> Iterator[None]:
    """Take entries out of a code table for as long as the block lasts."""
    entries: Any = table(name).entries
    kept = dict(entries)
    for key in keys:
        del entries[key]
    try:
        yield
    finally:
        entries.clear()
        entries.update(kept)


@contextmanager
def facet(name: str, key: str, facet_: str, value: Any) -> Iterator[None]:
    """Let an entry of a code table say something else for as long as the block lasts."""
    entry: Any = table(name).entries[key]
    kept = dict(entry)
    entry[facet_] = value
    try:
        yield
    finally:
        entry.clear()
        entry.update(kept)


def found(rule: str, case: str, changes: dict[str, Any] | None = None, **facts: Any) -> list[Finding]:
    """Return what a rule finds in a base case."""
    return ask(RULES[rule], describe({"case": case, "changes": changes or {}, "facts": facts}), {})


@pytest.mark.parametrize(
    ("rule", "case", "changes", "name", "code", "field"),
    [
        ("request-approval", "request", {}, "tier_volume", "no-conversion", "components"),
        ("certificate-quota", "certificate", {}, "tier_volume", "no-conversion", "components"),
    ],
)
def test_a_component_without_a_figure(
    rule: str, case: str, changes: dict[str, Any], name: str, code: str, field: str
) -> None:
    """A component that the table of millilitres does not name is not counted as nothing."""
    assert found(rule, case, changes) == []
    with without(name, "RBC-SLR"):
        (one,) = found(rule, case, changes)
    assert (one.code, one.field, one.level) == (code, field, RULES[rule].level)
    assert table("component").word("RBC-SLR") in one.message


def test_the_unknown_component_is_the_one_that_is_named() -> None:
    """Of several components the sentence names that of which nothing is known."""
    second = {"component": "FFP", "abo": "A", "rhd": "positive", "amount": "200"}
    with without("tier_volume", "FFP"):
        (one,) = found("request-approval", "request", {"components.2": second, "pt": "25"})
    assert one.message.startswith(table("component").word("FFP"))


def test_an_issue_against_a_request_that_cannot_be_counted() -> None:
    """A request whose volume nobody knows has no proven approval."""
    with without("tier_volume", "RBC-SLR"):
        (one,) = found("issue-approval", "issue")
    assert (one.code, one.field, one.level) == ("no-conversion", "request_no", Level.BLOCK)
    assert "SQS00000001" in one.message


def test_a_product_without_a_shelf_life() -> None:
    """Where neither product nor component says how long a bag keeps, its expiry is not believed."""
    with facet("component", "RBC-SLR", "shelf_life_hours", None):
        (one,) = found("receipt-expiry-plausible", "receipt")
    assert (one.code, one.field, one.line) == ("no-shelf-life", "bags.component", 1)


def test_the_product_decides_before_its_component() -> None:
    """A product of the dictionary may keep shorter than its component, to the hour."""
    changes = {"bags.1.collected_at": "2026-11-23T08:00:00+08:00", "bags.1.expires_at": "2026-11-25T08:00:00+08:00"}
    with facet("product", "E5445", "shelf_life_hours", 48):
        assert found("receipt-expiry-plausible", "receipt", changes) == []
        changes["bags.1.expires_at"] = "2026-11-25T08:01:00+08:00"
        (one,) = found("receipt-expiry-plausible", "receipt", changes)
    assert (one.code, one.field) == ("beyond-shelf-life", "bags.expires_at")


@pytest.mark.parametrize(("hours", "latest"), [(239, "2026-12-03T07:00:00+08:00"), (240, "2026-12-03T23:59:00+08:00")])
def test_from_ten_days_on_the_label_names_the_end_of_a_day(hours: int, latest: str) -> None:
    """Below 240 hours the minute counts, from 240 on the day."""
    changes = {"bags.1.collected_at": "2026-11-23T08:00:00+08:00", "bags.1.expires_at": latest}
    later = {
        **changes,
        "bags.1.expires_at": latest.replace("07:00:00", "07:01:00").replace("12-03T23:59", "12-04T00:00"),
    }
    with facet("product", "E5445", "shelf_life_hours", hours):
        assert found("receipt-expiry-plausible", "receipt", changes) == []
        assert [one.code for one in found("receipt-expiry-plausible", "receipt", later)] == ["beyond-shelf-life"]


def test_a_retired_product() -> None:
    """A product that the administrator retired does not enter, and nothing more is said of it."""
    with facet("product", "E5445", "retired", True):
        (one,) = found("receipt-product", "receipt", {"bags.1.component": "FFP"})
    assert (one.code, one.field, one.level) == ("retired-product", "bags.product_code", Level.BLOCK)
    assert "E5445V00" in one.message


def test_a_class_without_a_row_of_laboratory_needs() -> None:
    """A class of components for which nobody laid down the examinations is not waved through."""
    with without("laboratory_need", "red_cells"):
        (one,) = found("request-laboratory", "request")
        assert found("request-indication", "request") == []
    assert (one.code, one.field, one.level) == ("laboratory-unknown", "components", Level.BLOCK)


def test_a_case_and_a_relation_that_nobody_laid_down() -> None:
    """A case of entitlement and a relation without a row are refused."""
    with without("certificate_rule", "self_donor"):
        (one,) = found("certificate-expired", "certificate", {"notice_on": "2020-01-01"})
    assert (one.code, one.field) == ("no-such-case", "case")
    with without("relation_age", "parent"):
        (two,) = found("certificate-relation", "certificate", FAMILY)
    assert (two.code, two.field) == ("relation-unknown", "relation")


def test_a_marker_that_the_table_does_not_decide() -> None:
    """A result of a marker without a cell is refused, whatever it is."""
    cells: Any = decision("request_markers").cells
    kept = dict(cells)
    del cells[("negative", "other")]
    try:
        (one,) = found("request-markers", "request")
    finally:
        cells.clear()
        cells.update(kept)
    assert (one.code, one.field, one.level) == ("no-decision", "alt", Level.BLOCK)


def test_a_grading_that_the_table_does_not_decide() -> None:
    """A severity and imputability without a cell is said, and the person to ask is named."""
    cells: Any = decision("reaction_grading").cells
    kept = dict(cells)
    cells.clear()
    try:
        (one,) = found("reaction-grading", "reaction")
    finally:
        cells.update(kept)
    assert (one.code, one.field, one.level) == ("not-decided", "imputability", Level.WARN)
    assert "请联系管理员" in one.message


@pytest.mark.parametrize("name", ["abo_compatibility", "rhd_compatibility", "antibody_antigen", "crossmatch_side"])
def test_an_empty_table_lets_nothing_pass(name: str) -> None:
    """Blood is blocked where the table of compatibility names nothing."""
    rule = next(one for one in RULES.values() if name in one.tables)
    facts: dict[str, Any] = {"patient.antibodies": ["anti_rh_big_e"], "bags.1.antigens_negative": ["rh_big_e"]}
    assert found(rule.id, "issue", **facts) == []
    cells: Any = decision(name).cells
    kept = dict(cells)
    cells.clear()
    try:
        blocked = found(rule.id, "issue", **facts)
    finally:
        cells.update(kept)
    assert blocked
    assert all(one.level is Level.BLOCK for one in blocked)
    if name == "rhd_compatibility":
        assert [one.code for one in blocked] == ["rhd-never"]


def test_an_unknown_component_waits_for_its_group() -> None:
    """What the table of components does not name is found again before it is accepted; plasma is not."""
    assert wants_regroup("NIX", {"regroup": "at_receipt"})
    assert wants_regroup("RBC-SLR", {"regroup": "at_receipt"})
    assert not wants_regroup("FFP", {"regroup": "at_receipt"})
    assert not wants_regroup("NIX", {"regroup": "at_crossmatch"})
