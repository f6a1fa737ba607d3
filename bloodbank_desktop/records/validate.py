"""One function says what is wrong with a record, for dialog, command line, import and download alike.

It needs the declaration and the values and nothing else; what needs the stock or the clock is a rule, not a check.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bloodbank_desktop.records import kinds, tables
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.records.problems import Problem

_EMPTY: tuple[Any, ...] = (None, "", ())


def problems(declared: LineType, values: Values) -> list[Problem]:
    """Return every problem of these stored values, in the order of the fields; an empty list means the record holds."""
    found: list[Problem] = []
    if not values.keys() <= declared.fields.keys():
        for key in values:
            if key not in declared.fields:
                found.append(Problem(str(key), "unknown-field", f"没有“{key}”这个字段，请删除"))
    clean, stated = True, values.get
    for key, check, must, conditional, f in declared.looks:
        value = stated(key)
        if value is None and not must:
            continue
        # What is true in itself says something, without a comparison.
        if not value and value in _EMPTY:
            if must and f.is_required(values):
                clean = False
                found.append(Problem(key, "required", f"请填写{f.label}"))
        elif conditional and not f.is_shown(values):
            clean = False
            found.append(Problem(key, "not-applicable", f"此处不应填写{f.label}，请清空"))
        else:
            for slug, message in check(value):
                clean = False
                found.append(Problem(key, slug, f"{f.label}：{message}"))
    for f, of in declared.groups:
        members = values.get(f.key) or ()
        if not f.is_shown(values) and members:
            found.append(Problem(f.key, "not-applicable", f"此处不应填写{f.label}，请删除各行"))
        for slug, message in f.kind.check(members):
            clean = False
            found.append(Problem(f.key, slug, f"{f.label}：{message}"))
        for index, member in enumerate(members, start=1):
            for problem in problems(of, member):
                clean = False
                found.append(problem.inside(f.key, index))
    # A check that compares fields may rely on each of them being right by itself.
    if clean:
        for compare in declared.checks:
            found += compare(values)
    return found


def fixed_changes(declared: LineType, before: Values, after: Values) -> Iterator[Problem]:
    """Yield a problem for each value that an amendment may not change (`Field.fixed`)."""
    for f in declared.plain:
        if f.fixed and before.get(f.key) != after.get(f.key):
            said = f.kind.format(before.get(f.key)) or "空"
            yield Problem(f.key, "fixed", f"{f.label}登记后不能更改，请改回“{said}”")
    for f, of in declared.groups:
        old, new = before.get(f.key) or (), after.get(f.key) or ()
        if f.fixed and len(old) != len(new):
            yield Problem(f.key, "fixed", f"{f.label}登记后不能增减，应为 {len(old)} 行")
        for index, (one, other) in enumerate(zip(old, new, strict=False), start=1):
            if f.fixed:
                yield from (problem.inside(f.key, index) for problem in fixed_changes(of, one, other))


def retired(declared: LineType, values: Values, before: Values | None = None) -> Iterator[Problem]:
    """Yield a problem for each entry of a code table that is no longer for new records (`Table.retired`).

    What the record said `before` it may go on saying. The values are valid.
    """
    return _retired(declared, values, before or {}) if tables.current().changes else iter(())


def _retired(declared: LineType, values: Values, before: Values) -> Iterator[Problem]:
    for f in declared.plain:
        if isinstance(f.kind, kinds.Choice | kinds.Choices):
            had = _keys(before.get(f.key))
            for key in _keys(values.get(f.key)):
                if f.kind.table.retired(key) and key not in had:
                    yield Problem(f.key, "retired", f"{f.label}：“{f.kind.table.word(key)}”已停用，请改选其他项")
    for f, of in declared.groups:
        # Lines are added and moved: what any of them said any of them may go on saying.
        old = before.get(f.key) or ()
        said = {g.key: tuple(key for one in old for key in _keys(one.get(g.key))) for g in of.plain}
        for index, member in enumerate(values.get(f.key) or (), start=1):
            yield from (problem.inside(f.key, index) for problem in _retired(of, member, said))


def _keys(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def tidy(declared: LineType, values: Values) -> dict[str, Any]:
    """Return the values with every declared key present, empties as None and lines as tuples of such mappings.

    What is not declared stays, so that `problems` names it and nobody believes that it was saved.
    """
    known = declared.fields
    whole: dict[str, Any] = {}
    if not values.keys() <= known.keys():
        whole = {key: value for key, value in values.items() if key not in known}
    for f in declared.plain:
        value = values.get(key := f.key)
        whole[key] = value if value or value not in _EMPTY else None
    for f, of in declared.groups:
        whole[f.key] = tuple(tidy(of, member) for member in values.get(f.key) or ())
    return whole
