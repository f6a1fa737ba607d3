"""An override passes one finding of one record, by a person with the role, for a coded reason and in her own words.

It is handed over with the record and with nothing else, so it cannot carry over to the next one (a blood centre's
program once reused the comment of the override before: FDA warning letter 2013).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import RULES, Finding, Level
from bloodbank_desktop.rules.persons import Person, Signature, holders, holds

#: Shorter words explain nothing; blanks do not count.
LEAST_COMMENT = 6


def purpose(rule_id: str, line: int | None) -> str:
    """Return what the second person of an override signs for."""
    return f"override:{rule_id}:{line or 0}"


@dataclass(frozen=True)
class Override:
    """Passes what `rule` found in `line` (None: of the whole record); `reason` is a key of the table override_reason."""

    rule: str
    line: int | None
    reason: str
    comment: str
    second: Signature | None = None


@dataclass(frozen=True)
class Passage:
    """What a person brings along to get a record past the rules, for this one attempt.

    `second` is the person who signs with her. `seen` are the warnings that she was shown; None when nobody can be shown
    any, as for a file: then warnings stop nothing.
    """

    overrides: tuple[Override, ...] = ()
    second: Signature | None = None
    seen: frozenset[str] | None = None


#: Nothing brought along, nobody to be shown a warning.
EMPTY = Passage()


@dataclass(frozen=True)
class Settled:
    """What stops an act, what was passed and by which override, and what a person is only told."""

    stopping: tuple[Finding, ...]
    passed: tuple[tuple[Finding, Override], ...]
    told: tuple[Finding, ...]


def settle(found: Iterable[Finding], overrides: Sequence[Override], person: Person | None, now: datetime) -> Settled:
    """Return what findings mean for an act by `person` that carries these overrides. Writes and asks nothing."""
    stopping: list[Finding] = []
    passed: list[tuple[Finding, Override]] = []
    told: list[Finding] = []
    given = {(one.rule, one.line): one for one in overrides}
    used: set[tuple[str, int | None]] = set()
    if len(given) != len(overrides):
        stopping.append(_refused("", "override-twice", None, "同一项有两份授权，请只保留一份"))
    for one in found:
        if one.level is Level.BLOCK:
            stopping.append(one)
        elif one.level is Level.OVERRIDE:
            override = given.get((one.rule, one.line))
            used.add((one.rule, one.line))
            if override is None:
                stopping.append(one)
            elif wrong := list(_wrong(one, override, person, now)):
                stopping.extend(wrong)
            else:
                passed.append((one, override))
        else:
            told.append(one)
    for rule_id, line in given.keys() - used:
        # It was meant for something that is no longer so, and must not wait for the next time.
        where = f"第 {line} 袋：" if line else ""
        stopping.append(
            _refused(rule_id, "override-unused", line, f"{where}没有需要授权的情况，请去掉这份授权后再保存")
        )
    return Settled(tuple(stopping), tuple(passed), tuple(told))


def _wrong(found: Finding, override: Override, person: Person | None, now: datetime) -> Iterator[Finding]:
    rule = RULES[found.rule]
    needed = f"override:{rule.least}"
    who = "、".join(holders(needed))
    where = f"第 {found.line} 袋：" if found.line else ""

    def refused(code: str, words: str) -> Finding:
        return _refused(found.rule, code, found.line, f"{where}{rule.title}：{words}")

    if person is None or not person.may(needed):
        yield refused("override-role", f"您的角色不能授权，请由{who}授权")
    if override.reason not in table("override_reason"):
        yield refused("override-reason", "请从列表中选择授权原因")
    if len("".join(override.comment.split())) < LEAST_COMMENT:
        yield refused("override-comment", f"请写明授权的理由，至少 {LEAST_COMMENT} 个字")
    if rule.second:
        second = override.second
        if second is None or not holds(second, purpose(found.rule, found.line), now):
            yield refused("override-second", "须第二人在本机签名，请第二人输入工号和密码")
        elif person is not None and second.person.id == person.id:
            yield refused("override-same-person", "第二人不能是授权人本人，请由另一人签名")


def _refused(rule_id: str, code: str, line: int | None, message: str) -> Finding:
    source = RULES[rule_id].source if rule_id in RULES else ""
    return Finding("bags" if line else "", code, message, line, rule_id, Level.BLOCK, source)
