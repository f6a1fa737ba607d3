"""What the rules said is signed by somebody else, counted against issues, and one key away from a near miss."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import alerts, duties, near_misses
from bloodbank_desktop.operations.alerts import Period, ScanFault, SignedNow
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Waiting
from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.rules.catalogue import RULES, Moment
from bloodbank_desktop.storage import alert_rows, duty_rows, rows, verify
from bloodbank_desktop.storage.alert_rows import Alert
from tests import samples
from tests.samples import NOW
from tests.support import FakeClock, open_store, seat

YESTERDAY = NOW - timedelta(days=1)
COMMENT = "已逐项核对病历"
ALERT = Alert(
    at=YESTERDAY,
    actor="",
    moment="issue",
    rule="issue-reserved",
    level="override",
    outcome="overridden",
    kind="clinical_issue",
    record_id="r",
    bag="A9999 26 000000",
    message="说",
    reason="other",
    comment="病情危急已商定",
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def profile(tmp_path: Path, clock: FakeClock) -> Iterator[Profile]:
    """A profile in which a person with every role acts."""
    opened = open_store(tmp_path, clock)
    yield opened
    opened.close()


def wrote(profile: Profile, *many: Alert) -> None:
    """Let alerts have been given."""
    with profile.store.write() as tx:
        alert_rows.add(tx, many)


def by(profile: Profile, name: str, at: Any = YESTERDAY, **more: Any) -> Alert:
    """Return an override of a person of this name."""
    return replace(ALERT, actor=seat(profile, name).actor, at=at, **more)


def code(act: Callable[[], object]) -> str:
    """Return the code of a refusal."""
    with pytest.raises(KnownProblem) as caught:
        act()
    return caught.value.code


# -- exceptions ----------------------------------------------------------------------------------------------------


def test_somebody_else_signs_and_her_own_wait(profile: Profile) -> None:
    """Whoever signs signs what others overrode on earlier days; her own wait for another person, and no row is lost."""
    wrote(profile, by(profile, "训练乙"), by(profile, "训练丙"), by(profile, "训练乙", at=NOW))
    seat(profile, "训练丙")
    assert alerts.waiting(profile.desk) == Waiting(2, 0, 0)
    assert alerts.sign(profile.desk, comment=COMMENT) == SignedNow(1, 1)
    assert alerts.waiting(profile.desk).exceptions == 1
    assert code(lambda: alerts.sign(profile.desk, comment=COMMENT)) == "own-exceptions"
    seat(profile, "训练乙")
    assert alerts.sign(profile.desk, comment=COMMENT) == SignedNow(1, 0)
    total, found = alerts.exceptions(profile.desk, unsigned_only=False)
    assert total == 3
    assert [one.review and one.review.actor for one in found] == [
        None,
        seat(profile, "训练乙").actor,
        seat(profile, "训练丙").actor,
    ]
    assert {one.review.comment for one in found if one.review} == {COMMENT}
    assert verify.problems(profile.store) == []


def test_two_of_one_name_are_two(profile: Profile) -> None:
    """An override is somebody's by the login: a colleague of the same name may sign it."""
    wrote(profile, replace(ALERT, actor="训练甲（another）"))
    assert profile.desk.operator == "训练甲"
    assert alerts.sign(profile.desk, comment=COMMENT) == SignedNow(1, 0)


@pytest.mark.parametrize("comment", ["", "     ", "好", "已 看 过 了 嗯"])
def test_without_words_nothing_is_signed(profile: Profile, comment: str) -> None:
    """A signature without words of at least six characters, blanks not counted, is refused."""
    wrote(profile, replace(ALERT, actor="别人"))
    assert code(lambda: alerts.sign(profile.desk, comment=comment)) == "comment-required"
    assert alerts.waiting(profile.desk).exceptions == 1


def test_today_is_signed_tomorrow(profile: Profile, clock: FakeClock) -> None:
    """What was overridden today is shown but waits for nobody until midnight in China is past."""
    wrote(profile, replace(ALERT, actor="别人", at=NOW))
    assert alerts.exceptions(profile.desk, unsigned_only=True)[0] == 1
    clock.at = _end_of_day(NOW) - timedelta(seconds=1)
    assert alerts.waiting(profile.desk).exceptions == 0
    assert code(lambda: alerts.sign(profile.desk, comment=COMMENT)) == "nothing-to-sign"
    clock.advance(seconds=1)
    assert alerts.waiting(profile.desk).exceptions == 1
    assert alerts.sign(profile.desk, comment=COMMENT).signed == 1


def _end_of_day(at: Any) -> Any:
    return (at.astimezone(CHINA) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def test_what_was_refused_or_said_is_no_exception(profile: Profile) -> None:
    """Only overrides are signed."""
    wrote(profile, *(replace(ALERT, actor="别人", outcome=one) for one in ("refused", "warned")))
    assert alerts.waiting(profile.desk).exceptions == 0
    assert alerts.exceptions(profile.desk, unsigned_only=False) == (0, [])


# -- counts --------------------------------------------------------------------------------------------------------


def test_alerts_are_counted_against_issues(profile: Profile) -> None:
    """Per rule and outcome, the loudest first; a hundred times alerts by issues whose time of issue is in the period."""
    many = [(YESTERDAY, "refused", 3, "issue-expired"), (YESTERDAY, "warned", 1, "issue-expired")]
    many += [(NOW, "overridden", 1, "issue-reserved"), (NOW - timedelta(days=40), "refused", 9, "issue-reserved")]
    for at, outcome, times, rule in many:
        wrote(profile, *[replace(ALERT, at=at, outcome=outcome, rule=rule)] * times)
    period = alerts.period(profile.desk)
    assert alerts.statistics(profile.desk, period).rules[0].per_hundred is None
    for seed, days in ((0, 1), (1, 1), (2, 40)):
        _issued(profile, seed, NOW - timedelta(days=days))
    counted = alerts.statistics(profile.desk, period)
    assert (counted.issues, [one.rule for one in counted.rules]) == (2, ["issue-expired", "issue-reserved"])
    first, second = counted.rules
    assert (first.refused, first.overridden, first.warned, first.per_hundred) == (3, 0, 1, Decimal("200.0"))
    assert (second.total, second.per_hundred, second.title) == (1, Decimal("50.0"), alerts.title_of("issue-reserved"))
    assert alerts.statistics(profile.desk, Period(date(2020, 1, 1), date(2020, 1, 2))).rules == ()


def _issued(profile: Profile, seed: int, at: Any) -> None:
    """Let an issue have left at a moment, as the file holds it."""
    whole = tidy(record_type("clinical_issue"), samples.issue_values(1, seed, now=at, issued_at=at))
    with profile.store.write() as tx:
        rows.add(tx, "clinical_issue", f"issue-{seed}", whole, at=at, actor="训练甲")


@pytest.mark.parametrize(("seconds", "inside"), [(-1, False), (0, True)])
def test_a_period_begins_and_ends_at_midnight_in_china(profile: Profile, seconds: int, inside: bool) -> None:
    """The first second of the first day counts and the one before does not; the same at the end, the other way round."""
    day = date(2026, 11, 20)
    first, end = _end_of_day(NOW.replace(day=19)), _end_of_day(NOW.replace(day=20))
    wrote(profile, replace(ALERT, at=first + timedelta(seconds=seconds)))
    _issued(profile, 1, first + timedelta(seconds=seconds))
    assert (len(alerts.statistics(profile.desk, Period(day, day)).rules), _issues(profile, day)) == (inside, inside)
    _issued(profile, 2, end + timedelta(seconds=seconds))
    assert _issues(profile, day) == 1


def _issues(profile: Profile, day: date) -> int:
    return alerts.statistics(profile.desk, Period(day, day)).issues


def test_the_alerts_of_a_rule_come_in_pages(profile: Profile) -> None:
    """The newest first, so many from a place on, and the total of all."""
    wrote(profile, *(replace(ALERT, message=str(n)) for n in range(5)), replace(ALERT, rule="other"))
    total, page = alerts.of_rule(profile.desk, ALERT.rule, alerts.period(profile.desk), offset=1, limit=2)
    assert (total, [one.message for one in page]) == (5, ["3", "2"])


def test_a_period_the_wrong_way_round_is_refused(profile: Profile) -> None:
    """A first day after the last is no period."""
    assert code(lambda: alerts.period(profile.desk, date(2026, 1, 2), date(2026, 1, 1))) == "time-order"


# -- scans and near misses -----------------------------------------------------------------------------------------


def test_scans_that_were_refused_are_alerts(profile: Profile) -> None:
    """Every refused scan stands under the code of its fault; what a field refuses is counted as one."""
    faults = [
        ScanFault(NOW, "训练甲", "clinical_issue", "draft", one, "说", "袋")
        for one in ("expired", "too-long", "no-such")
    ]
    alerts.note_scans(profile.desk, faults)
    counted = alerts.statistics(profile.desk, alerts.period(profile.desk)).rules
    assert [(one.rule, one.refused, one.title) for one in counted] == [
        ("scan-other", 2, "登记单不能保存的内容"),
        ("scan-expired", 1, "已过期"),
    ]
    _, (one,) = alerts.of_rule(profile.desk, "scan-expired", alerts.period(profile.desk))
    assert (one.moment, one.outcome, one.kind, one.record_id, one.bag) == (
        "scan", "refused", "clinical_issue", "draft", "袋",
    )  # fmt: skip


def test_every_fault_of_a_scan_has_a_word() -> None:
    """Each code with which the dialogs refuse a scan stands in the table, and the table has no other."""
    used = {"other", "check-character", "no-identifier", "unreadable"}
    folder = resource("tables").parents[1] / "bloodbank_desktop" / "forms"
    for name in ("scan_router", "held_router"):
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("refused", "_no"):
                used |= {str(a.value) for a in node.args[:2] if isinstance(a, ast.Constant) and str(a.value).isascii()}
    # What the rules of scanning say has its sentence there and is shown by the dialogs as it stands.
    said = {code for one in RULES.values() if Moment.SCAN in one.moments for code in one.says}
    assert used - {"again"} <= set(table("scan_fault")) <= used | said


def test_stages_are_the_moments_of_rules() -> None:
    """Wherever a rule is asked, a near miss can say that it was found there."""
    assert {moment.value for moment in Moment} <= set(table("near_miss_stage"))


def test_a_refused_record_becomes_a_near_miss(profile: Profile) -> None:
    """The alert of a refusal gives a draft with its moment, rule, words, bag, time and number; saved, it stays here."""
    whole = samples.stock_in_values(1)
    profile.desk.register("stock_in", whole)
    with pytest.raises(Refused):
        profile.desk.register("stock_in", {**whole, "intake_no": "RK-2"})
    (counted,) = alerts.statistics(profile.desk, alerts.period(profile.desk)).rules
    _, (alert,) = alerts.of_rule(profile.desk, counted.rule, alerts.period(profile.desk))
    assert alert.actor == profile.desk.actor
    draft = near_misses.begin_from(profile.desk, alert.seq)
    told = {key: draft.values[key] for key in ("stage", "rule", "message", "bag", "alert_no")}
    assert told == {
        "stage": "receipt", "rule": alert.rule, "message": alert.message, "bag": alert.bag, "alert_no": alert.seq,
    }  # fmt: skip
    assert draft.values["found_at"] == alert.at.replace(second=0, microsecond=0)
    rest = {"harm": "not_issued", "happened": "重复扫描", "cause": "data_entry", "action": "已放回"}
    waiting = profile.desk.queue.summary().waiting
    profile.desk.register("near_miss", {**draft.values, **rest}, draft=draft.id)
    assert profile.desk.queue.summary().waiting == waiting
    assert code(lambda: near_misses.begin_from(profile.desk, 999)) == "no-such-alert"


# -- duties --------------------------------------------------------------------------------------------------------


def test_what_reached_a_patient_is_told(profile: Profile, clock: FakeClock) -> None:
    """A near miss that reached a patient leaves a duty with a limit; words close it once, and say who and how."""
    profile.desk.register("near_miss", samples.values("near_miss", 1))
    assert duties.waiting(profile.desk) == []
    profile.desk.register("near_miss", samples.values("near_miss", 2, harm="no_harm"))
    (duty,) = duties.waiting(profile.desk)
    assert alerts.waiting(profile.desk) == Waiting(0, 1, 0)
    clock.at = duty.due_at or clock.at
    assert alerts.waiting(profile.desk) == Waiting(0, 1, 0)
    clock.advance(seconds=1)
    assert alerts.waiting(profile.desk) == Waiting(0, 1, 1)
    assert code(lambda: duties.answer(profile.desk, duty.id, "好")) == "comment-required"
    closed = duties.answer(profile.desk, duty.id, "已电话告知经治医师")
    assert (closed.closed_by, closed.comment, closed.closed_at) == (
        profile.desk.operator,
        "已电话告知经治医师",
        clock.at,
    )
    assert code(lambda: duties.answer(profile.desk, duty.id, "已电话告知经治医师")) == "closed-already"
    assert code(lambda: duties.answer(profile.desk, "none", "已电话告知经治医师")) == "no-such-duty"


@pytest.mark.parametrize("what", [key for key in table("duty") if table("duty").facet(key, "closes") != "comment"])
def test_a_duty_of_paper_is_not_talked_away(profile: Profile, what: str) -> None:
    """What a record or a check of bags must fulfil is closed by no words; the refusal says what closes it (T31)."""
    duty = duty_rows.Duty(
        id="d", what=what, kind="stock_in", record_id="r", name="单", opened_at=NOW, opened_by="训练甲", due_at=NOW
    )
    with profile.store.write() as tx:
        duty_rows.open_(tx, duty)
    assert code(lambda: duties.answer(profile.desk, "d", "已经全部核对完毕")) == "closes-by-itself"
    assert len(duties.waiting(profile.desk)) == 1
