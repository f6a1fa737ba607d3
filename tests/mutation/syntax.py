"""Mutants of the rules' source: one comparison, condition, constant, sentence or moment is changed at a time.

A mutant is named by the function, the change and its place among such changes, not by a line, so that a reviewed list
of equivalent ones survives an edit elsewhere in the file.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_WEAKER = {"BLOCK": "WARN", "OVERRIDE": "WARN", "WARN": "NOTE", "NOTE": "WARN"}
#: Words for people; another word is not another rule.
_FOR_PEOPLE = {"title", "source", "says", "hazard", "tables", "switches", "requirements"}
_CONSTANT_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
}

Change = Callable[[ast.AST], None]


@dataclass(frozen=True)
class SourceMutant:
    """One change of a module's text. `function` is where ("" for the module itself), `line` where it stands now."""

    name: str
    function: str
    line: int
    original: str
    number: int

    @property
    def source(self) -> str:
        """The text of the module with this change."""
        tree = ast.parse(self.original)
        _, path, _, change = list(_places(tree))[self.number]
        change(_at(tree, path))
        return ast.unparse(ast.fix_missing_locations(tree))


def mutants(source: str) -> Iterator[SourceMutant]:
    """Yield every mutant of a module, each differing from it in one place."""
    tree = ast.parse(source)
    counted: Counter[str] = Counter()
    for number, (function, path, words, _) in enumerate(_places(tree)):
        counted[f"{function}: {words}"] += 1
        name = f"{function or 'module'}: {words} #{counted[f'{function}: {words}']}"
        yield SourceMutant(name, function, getattr(_at(tree, path), "lineno", 0), source, number)


Path = tuple[tuple[str, int | None], ...]


def _at(tree: ast.AST, path: Path) -> ast.AST:
    node: ast.AST = tree
    for field, index in path:
        value = getattr(node, field)
        node = value if index is None else value[index]
    return node


def _places(tree: ast.Module) -> Iterator[tuple[str, Path, str, Change]]:
    yield from _walk(tree, (), "")


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            yield from ((field, index, one) for index, one in enumerate(value) if isinstance(one, ast.AST))


def _walk(node: ast.AST, path: Path, function: str) -> Iterator[tuple[str, Path, str, Change]]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{node.name}" if function else node.name
    for words, change in _changes(node):
        yield function, path, words, change
    for field, index, child in _children(node):
        if not _left_alone(node, field, index, child):
            yield from _walk(child, (*path, (field, index)), function)


def _left_alone(node: ast.AST, field: str, index: int | None, child: ast.AST) -> bool:
    """Return whether nothing below changes what a rule decides: documentation, annotations, imports, words for people."""
    if isinstance(child, ast.Import | ast.ImportFrom) or field in ("annotation", "returns"):
        return True
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True
    if isinstance(child, ast.keyword) and child.arg in _FOR_PEOPLE:
        return True
    if _is_rule(node) and field == "args" and index == 0:
        return True
    # An assertion and an error of the programmer say that something cannot be.
    if isinstance(child, ast.Assert | ast.Raise | ast.JoinedStr):
        return True
    decorates = field == "decorator_list" and not _is_rule(child)
    types = isinstance(node, ast.Subscript) and field == "slice" and isinstance(node.value, ast.Name)
    return decorates or (types and isinstance(node, ast.Subscript) and _names_a_type(node.value))


def _names_a_type(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id[:1].isupper() and not node.id.isupper()


def _is_rule(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "rule"


def _text(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _changes(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            other = _COMPARISONS[type(operator)]
            yield f"{_text(node)} – {type(operator).__name__} becomes {other.__name__}", _compare(index, other)
    elif isinstance(node, ast.BoolOp):
        other_bool = ast.Or if isinstance(node.op, ast.And) else ast.And
        yield f"{_text(node)} – becomes {other_bool.__name__}", _boolean(other_bool)
    elif isinstance(node, ast.BinOp) and type(node.op) in _CONSTANT_ARITHMETIC:
        arithmetic = _CONSTANT_ARITHMETIC[type(node.op)]
        yield f"{_text(node)} – becomes {arithmetic.__name__}", _operator(arithmetic)
    elif isinstance(node, ast.Constant):
        yield from _constants(node)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Level":
        if node.attr in _WEAKER:
            yield f"{_text(node)} – becomes {_WEAKER[node.attr]}", _attribute(_WEAKER[node.attr])
    elif isinstance(node, ast.Call) and _is_rule(node):
        for index, one in enumerate(node.args):
            if index > 0:
                yield f"asked no more at {_text(one)}", _without_argument(index)
    yield from _statements(node)
    for field in ("test", "ifs"):
        yield from _conditions(node, field)
    for field in ("body", "orelse"):
        body = getattr(node, field, None)
        for index, one in enumerate(body) if isinstance(body, list) else ():
            if isinstance(one, ast.Expr) and isinstance(one.value, ast.Yield | ast.YieldFrom):
                yield f"{_text(one)} – left out", _left_out(field, index)
            elif isinstance(one, ast.Return) and one.value is None:
                yield "return – left out", _left_out(field, index)
            elif isinstance(one, ast.Continue):
                yield "continue – left out", _left_out(field, index)


def _statements(node: ast.AST) -> Iterator[tuple[str, Change]]:
    if isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield f"{_text(node)} – returns nothing", _returns_nothing
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield f"{_text(node)} – without not", _without_not


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _conditions(node: ast.AST, field: str) -> Iterator[tuple[str, Change]]:
    """Yield the opposite of plain conditions; those that compare or combine have mutants of their own."""
    value = getattr(node, field, None)
    parts = value if isinstance(value, list) else [value]
    for index, one in enumerate(parts):
        if isinstance(one, ast.expr) and not isinstance(one, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.NamedExpr):
            yield (
                f"if {_text(one)} – becomes its opposite",
                _opposite(field, index if isinstance(value, list) else None),
            )


def _constants(node: ast.Constant) -> Iterator[tuple[str, Change]]:
    if isinstance(node.value, bool):
        yield f"{node.value} – becomes {not node.value}", _constant(not node.value)
    elif isinstance(node.value, int):
        for other in (node.value - 1, node.value + 1):
            yield f"{node.value} – becomes {other}", _constant(other)
    elif isinstance(node.value, str) and node.value.isascii():
        # Chinese is for people; another word is not another rule.
        yield f"{node.value!r} – becomes another text", _constant(f"{node.value}~")


def _compare(index: int, other: type[ast.cmpop]) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)
        node.ops[index] = other()

    return change


def _boolean(other: type[ast.boolop]) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.BoolOp)
        node.op = other()

    return change


def _operator(other: type[ast.operator]) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.BinOp)
        node.op = other()

    return change


def _constant(value: str | bool | int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Constant)
        node.value = value

    return change


def _attribute(name: str) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Attribute)
        node.attr = name

    return change


def _without_argument(index: int) -> Change:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        del node.args[index]

    return change


def _returns_nothing(node: ast.AST) -> None:
    assert isinstance(node, ast.Return)
    node.value = ast.Constant(None)


def _without_not(node: ast.AST) -> None:
    assert isinstance(node, ast.UnaryOp)
    node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)


def _opposite(field: str, index: int | None) -> Change:
    def change(node: ast.AST) -> None:
        if index is None:
            setattr(node, field, ast.UnaryOp(ast.Not(), getattr(node, field)))
        else:
            getattr(node, field)[index] = ast.UnaryOp(ast.Not(), getattr(node, field)[index])

    return change


def _left_out(field: str, index: int) -> Change:
    def change(node: ast.AST) -> None:
        body = getattr(node, field)
        # What stays must still be a generator, or it would be another mutant.
        generator = isinstance(body[index], ast.Expr)
        body[index] = ast.parse("if False: yield").body[0] if generator else ast.Pass()

    return change
