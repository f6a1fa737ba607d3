"""An act is judged in its own transaction: what stops it stops it whole, what was passed or only said is written down.

A refusal leaves its trace too, in a transaction of its own, because a rule that shouts too often is found only by
counting, and because a blocked bag may be a near miss (21 CFR 11.10(e)).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import effects, knowing
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.declare import RecordType, Values
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import RULES, Finding, Level, findings
from bloodbank_desktop.rules.overriding import EMPTY, Override, Passage, Settled, settle
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.storage import alert_rows
from bloodbank_desktop.storage.alert_rows import Alert
from bloodbank_desktop.storage.store import Transaction


class Stopped(Refused):
    """Rules stopped an act; `findings` are all that they found, those that only warn included."""

    def __init__(self, settled: Settled) -> None:
        super().__init__(settled.stopping)
        self.settled = settled


class Unread(Refused):
    """Warnings that the person has not been shown yet; the same record passes when she has."""

    def __init__(self, settled: Settled) -> None:
        super().__init__(settled.told)


def found(
    tx: Transaction,
    declared: RecordType,
    values: Values,
    now: datetime,
    *,
    person: Person | None = None,
    second: Signature | None = None,
    before: Values | None = None,
    arriving: bool = False,
) -> list[Finding]:
    """Return what the rules find in a new record, or in an amended one that had the values `before`.

    What is `arriving` was done elsewhere and is a fact; only what contradicts our stock is asked.
    """
    effect = effects.EFFECTS.get(declared.key)
    if effect is None:
        return []
    moments = effect.moments(values) if before is None else effect.again
    if not moments:
        return []
    told = knowing.gather(
        tx, declared.key, values, now, event=effect.event(values), person=person, second=second, before=before
    )
    return list(findings(moments, values, told, arriving=arriving))


def judge(
    tx: Transaction,
    seat: Seat,
    declared: RecordType,
    values: Values,
    now: datetime,
    *,
    passage: Passage = EMPTY,
    before: Values | None = None,
) -> Settled:
    """Return what was passed and said. Raises Stopped with everything that stops the act, Unread with warnings."""
    all_ = found(tx, declared, values, now, person=seat.person, second=passage.second, before=before)
    settled = settle(all_, passage.overrides, seat.person, now)
    if settled.stopping:
        raise Stopped(settled)
    warnings = {one.message for one in settled.told if one.level is Level.WARN}
    if passage.seen is not None and not warnings <= passage.seen:
        raise Unread(settled)
    return settled


def note(tx: Transaction, seat: Seat, kind: str, record_id: str, values: Values, settled: Settled) -> None:
    """Write down what was passed by an override and what a person was told, in the transaction of the act."""
    now = seat.clock.now()
    alerts = [
        _alert(seat, now, kind, record_id, values, one, "overridden", override) for one, override in settled.passed
    ]
    alerts += [_alert(seat, now, kind, record_id, values, one, "warned") for one in settled.told]
    alert_rows.add(tx, alerts)
    for one, override in settled.passed:
        detail = {"rule": one.rule, "line": one.line, "reason": override.reason, "comment": override.comment}
        if override.second is not None:
            detail["second"] = override.second.person.actor
        seat.note(tx, "override", kind, record_id, detail)


def note_refusal(seat: Seat, kind: str, record_id: str, values: Values, stopped: Stopped) -> None:
    """Write down that rules stopped an act; a disk that takes nothing does not hide the refusal itself."""
    now = seat.clock.now()
    alerts = [_alert(seat, now, kind, record_id, values, one, "refused") for one in stopped.settled.stopping]
    try:
        with seat.store.write() as tx:
            alert_rows.add(tx, alerts)
            seat.note(tx, "refused", kind, record_id, {"rules": sorted({one.rule for one in stopped.settled.stopping})})
    except KnownProblem:
        return


def _alert(
    seat: Seat,
    now: datetime,
    kind: str,
    record_id: str,
    values: Values,
    one: Finding,
    outcome: str,
    override: Override | None = None,
) -> Alert:
    rule = RULES.get(one.rule)
    bags = values.get("bags") or ()
    bag = bag_name(bag_key(bags[one.line - 1])) if one.line and one.line <= len(bags) else ""
    return Alert(
        at=now,
        # With the login: two persons may bear one name, and nobody signs her own exception.
        actor=seat.actor,
        moment=rule.moments[0].value if rule else "",
        rule=one.rule,
        level=one.level.value,
        outcome=outcome,
        kind=kind,
        record_id=record_id,
        bag=bag,
        message=one.message,
        reason=override.reason if override else "",
        comment=override.comment.strip() if override else "",
        second=override.second.person.actor if override and override.second else "",
    )


def words(found_: Iterable[Finding]) -> list[str]:
    """Return the sentences of findings."""
    return [one.message for one in found_]
