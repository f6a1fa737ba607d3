"""What surrounds the bodies in a batch has one form, said once here for the check and for the contract.

A violation is a fault of the sending program and refuses the whole request; what a person can get wrong lies in the
bodies and refuses only its item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bloodbank_desktop.training.problems import Refusal, error, pointer

MOST_OPS = 500
MOST_NEEDS = 1000
MOST_BYTES = 8 * 1024 * 1024
#: JSON numbers above this are not exact in every language.
MOST_NUMBER = 2**53 - 1

VERBS = ("register", "amend", "delete", "activate")
UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
KEY = "^[A-Za-z0-9-]{1,64}:[1-9][0-9]{0,14}$"
NAME = "^[A-Za-z0-9-]{1,64}$"
TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"


@dataclass(frozen=True)
class Shape:
    """The form of one member: its JSON schema, and whether a value has it."""

    schema: Mapping[str, Any]
    holds: Callable[[Any], bool]

    def or_null(self) -> Shape:
        """Return this form or null."""
        return Shape({**self.schema, "type": [self.schema["type"], "null"]}, lambda v: v is None or self.holds(v))


def matching(pattern: str) -> Shape:
    """Return the form of a string of that pattern."""
    whole = re.compile(pattern.removesuffix("$"))
    return Shape(
        {"type": "string", "pattern": pattern}, lambda v: isinstance(v, str) and whole.fullmatch(v) is not None
    )


def words(most: int) -> Shape:
    """Return the form of free text; a lone surrogate is no text and no database takes it."""

    def holds(value: Any) -> bool:
        return isinstance(value, str) and len(value) <= most and not re.search("[\ud800-\udfff]", value)

    return Shape({"type": "string", "maxLength": most}, holds)


def whole(low: int, high: int = MOST_NUMBER) -> Shape:
    """Return the form of an integer between two limits; in JSON 1.0 is one, too."""

    def holds(value: Any) -> bool:
        number = (
            value.is_integer() if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)
        )
        return number and low <= value <= high

    return Shape({"type": "integer", "minimum": low, "maximum": high}, holds)


def _keys(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_NEEDS and all(map(_KEY.holds, value))


_KEY = matching(KEY)
OPERATION = {
    "key": _KEY,
    "dseq": whole(1, 10**15 - 1),
    "module": words(64),
    "op": Shape({"type": "string", "enum": list(VERBS)}, VERBS.__contains__),
    "id": matching(UUID),
    "base_version": whole(1).or_null(),
    "needs": Shape({"type": "array", "maxItems": MOST_NEEDS, "items": _KEY.schema}, _keys),
    "actor": words(100),
    "occurred_at": matching(TIME),
    "clock_offset_ms": whole(-MOST_NUMBER),
    "sha256": matching("^[0-9a-f]{64}$"),
    "body": Shape({"type": "object"}, lambda v: isinstance(v, dict)),
}
BATCH = {
    "batch_id": matching(UUID),
    "epoch_seen": matching(UUID).or_null(),
    "device_hwm": whole(0),
    "ops": Shape(
        {"type": "array", "minItems": 1, "maxItems": MOST_OPS},
        lambda v: isinstance(v, list) and 1 <= len(v) <= MOST_OPS,
    ),
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One item of a batch, its form checked; `incarnation` is the part of the key before the colon."""

    key: str
    incarnation: str
    dseq: int
    module: str
    op: str
    id: str
    base_version: int | None
    needs: tuple[str, ...]
    actor: str
    occurred_at: str
    clock_offset_ms: int
    sha256: str
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a device sends at once; `device` and `incarnation` come from the request headers."""

    batch_id: str
    device: str
    incarnation: str
    epoch_seen: str | None
    device_hwm: int
    ops: tuple[Operation, ...]


def read_batch(document: Any, device: str, incarnation: str) -> Batch:
    """Return the batch of a parsed request body. Raises Refusal "malformed" naming every member of the wrong form."""
    errors = _members(document, BATCH, ())
    if errors:
        raise Refusal("malformed", "批次格式有误", errors)
    ops: list[Operation] = []
    seen: set[str] = set()
    for index, item in enumerate(document["ops"]):
        wrong = _members(item, OPERATION, ("ops", index))
        errors.extend(wrong)
        if wrong:
            continue
        key = item["key"]
        own, _, number = key.rpartition(":")
        if int(number) != item["dseq"]:
            errors.append(error(pointer("ops", index, "dseq"), "key-mismatch", "dseq 与 key 不一致"))
        if key in seen:
            errors.append(error(pointer("ops", index, "key"), "key-twice", "同一批次中 key 重复"))
        seen.add(key)
        members = {name: _number(item[name]) for name in OPERATION}
        members["needs"] = tuple(item["needs"])
        ops.append(Operation(incarnation=own, **members))
    if errors:
        raise Refusal("malformed", "批次中的操作格式有误", errors)
    hwm = int(document["device_hwm"])
    return Batch(document["batch_id"], device, incarnation, document["epoch_seen"], hwm, tuple(ops))


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) else value


def _members(value: Any, shapes: Mapping[str, Shape], place: tuple[str | int, ...]) -> list[dict[str, str]]:
    if not isinstance(value, dict):
        return [error(pointer(*place), "type", "应为 JSON 对象")]
    found: list[dict[str, str]] = []
    for name, shape in shapes.items():
        if name not in value:
            found.append(error(pointer(*place, name), "required", "缺少此项"))
        elif not shape.holds(value[name]):
            found.append(error(pointer(*place, name), "form", "不符合约定的格式"))
    return found
