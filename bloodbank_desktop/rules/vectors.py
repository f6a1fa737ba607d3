"""Self-check vectors: described cases with the answer that a rule owes, written from the sources and never by the rule.

A file is resources/selfcheck/RULE-ID.json: {"rule", "source", "vectors": [{"name", "case", "changes", "facts", "moments",
"expect"}]}. `expect` is "pass", one finding or a list of findings: {"level", "code"} and, where they matter, "line",
"field" and "says" (words that the sentence contains). It speaks of this rule only; what other rules say is theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.rules.catalogue import LEVEL_WORDS, Finding, Level

PASS = "pass"
CASES = "cases.json"
_CASE = ("case", "record", "values", "changes", "facts", "moments")
_FINDING = {"level", "code", "line", "field", "says"}


@dataclass(frozen=True)
class Expected:
    """One finding that a vector demands; None is left open, `says` is a part of the sentence."""

    level: Level
    code: str
    line: int | None = None
    field: str | None = None
    says: str = ""

    def met_by(self, one: Finding) -> bool:
        """Return whether a finding is the one that is demanded."""
        return (
            (one.level, one.code) == (self.level, self.code)
            and self.line in (None, one.line)
            and self.field in (None, one.field)
            and self.says in one.message
        )

    def __str__(self) -> str:
        where = f"第 {self.line} 袋" if self.line else ""
        return f"{where}{LEVEL_WORDS[self.level]}（{self.code}）"


@dataclass(frozen=True)
class Vector:
    """One case and the answer to it; `case` is what `described.describe` reads, an empty `expect` means that it passes."""

    name: str
    case: Mapping[str, Any]
    expect: tuple[Expected, ...]

    def differs(self, found: Iterable[Finding], declared: RecordType | None = None) -> str:
        """Return how the findings of the rule differ from the answer, in words; "" when they do not.

        Each finding must be demanded and each demand met; a demand without a line is met by every bag that says so.
        Where the record is given, each finding must stand at a field of it.
        """
        found = list(found)
        lacking = [str(one) for one in self.expect if not any(one.met_by(other) for other in found)]
        surplus = [one for one in found if not any(other.met_by(one) for other in self.expect)]
        parts = [f"应有而没有：{'、'.join(lacking)}"] if lacking else []
        parts += [f"多出：{LEVEL_WORDS[one.level]}（{one.code}）{one.message}" for one in surplus]
        if declared is not None:
            parts += [f"没有字段“{one.field}”" for one in found if one.field not in _places(declared.key)]
        return "；".join(parts)


@dataclass(frozen=True)
class VectorFile:
    """The vectors of one rule and where their answers come from."""

    rule: str
    source: str
    vectors: tuple[Vector, ...]


@cache
def _places(kind: str) -> frozenset[str]:
    """Return where a finding may stand: the whole record, its fields, its groups of lines and their fields."""
    declared = record_type(kind)
    lines = {f"{group.key}.{key}" for group, of in declared.groups for key in of.fields}
    return frozenset({"", *declared.fields, *lines})


def files() -> Iterator[Path]:
    """Yield the files of vectors, in the order of their names."""
    yield from sorted(file for file in resource("selfcheck").glob("*.json") if file.name != CASES)


def load(file: Path) -> VectorFile:
    """Return the vectors of a file. Raises ValueError for anything that is not written as the form demands."""
    whole = json.loads(file.read_text(encoding="utf-8"))
    try:
        found = VectorFile(whole["rule"], whole["source"], tuple(_vector(one) for one in whole["vectors"]))
    except (KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"{type(problem).__name__}: {problem}") from problem
    if found.rule != file.stem:
        raise ValueError(f"{file.name} holds the vectors of {found.rule}")
    names = [one.name for one in found.vectors]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two vectors are called {sorted(twice)}")
    if unknown := whole.keys() - {"rule", "source", "vectors"}:
        raise ValueError(f"unknown {sorted(unknown)}")
    return found


def _vector(whole: Mapping[str, Any]) -> Vector:
    if unknown := whole.keys() - {*_CASE, "name", "expect"}:
        raise ValueError(f"{whole['name']}: unknown {sorted(unknown)}")
    expect = whole["expect"]
    wanted = [] if expect == PASS else expect if isinstance(expect, list) else [expect]
    case = {key: whole[key] for key in _CASE if key in whole}
    return Vector(str(whole["name"]), case, tuple(_expected(one) for one in wanted))


def _expected(whole: Mapping[str, Any]) -> Expected:
    if unknown := whole.keys() - _FINDING:
        raise ValueError(f"unknown {sorted(unknown)} in what is expected")
    return Expected(Level(whole["level"]), **{key: value for key, value in whole.items() if key != "level"})
