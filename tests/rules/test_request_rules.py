"""Requests: each rule against tables written here by hand from the regulations, both sides of every border."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.transfusion_request import TransfusionRequest
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.rules import approval
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import Finding, Moment, findings
from bloodbank_desktop.rules.facts import Facts, KnownRequest, PatientFacts
from tests.samples import NOW, approval_values, request_values

#: ml per unit, by hand: GB 18469 (1 U of 200 ml) and defaults of our own for what it does not count.
ML = {
    "WB": 200, "RBC-S": 200, "RBC-SLR": 200, "RBC-C": 200, "RBC-W": 200, "RBC-W-IR": 200, "RBC-DG": 200,
    "PLT-C": 200, "PLT-A": 250, "PLT-ALR": 250, "PLT-AF": 250, "CRYO": 200, "GRAN": 250,
    "FFP": 1, "FFP-VI": 1, "FP": 1, "FP-VI": 1,
}  # fmt: skip
RED = {"WB", "RBC-S", "RBC-SLR", "RBC-C", "RBC-W", "RBC-W-IR", "RBC-DG"}
BORDERS = [(799, 2), (800, 3), (801, 3), (1599, 3), (1600, 4), (1601, 4)]
CHAIN = ("applicant", "senior", "head", "medical_affairs")
MARKERS = ("alt", "hbsag", "anti_hbs", "hbeag", "anti_hbe", "anti_hbc", "anti_hcv", "anti_hiv", "syphilis")


def plasma(ml: float, **changes: Any) -> dict[str, Any]:
    """Return a request of so many ml of plasma with what plasma needs."""
    line = {"component": "FFP", "abo": "A", "rhd": "positive", "amount": Decimal(str(ml))}
    return request_values(0, components=(line,), pt=Decimal("25"), **changes)


def found(values: dict[str, Any], rule: str, *others: KnownRequest, **facts: Any) -> list[Finding]:
    """Return what one rule finds in a request of a patient with these other requests."""
    whole = tidy(line_type(TransfusionRequest), values)
    told = Facts(NOW, patient=PatientFacts(requests=others), **facts)
    return [one for one in findings(Moment.REQUEST, whole, told) if one.rule == rule]


def codes(values: dict[str, Any], rule: str, *others: KnownRequest, **facts: Any) -> list[tuple[str, str]]:
    """Return code and level of each finding."""
    return [(one.code, one.level.value) for one in found(values, rule, *others, **facts)]


def other(
    ml: int, number: str = "SQ-other", *, hours: float = 0, emergency: bool = False, component: str = "GRAN"
) -> Any:
    """Return another request of the patient, so many hours after this one."""
    at = request_values(0)["requested_at"] + timedelta(hours=hours)
    return KnownRequest(number, at, frozenset({component}), Decimal(ml), emergency)


# -- approval --------------------------------------------------------------------------------------------------------


def test_the_sample_passes_every_rule() -> None:
    """A request as it should be is not even warned about."""
    whole = tidy(line_type(TransfusionRequest), request_values(0))
    assert list(findings(Moment.REQUEST, whole, Facts(NOW))) == []


@pytest.mark.parametrize(("ml", "steps"), BORDERS)
@pytest.mark.parametrize("present", range(2, 5))
def test_tiers_at_their_borders(ml: int, steps: int, present: int) -> None:
    """799, 800, 1599 and 1600 ml need two, three, three and four approvals; one that is missing stops, by name."""
    values = plasma(ml, approvals=approval_values(NOW, *CHAIN[2:present]))
    missing = [table("approval_role").word(role) for role in CHAIN[present:steps]]
    (*stopped,) = found(values, "request-approval")
    assert [one.code for one in stopped] == (["approval-missing"] if missing else [])
    assert all(word in stopped[0].message for word in missing)


@pytest.mark.parametrize(("ml", "steps"), BORDERS)
@pytest.mark.parametrize("own", [1, 399, 700])
def test_the_day_is_summed(ml: int, steps: int, own: int) -> None:
    """What other requests of the same day ask for counts as if it stood in this one."""
    values = plasma(own, approvals=approval_values(NOW))
    stopped = found(values, "request-approval", other(ml - own))
    assert bool(stopped) is (steps > 2)
    if stopped:
        assert f"{ml} ml" in stopped[0].message


def test_what_does_not_count() -> None:
    """Emergencies, other China days, the record itself and the same request told twice are not summed."""
    values = plasma(799)
    midnight = request_values(0)["requested_at"]
    assert midnight.hour == 23, "the sample asks at 07:30 in China"
    for one in (other(900, emergency=True), other(900, hours=-7.6), other(900, hours=16.6), other(900, "SQS00000000")):
        assert codes(values, "request-approval", one) == []
    for hours in (-7.4, 16.4):
        assert codes(values, "request-approval", other(1, hours=hours)) == [("approval-missing", "block")]
    twice = other(1, "SQ1", hours=1)
    assert codes(plasma(798), "request-approval", twice, twice) == []


@pytest.mark.parametrize("counts", ["all", "red_cells"])
@pytest.mark.parametrize("component", table("component"))
def test_each_component_counts_as_the_table_says(component: str, counts: str) -> None:
    """Every component has its ml; a hospital may count red cells and whole blood only."""
    line = {"component": component, "abo": "A", "rhd": "positive", "amount": Decimal("1.5")}
    expected = Decimal(ML[component]) * Decimal("1.5") if counts == "all" or component in RED else Decimal(0)
    assert approval.volume([line], counts) == expected


@given(
    st.lists(st.tuples(st.sampled_from(sorted(ML)), st.integers(1, 20)), min_size=1, max_size=6), st.integers(0, 2000)
)
def test_the_total_is_the_sum(lines: list[tuple[str, int]], before: int) -> None:
    """Whatever is asked for in whatever order, the total is the sum, and never less with one line more."""
    asked = tuple({"component": c, "abo": "A", "rhd": "positive", "amount": Decimal(n)} for c, n in lines)
    values = request_values(0, components=asked)
    facts = Facts(NOW, patient=PatientFacts(requests=(other(before),)))
    own = approval.asked_for(values, facts)
    assert own == sum(ML[c] * n for c, n in lines)
    total = approval.day_total(values, facts, own)
    assert total == own + before and approval.tier(total) == _tier(int(total))


def _tier(ml: int) -> str:
    return "below_800" if ml < 800 else "below_1600" if ml < 1600 else "from_1600"


@pytest.mark.parametrize(
    ("grade", "code"), [(None, "grade-missing"), ("resident", "grade-too-low"), ("attending", ""), ("chief", "")]
)
def test_the_applicant_is_of_a_middle_grade(grade: str | None, code: str) -> None:
    """A physician below the middle grade, or of none, cannot ask for blood."""
    applicant, senior = approval_values(NOW)
    values = request_values(0, approvals=({**applicant, "grade": grade}, senior))
    assert [one for one, _ in codes(values, "request-approval")] == ([code] if code else [])


def test_one_person_holds_one_step() -> None:
    """Whoever applies does not approve as well."""
    applicant, senior = approval_values(NOW)
    values = request_values(0, approvals=(applicant, {**senior, "name": applicant["name"]}))
    assert codes(values, "request-approval") == [("same-person", "block")]


def test_an_emergency_passes_and_leaves_a_duty() -> None:
    """An emergency is not held up, whatever the volume; what is missing is told and stays open until it is there."""
    values = plasma(2000, urgency="emergency", emergency_reason="大出血")
    assert codes(values, "request-approval", other(5000)) == [("emergency-exempt", "note")]
    assert approval.outstanding(values) == ("request_completion",)
    complete = {**values, "approvals": approval_values(NOW, "head", "medical_affairs")}
    assert (codes(complete, "request-approval"), approval.outstanding(complete)) == ([], ())
    assert approval.outstanding(plasma(2000)) == ()


# -- consent, laboratory, markers --------------------------------------------------------------------------------------


def test_consent() -> None:
    """Without consent only an emergency passes, and says who allowed it; consent of tomorrow is none."""
    none: dict[str, Any] = {"consent": False, "consent_signer": None, "consent_on": None}
    assert codes(request_values(0, **none), "request-consent") == [("no-consent", "block")]
    exempt: dict[str, Any] = {"consent_exemption": "unconscious", "consent_exempted_by": "训练院长"}
    assert codes(request_values(0, **none, **exempt), "request-consent") == [("no-consent", "block")]
    urgent: dict[str, Any] = {"urgency": "emergency", "emergency_reason": "休克"}
    assert codes(request_values(0, **none, **exempt, **urgent), "request-consent") == [("consent-exempt", "note")]
    for days, stopped in ((-1, False), (0, False), (1, True)):
        on = request_values(0)["consent_on"] + timedelta(days=days)
        assert bool(codes(request_values(0, consent_on=on), "request-consent")) is stopped


#: By hand: component class, which values show the need, a value at the border that is not and one that is asked about.
LABS = [
    ("RBC-S", ("haemoglobin", "haematocrit"), "haemoglobin", "100", "101"),
    ("WB", ("haemoglobin", "haematocrit"), "haemoglobin", "100", "101"),
    ("PLT-A", ("platelets",), "platelets", "100", "101"),
    ("FFP", ("pt", "aptt"), "pt", "19.5", "19.4"),
    ("FP-VI", ("pt", "aptt"), "aptt", "52.5", "52.4"),
    ("CRYO", ("fibrinogen",), "fibrinogen", "1.5", "1.51"),
]


def of(component: str, **changes: Any) -> dict[str, Any]:
    """Return a request of one component without any laboratory value but those stated."""
    line = {"component": component, "abo": "A", "rhd": "positive", "amount": Decimal(1)}
    return request_values(0, components=(line,), **{"haemoglobin": None, **changes})


@pytest.mark.parametrize(("component", "needs", "value", "fine", "asked"), LABS)
def test_laboratory_values(component: str, needs: Iterable[str], value: str, fine: str, asked: str) -> None:
    """Each component needs one of its values, in an emergency later; beyond the border the indication is asked about."""
    assert codes(of(component), "request-laboratory") == [("laboratory-missing", "block")]
    urgent = of(component, urgency="emergency", emergency_reason="休克")
    assert codes(urgent, "request-laboratory") == [("laboratory-later", "warn")]
    for need in needs:
        assert codes(of(component, **{need: Decimal(20)}), "request-laboratory") == []
    assert codes(of(component, **{value: Decimal(fine)}), "request-indication") == []
    assert codes(of(component, **{value: Decimal(asked)}), "request-indication") == [("value-too-good", "warn")]


def test_granulocytes_and_undated_values() -> None:
    """Granulocytes need no value here; a value without its time is asked about; one prolonged time is a reason."""
    assert codes(of("GRAN"), "request-laboratory") == []
    undated = of("RBC-S", haemoglobin=Decimal(60), laboratory_at=None)
    assert codes(undated, "request-laboratory") == [("laboratory-undated", "warn")]
    assert codes(of("FFP", pt=Decimal("12"), aptt=Decimal("80")), "request-indication") == []
    assert len(codes(of("FFP", pt=Decimal("12"), aptt=Decimal("30")), "request-indication")) == 2


#: By hand from 临床输血技术规范第九条.
MARKED = {
    ("negative", "routine"): None, ("positive", "routine"): None, ("negative", "emergency"): None,
    ("positive", "emergency"): None, ("pending", "routine"): ("markers-missing", "block"),
    ("not_done", "routine"): ("markers-missing", "block"), ("pending", "emergency"): ("markers-pending", "note"),
    ("not_done", "emergency"): ("markers-not-sampled", "warn"), ("pending", "planned"): ("markers-missing", "block"),
    ("not_done", "massive"): ("markers-missing", "block"),
}  # fmt: skip


@pytest.mark.parametrize(("given_", "expected"), MARKED.items())
@pytest.mark.parametrize("marker", MARKERS)
def test_each_marker(marker: str, given_: tuple[str, str], expected: tuple[str, str] | None) -> None:
    """Each of the nine is known, or an emergency waits for it; one that is not is named."""
    result, urgency = given_
    reason = "休克" if urgency == "emergency" else None
    marked: dict[str, Any] = {marker: result}
    values = request_values(0, urgency=urgency, emergency_reason=reason, **marked)
    assert codes(values, "request-markers") == ([expected] if expected else [])


def test_pending_markers_need_a_sample() -> None:
    """Waiting for a result without a sample is asked about."""
    values = request_values(
        0, urgency="emergency", emergency_reason="休克", alt="pending", sample_no=None, sampled_at=None, sampled_by=None
    )
    assert codes(values, "request-markers") == [("markers-pending", "note"), ("no-sample-time", "warn")]


# -- repetition and sample ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "asked"), [(-12.01, False), (-12, True), (0, True), (12, True), (12.01, False)])
def test_a_repeated_request_is_asked_about(hours: float, asked: bool) -> None:
    """The same component within twelve hours, before or after, is asked about; another component is not."""
    same = other(0, "SQ9", hours=hours, component="RBC-SLR")
    assert codes(request_values(0), "request-repeated", same) == ([("repeated", "warn")] if asked else [])
    assert codes(request_values(0), "request-repeated", other(0, "SQ9", hours=hours, component="FFP")) == []
    assert codes(request_values(0), "request-repeated", other(0, "SQS00000000", hours=hours, component="RBC-SLR")) == []


@pytest.mark.parametrize(("seconds", "code"), [(-1, ""), (0, ""), (1, "sample-too-old")])
def test_a_sample_is_used_within_three_days(seconds: int, code: str) -> None:
    """Seventy-two hours to the second before the planned transfusion a sample still serves."""
    drawn = NOW - timedelta(hours=1)
    planned = drawn + timedelta(hours=72, seconds=seconds)
    values = request_values(0, sampled_at=drawn, planned_at=planned)
    assert [one for one, _ in codes(values, "request-sample")] == ([code] if code else [])


def test_a_sample_of_the_future() -> None:
    """A sample is not drawn after now, nor after the blood is given; none at all is drawn later."""
    for seconds, stopped in ((-1, False), (0, False), (1, True)):
        values = request_values(0, sampled_at=NOW + timedelta(seconds=seconds))
        assert bool(codes(values, "request-sample")) is stopped
    late = request_values(0, sampled_at=NOW - timedelta(hours=1), planned_at=NOW - timedelta(hours=1, seconds=1))
    assert codes(late, "request-sample") == [("sample-after-plan", "block")]
    assert codes(request_values(0, sample_no=None, sampled_at=None, sampled_by=None), "request-sample") == []
