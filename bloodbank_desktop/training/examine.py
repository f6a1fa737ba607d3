"""A body is examined before the database is touched, with the very functions that the workstation uses.

What is wrong is said with JSON pointers into the body in wire names, so that the workstation can show it at its field.
A body that cannot be vouched for (hash, module, verb, content) is refused for good; a person corrects it by a new
operation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bloodbank_desktop.records import tables, validate, wire
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.declare import LineType, RecordType, Verb
from bloodbank_desktop.records.files import named
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.training.envelope import Operation
from bloodbank_desktop.training.problems import error, pointer, problem

#: Modules whose records bring bags into a hospital or take them out of it. None of them lets an amendment change bags.
BRING, TAKE = ("stock_in",), ("clinical_issue", "other_stock_out")
MOST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Claim:
    """A bag that a record moves: its key as one text, its name for people, and where in the body it stands.

    `way` is "in", "out" or, for a reversed delivery, "back".
    """

    bag: str
    name: str
    pointer: str
    way: str = "in"


@dataclass(frozen=True, slots=True)
class Examined:
    """An operation with the verdict on its body: a problem, or the canonical text to store and the bags it claims.

    `files` are the SHA-256 of what the body names.
    """

    operation: Operation
    body: str = "{}"
    claims: tuple[Claim, ...] = ()
    files: tuple[str, ...] = ()
    refused: dict[str, Any] | None = None


def examine(operation: Operation) -> Examined:
    """Return the operation with the verdict on its body."""
    try:
        text = wire.canonical(operation.body)
    except (ValueError, RecursionError):
        return _refused(operation, "body-digest", "内容无法写成规范 JSON（含非法字符或数值）")
    if hashlib.sha256(text).hexdigest() != operation.sha256:
        return _refused(operation, "body-digest", "sha256 与内容的规范 JSON 不一致")
    declared = travelling().get(operation.module)
    if declared is None:
        return _refused(operation, "unknown-module", "平台没有这个模块，请升级或联系管理员")
    if Verb(operation.op) not in declared.verbs:
        return _refused(operation, "verb-not-allowed", f"{declared.label}不接受此操作，请按该业务的规则另行登记")
    if operation.op == Verb.ACTIVATE:
        found = _activation(declared, operation.body)
        if found:
            return _refused(operation, "invalid-body", _summary(found), (as_error(declared, p) for p in found))
        return Examined(operation, text.decode())
    errors = _reason(operation.body) if operation.op == Verb.DELETE else ()
    if operation.op != Verb.DELETE:
        values, found = _values(declared, operation.body)
        if found:
            return _refused(operation, "invalid-body", _summary(found), (as_error(declared, p) for p in found))
        files = tuple(sorted({one.entry["sha256"] for one in named(declared, values)}))
        claims = _claims(declared, values) if operation.op == Verb.REGISTER else ()
        return Examined(operation, text.decode(), claims, files)
    if errors:
        return _refused(operation, "invalid-body", "删除原因有误", errors)
    return Examined(operation, text.decode())


def _values(declared: RecordType, body: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the stored values of a body and what is wrong with it; of the sender's own tables it knows what it states."""
    words, _ = wire.site_words(declared, body)
    with tables.using(tables.SHIPPED.learning(words)):
        values, unread = wire.from_body(declared, body)
        return values, unread or validate.problems(declared, values)


def _refused(operation: Operation, slug: str, detail: str, errors: Iterable[dict[str, str]] = ()) -> Examined:
    return Examined(operation, refused=problem(slug, detail, errors))


def _summary(found: list[Problem]) -> str:
    more = f"；共 {len(found)} 处" if len(found) > 1 else ""
    return found[0].message + more


def _activation(declared: RecordType, body: dict[str, Any]) -> list[Problem]:
    """What is wrong with the body of an activation: it states the declared fields and nothing else."""
    values, found = wire.from_body(declared, body)
    found += [
        Problem(key, "not-applicable", f"激活时不能填写{declared.fields[key].label}")
        for key in values
        if key not in declared.activation
    ]
    for f in declared.plain:
        if f.key in values:
            found += [Problem(f.key, slug, f"{f.label}：{words}") for slug, words in f.kind.check(values[f.key])]
    if not found and not any(values.get(key) for key in declared.activation):
        found.append(Problem("", "required", "激活须说明何时由何人激活"))
    return found


def _reason(body: dict[str, Any]) -> list[dict[str, str]]:
    found = [error(pointer(name), "unknown-field", "删除只带原因 reason") for name in body if name != "reason"]
    reason = body.get("reason")
    if not isinstance(reason, str) or len(reason) > MOST_REASON:
        found.append(error("/reason", "type", f"reason 应为不超过 {MOST_REASON} 字的文字"))
    return found


def as_error(declared: RecordType, found: Problem) -> dict[str, str]:
    """Return the problem with a pointer in wire names; a key that no field has stands for itself."""
    if found.line is None:
        parts: list[str | int] = [_wire(declared, found.field)] if found.field else []
    else:
        lines_key, _, rest = found.field.partition(".")
        of = next(of for f, of in declared.groups if f.key == lines_key)
        parts = [_wire(declared, lines_key), found.line - 1, *([_wire(of, rest)] if rest else [])]
    return error(pointer(*parts), found.code, found.message)


def _wire(declared: LineType, key: str) -> str:
    return declared.fields[key].wire if key in declared.fields else key


def _claims(declared: RecordType, values: dict[str, Any]) -> tuple[Claim, ...]:
    if declared.key not in (*BRING, *TAKE):
        return ()
    way = "out" if declared.key in TAKE else "back" if values.get("intake_type") == "reversal" else "in"
    group, of = next((f, of) for f, of in declared.groups if f.key == "bags")
    where = of.fields["donation_number"].wire
    return tuple(
        Claim("/".join(bag_key(bag)), bag_name(bag_key(bag)), pointer(group.wire, index, where), way)
        for index, bag in enumerate(values["bags"])
    )
