"""A described case meets the rules as the act itself would: same moments, same event, same catalogue, but no data file.

For `check` and for the self-check: what a hospital tries out must be what happens when somebody saves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bloodbank_desktop.operations import effects
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import Finding, Level, Moment, Rule, findings, gravest
from bloodbank_desktop.rules.described import Described, describe
from bloodbank_desktop.rules.facts import Facts

OK = "ok"


@dataclass(frozen=True)
class Verdict:
    """What the rules say of a case: `word` is ok, warn, override or block; a note does not raise it."""

    word: str
    findings: tuple[Finding, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the answer of `check`."""
        return {"verdict": self.word, "findings": [one.as_check() for one in self.findings]}


def check(whole: Any, kind: str, site: Mapping[str, str]) -> Verdict:
    """Return what the rules say of a described record of a module, where a hospital set these switches.

    Raises Refused with the path of everything that cannot be read.
    """
    case = describe(whole, kind)
    found = tuple(findings(moments_of(case), case.values, facts_of(case, site)))
    worst = gravest(found)
    return Verdict(OK if worst in (None, Level.NOTE) else str(worst), found)


def moments_of(case: Described) -> tuple[Moment, ...]:
    """Return when rules are asked of a case: where it says so itself, else as for a record that is saved or amended."""
    if case.moments is not None:
        return case.moments
    effect = effects.EFFECTS.get(case.declared.key)
    if effect is None:
        return ()
    return effect.moments(case.values) if case.facts.before is None else effect.again


def facts_of(case: Described, site: Mapping[str, str]) -> Facts:
    """Return the facts of a case with the event of its record and the switches of a hospital, unless it states its own."""
    effect = effects.EFFECTS.get(case.declared.key)
    event = case.event
    if event is None:
        event = effect.event(case.values) if effect is not None else ""
    return replace(case.facts, event=event, site={**site, **case.facts.site})


def ask(rule: Rule, case: Described, site: Mapping[str, str]) -> list[Finding]:
    """Return what one rule finds in a case; a rule that is not asked at this moment finds nothing."""
    if set(moments_of(case)).isdisjoint(rule.moments):
        return []
    return list(rule.findings(case.values, facts_of(case, site)))
