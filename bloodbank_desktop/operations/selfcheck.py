"""The self-check: every committed vector of every rule, run on the installed copy with the switches of this hospital.

A program that was validated at its maker's proves nothing about the copy on this disk (ISBT 2010, BSH
2014). What fails closes issuing until it passes again or a person with the right says in writing why not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bloodbank_desktop.clock import utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.installed import Installed, installed
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.operations.trying import ask
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import LEVEL_WORDS, RULES, Rule
from bloodbank_desktop.rules.decisions import Cell, decision, decision_names, watched
from bloodbank_desktop.rules.described import describe
from bloodbank_desktop.rules.switches import SWITCHES
from bloodbank_desktop.rules.vectors import Vector, VectorFile
from bloodbank_desktop.storage import selfcheck_rows, site_rows
from bloodbank_desktop.storage.selfcheck_rows import Outcome

PERMISSION = "selfcheck"
REOPEN = "reopen-issuing"
#: Shorter words explain nothing; blanks do not count.
LEAST_REASON = 6
Progress = Callable[[int, int, str], None]
"""Told how many rules are done, of how many, and which comes next."""


@dataclass(frozen=True)
class Failure:
    """A vector that was not answered as it should be."""

    vector: str
    why: str


@dataclass(frozen=True)
class RuleResult:
    """What the vectors of one rule showed; `uncovered` are cells of its decision tables that none of them asked."""

    rule: Rule
    source: str
    passed: int
    failed: tuple[Failure, ...]
    uncovered: tuple[Cell, ...]

    @property
    def total(self) -> int:
        """How many vectors the rule has."""
        return self.passed + len(self.failed)

    @property
    def holds(self) -> bool:
        """Whether the rule has vectors, all of them passed and no cell was left out."""
        return self.passed > 0 and not self.failed and not self.uncovered

    def as_json(self) -> dict[str, Any]:
        """Return the line of the report."""
        return {
            "rule": self.rule.id,
            "title": self.rule.title,
            "level": self.rule.level.value,
            "source": self.source,
            "vectors": self.total,
            "passed": self.passed,
            "failed": [{"vector": one.vector, "why": one.why} for one in self.failed],
            "uncovered": [f"{name}: {'/'.join(inputs)}" for name, inputs in self.uncovered],
        }


@dataclass(frozen=True)
class Switch:
    """A switch that this hospital set otherwise than it was delivered."""

    key: str
    word: str
    value: str
    default: str


@dataclass(frozen=True)
class Report:
    """Everything that a self-check showed. `broken` are files of vectors that cannot be used, with the reason."""

    at: datetime
    by: str
    rules: tuple[RuleResult, ...]
    broken: tuple[Failure, ...]
    switches: tuple[Switch, ...]
    installed: Installed

    @property
    def passed(self) -> bool:
        """Whether every rule holds and every file of vectors was used."""
        return not self.broken and all(one.holds for one in self.rules)

    @property
    def failed_rules(self) -> tuple[str, ...]:
        """The rules that do not hold, and the files that are of no rule."""
        return (*(one.rule.id for one in self.rules if not one.holds), *(one.vector for one in self.broken))

    def as_json(self) -> dict[str, Any]:
        """Return the form of the command line."""
        return {
            "passed": self.passed,
            "at": utc_text(self.at),
            "by": self.by,
            "counts": {
                "rules": len(self.rules),
                "vectors": sum(one.total for one in self.rules),
                "failed": sum(len(one.failed) for one in self.rules),
                "without_vectors": sum(not one.total for one in self.rules),
                "uncovered_cells": sum(len(one.uncovered) for one in self.rules),
            },
            "rules": [one.as_json() for one in self.rules],
            "broken": [{"file": one.vector, "why": one.why} for one in self.broken],
            "switches": [vars(one) for one in self.switches],
            "versions": self.installed.versions,
            "tables": self.installed.tables,
            "digest": self.installed.digest,
            "digests": self.installed.digests,
        }


def examine(site: Mapping[str, str], at: datetime, by: str = "", progress: Progress | None = None) -> Report:
    """Return what the self-check shows where a hospital set these switches. Touches no data file."""
    known: dict[str, VectorFile] = {}
    broken: list[Failure] = []
    for file in vectors.files():
        try:
            found = vectors.load(file)
        except (ValueError, OSError) as problem:
            broken.append(Failure(file.stem, f"例题文件不能使用：{problem}"))
            continue
        if found.rule in RULES:
            known[found.rule] = found
        else:
            broken.append(Failure(found.rule, "例题所属的规则不在规则目录中"))
    results = []
    for index, rule in enumerate(RULES.values()):
        if progress is not None:
            progress(index, len(RULES), rule.title)
        results.append(_result(rule, known.get(rule.id), site))
    return Report(at, by, tuple(results), tuple(broken), tuple(_switches(site)), installed())


def _result(rule: Rule, file: VectorFile | None, site: Mapping[str, str]) -> RuleResult:
    tried = file.vectors if file is not None else ()
    with watched() as asked:
        answers = [(one, differs(rule, one, site)) for one in tried]
    failed = tuple(Failure(one.name, why) for one, why in answers if why)
    uncovered = tuple(cell for cell in cells_of(rule) if cell not in asked)
    return RuleResult(rule, file.source if file else "", len(answers) - len(failed), failed, uncovered)


def differs(rule: Rule, vector: Vector, site: Mapping[str, str]) -> str:
    """Return how a rule's answer to a vector differs from the one that is written there, "" when it does not."""
    try:
        case = describe(vector.case)
        return vector.differs(ask(rule, case, site), case.declared)
    except Refused as refused:
        return f"例题不能读取：{'；'.join(f'{one.field} {one.message}' for one in refused.problems)}"
    except Exception as problem:  # A rule that breaks is what a self-check has to tell, not to die of.
        return f"规则出错：{type(problem).__name__}: {problem}"


def cells_of(rule: Rule) -> Iterator[Cell]:
    """Yield every cell of the decision tables that a rule reads."""
    for name in rule.tables:
        if name in decision_names():
            yield from ((name, inputs) for inputs in decision(name).every())


def _switches(site: Mapping[str, str]) -> Iterator[Switch]:
    for key in SWITCHES:
        default = str(SWITCHES.facet(key, "default"))
        value = site.get(key, default)
        if value != default:
            words = SWITCHES.facet(key, "values")
            yield Switch(key, SWITCHES.word(key), str(words.get(value, value)), str(words[default]))


class SelfCheck:
    """The self-check of one data file: its switches, its trace, and whether issuing is open."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def switches(self) -> Mapping[str, str]:
        """Return the switches that this hospital ever set."""
        with self._seat.store.read() as tx:
            return site_rows.switches(tx)

    def run(self, progress: Progress | None = None) -> Report:
        """Run every vector and note the outcome; a failure closes issuing, a pass opens it. Raises KnownProblem."""
        seat = self._seat
        seat.need(PERMISSION)
        report = examine(self.switches(), seat.clock.now(), seat.actor, progress)
        detail = report.as_json()
        kept = {key: detail[key] for key in ("passed", "counts", "versions", "digest")}
        with seat.store.write() as tx:
            selfcheck_rows.put(
                tx,
                Outcome(
                    utc_text(report.at),
                    report.by,
                    report.installed.versions["program"],
                    report.passed,
                    report.failed_rules,
                ),
            )
            seat.note(tx, "selfcheck", "program", "rules", {**kept, "failed": list(report.failed_rules)})
        return report

    def latest(self) -> Outcome | None:
        """Return the last self-check of this file, None before the first."""
        with self._seat.store.read() as tx:
            return selfcheck_rows.latest(tx)

    def reopen(self, reason: str) -> Outcome:
        """Open issuing although the last self-check failed, for a reason in writing. Raises KnownProblem."""
        seat = self._seat
        seat.need(REOPEN)
        words = reason.strip()
        if len("".join(words.split())) < LEAST_REASON:
            raise KnownProblem(f"请写明重新开放发血的原因，至少 {LEAST_REASON} 个字", code="reason-required")
        now = utc_text(seat.clock.now())
        with seat.store.write() as tx:
            if not selfcheck_rows.reopen(tx, at=now, by=seat.actor, reason=words):
                raise KnownProblem("发血没有因自检关闭，不需要重新开放", code="not-closed")
            outcome = selfcheck_rows.latest(tx)
            assert outcome is not None
            seat.note(tx, REOPEN, "program", "rules", {"reason": words, "failed": list(outcome.failed)})
        return outcome


def level_word(one: RuleResult) -> str:
    """Return the level of a rule in words."""
    return LEVEL_WORDS[one.rule.level]
