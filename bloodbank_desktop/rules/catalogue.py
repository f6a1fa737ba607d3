"""Every rule has an id, a moment, a level, its exact words and a source, and stands in one catalogue that operations ask.

A rule that a screen calls by itself is a rule that an import forgets; operations call the catalogue, nobody else does.
A rule is a pure function of what a record says and of `Facts`; it says which of its sentences applies, never how it is
shown, so that warnings catalogue, self-check and screen speak the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made_by
from enum import StrEnum
from typing import Any

from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.facts import Facts


class Moment(StrEnum):
    """When a rule is asked."""

    SCAN = "scan"
    RECEIPT = "receipt"
    ACCEPTANCE = "acceptance"
    REVERSAL = "reversal"
    LEAVING = "leaving"
    REMOVAL = "removal"
    SELECTION = "selection"
    ISSUE = "issue"
    HANDOVER = "handover"
    COMPLETION = "completion"
    REQUEST = "request"
    REACTION = "reaction"
    CERTIFICATE = "certificate"
    PLAN = "plan"


MOMENT_WORDS = {
    Moment.SCAN: "扫描",
    Moment.RECEIPT: "入库",
    Moment.ACCEPTANCE: "验收",
    Moment.REVERSAL: "冲红",
    Moment.LEAVING: "出库",
    Moment.REMOVAL: "其它出库",
    Moment.SELECTION: "选血",
    Moment.ISSUE: "发血",
    Moment.HANDOVER: "交接",
    Moment.COMPLETION: "补登",
    Moment.REQUEST: "申请",
    Moment.REACTION: "不良反应",
    Moment.CERTIFICATE: "用血审证",
    Moment.PLAN: "用血计划",
}


class Level(StrEnum):
    """What a finding means: nobody may pass, some may with a reason, a person is warned, a person is told."""

    NOTE = "note"
    WARN = "warn"
    OVERRIDE = "override"
    BLOCK = "block"

    @property
    def weight(self) -> int:
        """How grave it is, 0 for a note."""
        return list(Level).index(self)


LEVEL_WORDS = {Level.NOTE: "提示", Level.WARN: "警告", Level.OVERRIDE: "须授权", Level.BLOCK: "禁止"}


@dataclass(frozen=True)
class Hazard:
    """Why a rule exists, for the hazard table: what may happen to whom, by what cause, and what remains."""

    hazard: str
    cause: str
    residual: str


@dataclass(frozen=True, slots=True)
class Finding(Problem):
    """A problem with the rule that found it, its level and its source."""

    rule: str = ""
    level: Level = Level.BLOCK
    source: str = ""

    def as_check(self) -> dict[str, str]:
        """Return the form of `check`: rule, level, message, source."""
        return {"rule": self.rule, "level": self.level.value, "message": self.message, "source": self.source}


@dataclass(frozen=True)
class Said:
    """Which sentence of a rule applies, at which field, with which words; `level` where a table decides it.

    `line` is for a rule that looks at the record as a whole and means one of its bags, counted from 1.
    """

    code: str
    field: str = ""
    level: Level | None = None
    words: Mapping[str, object] = made_by(default_factory=dict)
    line: int | None = None


def said(
    code: str, field_key: str = "", level: Level | None = None, line: int | None = None, /, **words: object
) -> Said:
    """Return what a rule says."""
    return Said(code, field_key, level, words, line)


Function = Callable[[Values, Facts], Iterable[Said]]
BagFunction = Callable[[Values, Facts], Iterable[Said]]


@dataclass(frozen=True)
class Rule:
    """One rule. `says` are its sentences by code, with {words}; `level` the gravest that it may give.

    `least` names who may override it (technician, reviewer, director), `second` whether a second person must sign the
    override as well. `tables` are the data tables that it reads, `per_bag` says that it is asked for each bag.
    `arriving` rules are asked of what another workstation did, too: only what our stock contradicts may stay out.
    """

    id: str
    moments: tuple[Moment, ...]
    level: Level
    title: str
    source: str
    says: Mapping[str, str]
    hazard: Hazard
    find: Function
    per_bag: bool
    tables: tuple[str, ...]
    switches: tuple[str, ...]
    least: str
    second: bool
    arriving: bool

    def findings(self, values: Values, facts: Facts) -> Iterator[Finding]:
        """Yield what this rule finds, in words."""
        if not self.per_bag:
            for one in self.find(values, facts):
                if one.line is None:
                    yield self._finding(one)
                else:
                    yield self._on_bag(one, values["bags"][one.line - 1], one.line)
            return
        for index, bag in enumerate(values["bags"], start=1):
            for one in self.find(bag, facts):
                yield self._on_bag(one, bag, index)

    def _on_bag(self, one: Said, bag: Values, line: int) -> Finding:
        found = self._finding(one, f"第 {line} 袋：", bag)
        return replace(found, field=f"bags.{found.field}" if found.field else "bags", line=line)

    def _finding(self, one: Said, before: str = "", bag: Values | None = None) -> Finding:
        level = one.level or self.level
        if level.weight > self.level.weight:
            raise ValueError(f"rule {self.id} is declared {self.level} and says {level}")
        words = dict(one.words)
        if bag is not None:
            words.setdefault("bag", bag_name(bag_key(bag)))
        message = before + self.says[one.code].format_map(words)
        return Finding(one.field, one.code, message, None, self.id, level, self.source)


RULES: dict[str, Rule] = {}


def rule(
    id_: str,
    *moments: Moment,
    level: Level,
    title: str,
    source: str,
    says: Mapping[str, str],
    hazard: Hazard,
    per_bag: bool = False,
    tables: Iterable[str] = (),
    switches: Iterable[str] = (),
    least: str = "",
    second: bool = False,
    arriving: bool = False,
) -> Callable[[Function], Function]:
    """Enter a pure function into the catalogue. Raises ValueError for an id that is taken or a rule that contradicts."""

    def enter(find: Function) -> Function:
        if id_ in RULES:
            raise ValueError(f"two rules are called {id_}")
        if (level is Level.OVERRIDE) and not least:
            raise ValueError(f"rule {id_} can be overridden, but does not say by whom")
        RULES[id_] = Rule(
            id_,
            moments,
            level,
            title,
            source,
            says,
            hazard,
            find,
            per_bag,
            tuple(tables),
            tuple(switches),
            least,
            second,
            arriving,
        )
        return find

    return enter


def rules_at(moments: Moment | Iterable[Moment]) -> list[Rule]:
    """Return the rules of these moments in the order of the catalogue, each once."""
    asked = {moments} if isinstance(moments, Moment) else set(moments)
    return [each for each in RULES.values() if not asked.isdisjoint(each.moments)]


def findings(
    moments: Moment | Iterable[Moment], values: Values, facts: Facts, *, arriving: bool = False
) -> Iterator[Finding]:
    """Yield what every rule of these moments finds, each rule asked once; `arriving`: only those asked of arrivals."""
    for each in rules_at(moments):
        if each.arriving or not arriving:
            yield from each.findings(values, facts)


def gravest(found: Iterable[Finding]) -> Level | None:
    """Return the gravest level, None where nothing was found."""
    return max((one.level for one in found), key=lambda level: level.weight, default=None)


def words_of(value: Any) -> str:
    """Return a value as a sentence shows it: without trailing zeros, without a code."""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
