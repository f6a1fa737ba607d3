"""Every rule has an id, a moment, a level and a source, and stands in one catalogue that operations walk through.

A rule that a screen calls by itself is a rule that an import forgets; operations call the catalogue, nobody else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem


class Moment(StrEnum):
    """When a rule is asked."""

    RECEIPT = "receipt"
    LEAVING = "leaving"


class Level(StrEnum):
    """What a rule's finding means; this release knows only what nobody may pass."""

    BLOCK = "block"


@dataclass(frozen=True)
class Facts:
    """What rules may know besides the record: the moment of the act."""

    now: datetime


Function = Callable[[Values, Facts], Iterable[Problem]]


@dataclass(frozen=True)
class Rule:
    """One rule; `find` yields a problem for each violation."""

    id: str
    moment: Moment
    level: Level
    source: str
    find: Function


RULES: dict[str, Rule] = {}


def rule(id_: str, *, moment: Moment, level: Level, source: str) -> Callable[[Function], Function]:
    """Enter a pure function into the catalogue. Raises ValueError for an id that is taken."""

    def enter(find: Function) -> Function:
        if id_ in RULES:
            raise ValueError(f"two rules are called {id_}")
        RULES[id_] = Rule(id_, moment, level, source, find)
        return find

    return enter


def findings(moment: Moment, values: Values, facts: Facts) -> Iterator[Problem]:
    """Yield what every rule of a moment finds."""
    for each in RULES.values():
        if each.moment is moment:
            yield from each.find(values, facts)


def on_each_bag(check: Callable[[Values, Facts], Iterable[tuple[str, str, str]]]) -> Function:
    """Turn a check of one bag, giving (field, code, sentence), into a rule over the bags of a record."""

    def find(values: Any, facts: Facts) -> Iterator[Problem]:
        for index, bag in enumerate(values["bags"], start=1):
            for field_key, code, message in check(bag, facts):
                yield Problem(field_key, code, f"第 {index} 袋：{message}").inside("bags", index)

    find.__doc__ = check.__doc__
    return find
