"""The platform's refusals in our words: its pointers into the wire body become fields and lines of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bloodbank_desktop.records.declare import LineType, RecordType, Values
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.wire import from_body
from bloodbank_desktop.storage.outbox import OutboxRow
from bloodbank_desktop.storage.platform_rows import PlatformCopy


def refusals(
    declared: RecordType, operations: Sequence[OutboxRow], values: Values, copy: PlatformCopy | None
) -> Iterator[Problem]:
    """Yield what the platform still holds against a record, at the fields it means."""
    for operation in operations:
        if operation.state == "rejected":
            yield from _rejected(declared, operation)
        elif operation.state == "conflict":
            yield from _conflict(declared, operation, values, copy)


def _rejected(declared: RecordType, operation: OutboxRow) -> Iterator[Problem]:
    errors = (operation.problem or {}).get("errors") or []
    if not errors:
        yield Problem("", "rejected", f"平台退回：{operation.last_error or '未说明原因'}")
    for error in errors:
        field_key, line = locate(declared, str(error.get("pointer", "")))
        yield Problem(field_key, str(error.get("code", "rejected")), f"平台退回：{error.get('detail', '')}", line)


def _conflict(
    declared: RecordType, operation: OutboxRow, values: Values, copy: PlatformCopy | None
) -> Iterator[Problem]:
    yield Problem("", "conflict", "平台上已有另一个版本；请核对下列不同之处，修改并保存后以本次内容为准")
    if copy is None or copy.body is None:
        return
    theirs, _ = from_body(declared, copy.body)
    for f in declared.plain:
        if theirs.get(f.key) != values.get(f.key):
            yield Problem(f.key, "conflict", f"{f.label}：平台为“{f.kind.format(theirs.get(f.key)) or '空'}”")


def answer_facts(declared: RecordType, answer: Values) -> Iterator[tuple[str, str]]:
    """Yield label and text of everything the platform says of a record, in the order of the declaration."""
    if declared.answer is None:
        return
    # What this version cannot read is passed over: the platform may be newer.
    said, _ = from_body(declared.answer, answer)
    for f in declared.answer.plain:
        if said.get(f.key) is not None:
            yield f.label, f.kind.format(said[f.key])
    for f, of in declared.answer.groups:
        for index, member in enumerate(said.get(f.key) or (), start=1):
            parts = [f"{g.label} {g.kind.format(member[g.key])}" for g in of.plain if member.get(g.key) is not None]
            yield f"{f.label} {index}", "，".join(parts)


def locate(declared: LineType, pointer: str) -> tuple[str, int | None]:
    """Return field and line (from 1) of a JSON pointer in wire names; "" for what this version does not know."""
    parts = pointer.lstrip("#").strip("/").split("/")
    by_wire: dict[str, Any] = {f.wire: f for f in declared.fields.values()}
    f = by_wire.get(parts[0])
    if f is None:
        return "", None
    for group, of in declared.groups:
        if group.key == f.key and len(parts) > 1 and parts[1].isdigit():
            inner, _ = locate(of, "/".join(parts[2:])) if len(parts) > 2 else ("", None)
            return (f"{f.key}.{inner}" if inner else f.key), int(parts[1]) + 1
    return f.key, None
