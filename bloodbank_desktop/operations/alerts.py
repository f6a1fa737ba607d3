"""What the rules said, looked at again: exceptions signed by somebody else, alerts counted, blocked scans kept.

An override that nobody reads again becomes the habit of the night, and a rule that shouts at every second issue is no
longer heard. Whoever overrode does not sign it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.results import Waiting
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import RULES, Level, Moment
from bloodbank_desktop.rules.overriding import LEAST_COMMENT
from bloodbank_desktop.storage import alert_rows, duty_rows
from bloodbank_desktop.storage.alert_rows import Alert, Excepted

SIGN = "sign-exceptions"
_LOOK = "list:alerts"
SCAN_FAULTS = table("scan_fault")
#: Before the code of a fault in the place of a rule's id.
_SCAN = "scan-"


@dataclass(frozen=True)
class Period:
    """From one China day to another, both included."""

    since: date
    until: date


@dataclass(frozen=True)
class RuleCount:
    """How often a rule spoke in a period; `per_hundred` alerts come to a hundred issues, None without an issue."""

    rule: str
    title: str
    refused: int
    overridden: int
    warned: int
    per_hundred: Decimal | None

    @property
    def total(self) -> int:
        """How often it spoke at all."""
        return self.refused + self.overridden + self.warned


@dataclass(frozen=True)
class Statistics:
    """The rules that spoke in a period, the loudest first, and how many issues there were in it."""

    period: Period
    issues: int
    rules: tuple[RuleCount, ...]


@dataclass(frozen=True)
class SignedNow:
    """How many exceptions were signed, and how many wait for another person because the signer overrode them."""

    signed: int
    own: int


@dataclass(frozen=True)
class ScanFault:
    """A scan that a dialog of `kind` refused; `draft_id` is the record that is being made, `code` a key of scan_fault."""

    at: datetime
    actor: str
    kind: str
    draft_id: str
    code: str
    message: str
    bag: str


def title_of(rule: str) -> str:
    """Return what a person calls a rule or a fault of a scan."""
    if rule in RULES:
        return RULES[rule].title
    return SCAN_FAULTS.word(rule.removeprefix(_SCAN))


def period(seat: Seat, since: date | None = None, until: date | None = None, *, days: int = 30) -> Period:
    """Return a period; what is not stated is today, and so many days up to it. Raises KnownProblem."""
    last = until or china_day(seat.clock.now())
    first = since or last - timedelta(days=days - 1)
    if first > last:
        raise KnownProblem("开始日期晚于结束日期，请改正", code="time-order")
    return Period(first, last)


def waiting(seat: Seat) -> Waiting:
    """Count what waits; no more than numbers, which stand in the window when nobody has signed in, too."""
    now = seat.clock.now()
    with seat.store.read() as tx:
        unsigned = alert_rows.exceptions_total(tx, unsigned_only=True, before=alert_rows.day_of(now))
        return Waiting(unsigned, *duty_rows.counted(tx, now))


def exceptions(seat: Seat, *, unsigned_only: bool, offset: int = 0, limit: int = 200) -> tuple[int, list[Excepted]]:
    """Return how many exceptions there are and some of them, those that wait first. Raises KnownProblem."""
    seat.need(_LOOK)
    with seat.store.read() as tx:
        total = alert_rows.exceptions_total(tx, unsigned_only=unsigned_only)
        return total, alert_rows.exceptions(tx, unsigned_only=unsigned_only, offset=offset, limit=limit)


def sign(seat: Seat, *, comment: str) -> SignedNow:
    """Sign every exception of earlier days that somebody else made; today is not over. Raises KnownProblem."""
    seat.need(SIGN)
    if len("".join(comment.split())) < LEAST_COMMENT:
        raise KnownProblem(f"请写明审阅意见，至少 {LEAST_COMMENT} 个字", code="comment-required")
    now = seat.clock.now()
    with seat.store.write() as tx:
        today = alert_rows.day_of(now)
        found = alert_rows.exceptions(tx, unsigned_only=True, before=today, limit=-1)
        others = [one.alert.seq for one in found if one.alert.actor != seat.actor]
        own = len(found) - len(others)
        if not found:
            raise KnownProblem("没有待签的例外；当天的例外次日签阅", code="nothing-to-sign")
        if not others:
            raise KnownProblem(f"{own} 项例外是您本人授权的，请由另一位有签阅权的同事签阅", code="own-exceptions")
        alert_rows.sign(tx, others, at=now, actor=seat.actor, comment=comment.strip())
        detail = {"count": len(others), "first": others[0], "last": others[-1], "comment": comment.strip()}
        seat.note(tx, "sign-exceptions", "alerts", today, detail)
    return SignedNow(len(others), own)


def statistics(seat: Seat, over: Period) -> Statistics:
    """Return how often each rule spoke in a period. Raises KnownProblem."""
    seat.need(_LOOK)
    with seat.store.read() as tx:
        counts = alert_rows.counts(tx, over.since, over.until)
        issues = alert_rows.issues(tx, over.since, over.until)
    found = [_count(rule, counts, issues) for rule in {rule for rule, _ in counts}]
    return Statistics(over, issues, tuple(sorted(found, key=lambda one: (-one.total, one.rule))))


def _count(rule: str, counts: dict[tuple[str, str], int], issues: int) -> RuleCount:
    refused, overridden, warned = (counts.get((rule, outcome), 0) for outcome in ("refused", "overridden", "warned"))
    total = refused + overridden + warned
    share = (Decimal(total * 100) / issues).quantize(Decimal("0.1"), ROUND_HALF_UP) if issues else None
    return RuleCount(rule, title_of(rule), refused, overridden, warned, share)


def of_rule(seat: Seat, rule: str, over: Period, *, offset: int = 0, limit: int = 200) -> tuple[int, list[Alert]]:
    """Return how many alerts a rule gave in a period and some of them, the newest first. Raises KnownProblem."""
    seat.need(_LOOK)
    with seat.store.read() as tx:
        return alert_rows.of_rule(tx, rule, over.since, over.until, offset=offset, limit=limit)


def find(seat: Seat, seq: int) -> Alert:
    """Return one alert. Raises KnownProblem."""
    seat.need(_LOOK)
    with seat.store.read() as tx:
        found = alert_rows.find(tx, seq)
    if found is None:
        raise KnownProblem(f"没有编号为 {seq} 的提示，请核对编号", code="no-such-alert")
    return found


def note_scans(seat: Seat, faults: Sequence[ScanFault]) -> None:
    """Write down scans that dialogs refused, all in one transaction. Raises KnownProblem."""
    with seat.store.write() as tx:
        alert_rows.add(tx, [_scan_alert(one) for one in faults])


def _scan_alert(one: ScanFault) -> Alert:
    # What a field refuses has as many codes as there are kinds; counted they are one.
    code = one.code if one.code in SCAN_FAULTS else "other"
    return Alert(
        at=one.at,
        actor=one.actor,
        moment=Moment.SCAN.value,
        rule=f"{_SCAN}{code}",
        level=Level.BLOCK.value,
        outcome="refused",
        kind=one.kind,
        record_id=one.draft_id,
        bag=one.bag,
        message=one.message,
    )
