"""Which rules a piece of the rules' source can reach: the vectors of those are asked about its mutants."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import bloodbank_desktop.rules as package
from bloodbank_desktop.rules.catalogue import RULES

HOME = Path(next(iter(package.__path__)))
_PREFIX = "bloodbank_desktop.rules"
Node = tuple[str, str]
"""Module (its last name) and top-level name in it."""


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse((HOME / f"{module}.py").read_text(encoding="utf-8"))


def top_level(module: str, line: int) -> str:
    """Return the name that the top-level statement at a line defines, "" for none."""
    for node in _tree(module).body:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        if first <= line <= (node.end_lineno or node.lineno):
            return next(_defined(node), "")
    return ""


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign):
        yield from (one.id for one in node.targets if isinstance(one, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id


@cache
def _edges(module: str) -> dict[str, frozenset[Node]]:
    """Return what each top-level name of a module uses, in this module and in others of the rules."""
    names: dict[str, Node] = {}
    modules: dict[str, str] = {}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PREFIX):
            for one in node.names:
                if node.module == _PREFIX:
                    modules[one.asname or one.name] = one.name
                else:
                    names[one.asname or one.name] = (str(node.module).removeprefix(f"{_PREFIX}."), one.name)
    tops = {name: node for node in _tree(module).body for name in _defined(node)}
    return {name: frozenset(_uses(node, module, tops, names, modules)) for name, node in tops.items()}


def _uses(
    node: ast.stmt, module: str, tops: dict[str, ast.stmt], names: dict[str, Node], modules: dict[str, str]
) -> Iterator[Node]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in tops:
            yield module, one.id
        elif isinstance(one, ast.Name) and one.id in names:
            yield names[one.id]
        elif isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in modules:
            yield modules[one.value.id], one.attr


@cache
def _reached(start: Node) -> frozenset[Node]:
    seen, open_ = {start}, [start]
    while open_:
        module, name = open_.pop()
        for node in _edges(module).get(name, ()):
            if node not in seen and (HOME / f"{node[0]}.py").exists():
                seen.add(node)
                open_.append(node)
    return frozenset(seen)


@cache
def rules_through(module: str, name: str) -> tuple[str, ...]:
    """Return the rules whose function uses a name, itself or through others; all rules where none is known to."""
    found = []
    for rule in RULES.values():
        start = (rule.find.__module__.removeprefix(f"{_PREFIX}."), rule.find.__name__)
        if (module, name) in _reached(start):
            found.append(rule.id)
    return tuple(found) or tuple(RULES)
