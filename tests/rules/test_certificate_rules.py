"""Certificates and plans in the file: used once, within their days and their quota."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules.certificates import years_between
from bloodbank_desktop.rules.overriding import Override, Passage
from bloodbank_desktop.storage import alert_rows
from tests.derived.examples import arrive
from tests.samples import NOW, plan_values, review_values
from tests.support import FakeClock, open_store

KIND = "entitlement_review"
TODAY = china_day(NOW)


@pytest.fixture
def profile(tmp_path: Path) -> Iterator[Profile]:
    """An open training profile."""
    made = open_store(tmp_path, FakeClock())
    yield made
    made.close()


def refused(profile: Profile, seed: int, **changes: Any) -> list[str]:
    """Return the codes that stop an application, [] when it is saved."""
    try:
        profile.desk.register(KIND, review_values(seed, **changes))
    except Refused as problem:
        return [one.code for one in problem.problems]
    return []


def test_a_notice_serves_one_application(profile: Profile) -> None:
    """A notice that served another patient, and a second application while one is open, are refused."""
    assert refused(profile, 1) == []
    assert refused(profile, 2, notice_no="TZ00000001") == ["notice-used"]
    assert refused(profile, 1, review_no="SZ9", notice_no="TZ9") == ["still-open"]
    assert refused(profile, 3) == []


def test_a_quota_is_used_by_all_who_use_the_certificate(profile: Profile) -> None:
    """Three donations give 1800 ml: what an earlier application took is gone, and only a reviewer lets more pass."""

    def lines(ml: int) -> Any:
        return ({"component": "FFP", "amount": Decimal(ml)},)

    card: dict[str, Any] = {"donation_certificate_no": "XZ1"}
    assert refused(profile, 1, components=lines(999), **card) == []
    assert refused(profile, 2, components=lines(801), **card) == []
    assert refused(profile, 3, components=lines(1), **card) == ["over-quota"]
    passed = Passage((Override("certificate-quota", None, "result_explained", "献血办已核实每次四百毫升"),))
    profile.desk.register(KIND, review_values(3, components=lines(1), **card), passage=passed)
    with profile.store.read() as tx:
        counts = alert_rows.counts(tx, TODAY, TODAY)
    assert counts[("certificate-quota", "overridden")] == counts[("certificate-quota", "refused")] == 1


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [
        (date(2021, 11, 23), date(2026, 11, 22), 4),
        (date(2021, 11, 23), date(2026, 11, 23), 5),
        (date(2020, 2, 29), date(2025, 2, 28), 4),
        (date(2020, 2, 29), date(2025, 3, 1), 5),
    ],
)
def test_years_to_the_day(start: date, end: date, years: int) -> None:
    """A year is full on its day, and that of a leap day on the first of March."""
    assert years_between(start, end) == years


def activate(profile: Profile, plan: str) -> str:
    """Activate a plan; return the code that stops it, "" when it is done."""
    try:
        profile.desk.activate("donor_plan", plan, {})
    except KnownProblem as problem:
        return problem.code
    return ""


@pytest.mark.parametrize(("days", "code"), [(-1, "plan-expired"), (0, ""), (1, "")])
def test_a_plan_until_its_last_day(days: int, code: str, profile: Profile) -> None:
    """The last day of a plan counts, the day after does not; the refusal is counted and nothing is written."""
    plan = arrive(profile, record_type("donor_plan"), plan_values(1, valid_until=TODAY + timedelta(days=days)))
    assert activate(profile, plan) == code
    shown = profile.desk.view("donor_plan", plan).values
    assert (shown["activated_at"] is None) is bool(code)
    with profile.store.read() as tx:
        assert alert_rows.counts(tx, TODAY, TODAY).get(("plan-activation", "refused"), 0) == bool(code)
    if not code:
        assert activate(profile, plan) == "activated-already"


@pytest.mark.parametrize("state", ["activated", "partly_used", "used_up", "expired", "taken_back"])
def test_a_plan_that_the_platform_closed(state: str, profile: Profile) -> None:
    """What the platform says of a plan is obeyed, and so is a share of nothing."""
    plan = arrive(profile, record_type("donor_plan"), plan_values(1), answer={"state": state})
    assert activate(profile, plan) == "locked-by-platform"
    empty = arrive(profile, record_type("donor_plan"), plan_values(2), answer={"state": "allocated", "remaining": "0"})
    assert activate(profile, empty) == "plan-used-up"
