"""Which tests speak of which rule: found in the tests themselves, by the rule's id and by codes that are its alone.

Files are named, not functions: a paper that changes with every test would be read by nobody.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bloodbank_desktop.rules import vectors
from bloodbank_desktop.rules.catalogue import RULES

ROOT = Path(__file__).parents[2]
#: Rooms whose tests say that a rule holds; those of the screen say that it is shown.
_ROOMS = ("rules", "operations", "journeys", "faults")


@cache
def spoken_of() -> dict[str, list[str]]:
    """Return the test files that name a rule, by the rule."""
    shared = Counter(code for rule in RULES.values() for code in rule.says)
    names = {rule.id: {rule.id, *(code for code in rule.says if shared[code] == 1)} for rule in RULES.values()}
    found: dict[str, list[str]] = {rule_id: [] for rule_id in RULES}
    for file, texts in _files():
        for rule_id, words in names.items():
            if words & texts:
                found[rule_id].append(file)
    return found


def _files() -> Iterator[tuple[str, set[str]]]:
    for room in _ROOMS:
        for file in sorted((ROOT / "tests" / room).rglob("test_*.py")):
            if "selfcheck" in file.name:
                # The self-check breaks rules on purpose; that says nothing of the rules.
                continue
            yield file.relative_to(ROOT).as_posix(), set(_texts(ast.parse(file.read_text(encoding="utf-8"))))


def _texts(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


@cache
def vectors_of() -> dict[str, int]:
    """Return how many vectors each rule has."""
    counted = {file.rule: len(file.vectors) for file in map(vectors.load, vectors.files())}
    return {rule_id: counted.get(rule_id, 0) for rule_id in RULES}
