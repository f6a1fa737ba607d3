"""Words about what the rules said: alerts counted and listed, exceptions signed, duties closed, near misses begun."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, AddWord, profile, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.storage.alert_rows import Alert, Excepted
    from bloodbank_desktop.storage.duty_rows import Duty


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    made = word("alerts", _alerts, "count what the rules said, per rule and per hundred issues; with --rule, list it")
    made.add_argument("--since", default="", metavar="DAY", help="first day, YYYY-MM-DD; 30 days without it")
    made.add_argument("--until", default="", metavar="DAY", help="last day; today without it")
    made.add_argument("--rule", default="", metavar="RULE")
    _paged(made)
    made = word(
        "exceptions", _exceptions, "list the overrides that nobody has signed yet; `exceptions sign` signs them"
    )
    made.add_argument("act", nargs="?", choices=("list", "sign"), default="list", metavar="sign")
    made.add_argument("--all", action="store_true", dest="everything", help="those that were signed, too")
    made.add_argument("--comment", default="", metavar="TEXT", help="what the signer says")
    _paged(made)
    made = word("duties", _duties, "list what is left to be done; `duties close ID` closes one with words")
    made.add_argument("act", nargs="?", choices=("list", "close"), default="list", metavar="close")
    made.add_argument("id", nargs="?", default="", metavar="ID")
    made.add_argument("--comment", default="", metavar="TEXT", help="how it was done")
    word("near-miss", _near_miss, "begin the draft of a near miss from an alert, by the number in the list", "alert")


def _paged(made: argparse.ArgumentParser) -> None:
    made.add_argument("--limit", type=int, default=100, metavar="N")
    made.add_argument("--offset", type=int, default=0, metavar="N")


def _day(text: str) -> date | None:
    from bloodbank_desktop.records.kinds import Day, Unreadable

    kind = Day()
    try:
        day = kind.parse(text)
    except Unreadable as problem:
        raise KnownProblem(f"“{text}”：{problem.message}", code=problem.code) from problem
    for slug, message in kind.check(day) if day is not None else ():
        raise KnownProblem(f"“{text}”：{message}", code=slug)
    return day


def _alerts(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations import alerts

    since, until = _day(options.since), _day(options.until)
    with profile(options) as opened:
        over = alerts.period(opened.desk, since, until)
        said = {"since": over.since, "until": over.until}
        if options.rule:
            total, found = alerts.of_rule(opened.desk, options.rule, over, offset=options.offset, limit=options.limit)
            say(said | {"rule": options.rule, "total": total, "alerts": [_alert(one) for one in found]})
            return YES
        counted = alerts.statistics(opened.desk, over)
    names = ("rule", "title", "refused", "overridden", "warned", "total", "per_hundred")
    rules = [{name: getattr(one, name) for name in names} for one in counted.rules]
    say(said | {"issues": counted.issues, "rules": rules})
    return YES


def _exceptions(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations import alerts

    with profile(options) as opened:
        if options.act == "sign":
            done = alerts.sign(opened.desk, comment=options.comment)
            say({"signed": done.signed, "own": done.own})
            return YES
        total, found = alerts.exceptions(
            opened.desk, unsigned_only=not options.everything, offset=options.offset, limit=options.limit
        )
    say({"total": total, "exceptions": [_excepted(one) for one in found]})
    return YES


def _duties(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations import duties

    if options.act == "close" and not options.id:
        raise KnownProblem("请写明了结哪一项：duties close ID --comment TEXT", code="wrong-act")
    with profile(options) as opened:
        if options.act == "close":
            say(_duty(duties.answer(opened.desk, options.id, options.comment)))
        else:
            say([_duty(one) for one in duties.waiting(opened.desk)])
    return YES


def _near_miss(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.near_misses import begin_from

    if not options.alert.isascii() or not options.alert.isdigit():
        raise KnownProblem(f"“{options.alert}”不是提示编号，请照 alerts 列出的编号填写", code="not-a-number")
    with profile(options) as opened:
        draft = begin_from(opened.desk, int(options.alert))
    say({"draft": draft.id, "kind": draft.kind})
    return YES


def _alert(one: Alert) -> dict[str, Any]:
    names = ("at", "actor", "moment", "rule", "level", "outcome", "kind", "record_id", "bag", "message", "reason")
    return {"number": one.seq} | {name: getattr(one, name) for name in (*names, "comment", "second")}


def _excepted(one: Excepted) -> dict[str, Any]:
    review = one.review
    signed = {"at": review.at, "by": review.actor, "comment": review.comment} if review is not None else None
    return _alert(one.alert) | {"signed": signed}


def _duty(one: Duty) -> dict[str, Any]:
    from bloodbank_desktop.operations.duties import DUTIES

    names = ("id", "what", "kind", "record_id", "name", "opened_at", "opened_by", "due_at", "closed_at", "closed_by")
    return {"word": DUTIES.word(one.what)} | {name: getattr(one, name) for name in (*names, "comment")}
