"""Mutants of the rules' data: each cell, each limit by its smallest unit, each facet that a rule may read."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from bloodbank_desktop.paths import resource
from bloodbank_desktop.rules.catalogue import RULES
from bloodbank_desktop.rules.decisions import decision_names
from tests.mutation.reach import HOME

#: So many wrong texts are tried in place of one; a table of hundred antigens needs no ten thousand mutants.
_MOST_TEXTS = 2


@cache
def facets_read() -> frozenset[str]:
    """Return the facets of tables that the source of the rules asks for; no rule decides by others."""
    found = set()
    for file in HOME.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "facet":
                found |= {str(one.value) for one in node.args if isinstance(one, ast.Constant)}
    return frozenset(found)


@dataclass(frozen=True)
class DataMutant:
    """One changed file of resources/: `folder` is tables or decisions, `way` leads to what is `value` now."""

    name: str
    folder: str
    table: str
    way: tuple[str | int, ...]
    value: Any

    @property
    def whole(self) -> dict[str, Any]:
        """The JSON of the file with this change."""
        changed = _read(self.folder, self.table)
        place: Any = changed
        for step in self.way[:-1]:
            place = place[step]
        place[self.way[-1]] = self.value
        return changed


def _read(folder: str, name: str) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(resource(folder, f"{name}.json").read_text(encoding="utf-8"))
    return whole


def mutants() -> Iterator[DataMutant]:
    """Yield every mutant of the data."""
    for name in decision_names():
        yield from _cells(name)
    named = {name for rule in RULES.values() for name in rule.tables}
    for name in sorted((named | {"bag_event", "limit"}) - set(decision_names())):
        yield from _entries(name)


def _cells(name: str) -> Iterator[DataMutant]:
    whole = _read("decisions", name)
    for cell, outcome in whole["cells"].items():
        for other in whole["outcomes"]:
            if other != outcome:
                yield DataMutant(f"{cell}: {outcome} becomes {other}", "decisions", name, ("cells", cell), other)


def _entries(name: str) -> Iterator[DataMutant]:
    whole = _read("tables", name)
    for index, entry in enumerate(whole["entries"]):
        for facet, value in entry.items():
            # Nobody reads the unit of a limit; that of a component says which components may stand in for each other.
            if facet not in facets_read() or (name, facet) == ("limit", "unit"):
                continue
            others = [one[facet] for one in whole["entries"] if facet in one]
            for words, other in _others(value, others):
                yield DataMutant(f"{entry['key']}.{facet}: {words}", "tables", name, ("entries", index, facet), other)


def _others(value: Any, among: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a facet might wrongly be, with words for it."""
    if isinstance(value, bool):
        yield f"{value} becomes {not value}", not value
    elif isinstance(value, int):
        for other in (value - 1, value + 1):
            yield f"{value} becomes {other}", other
    elif isinstance(value, str) and _number(value):
        step = Decimal(1).scaleb(Decimal(value).as_tuple().exponent)  # type: ignore[arg-type]
        for number in (Decimal(value) - step, Decimal(value) + step):
            yield f"{value} becomes {number}", str(number)
    elif isinstance(value, str):
        for text in sorted({one for one in among if isinstance(one, str) and one != value})[:_MOST_TEXTS]:
            yield f"{value} becomes {text}", text
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield f"without {one}", value[:index] + value[index + 1 :]
        known = {str(x) for other in among if isinstance(other, list) for x in other} - set(map(str, value))
        for one in sorted(known)[:_MOST_TEXTS]:
            yield f"with {one}", [*value, one]
    elif isinstance(value, dict):
        yield from _pairs(value, among)


def _pairs(value: dict[str, Any], among: list[Any]) -> Iterator[tuple[str, Any]]:
    targets = sorted({str(target) for other in among if isinstance(other, dict) for target in other.values()})
    keys = sorted({key for other in among if isinstance(other, dict) for key in other})
    for key, target in value.items():
        yield f"without {key!r}", {one: other for one, other in value.items() if one != key}
        wrong = next((one for one in targets if one != target), None)
        if wrong is not None:
            yield f"{key!r} leads to {wrong}", {**value, key: wrong}
    for key in keys:
        if key not in value:
            target = next(iter(value.values()), targets[0])
            yield f"with {key!r} to {target}", {**value, key: target}


def _number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()
