"""A reply counts only if every part of it is as the contract says; anything else is an unknown outcome.

Sources: RFC 8259 for JSON, RFC 9457 for problems, the contract in `resources/platform`. The danger is to settle a
record by a reply that a proxy stored, cut, merged or made up, or that belongs to another batch. So the batch number
must be ours, every key must appear exactly once and no other, and JSON that two readers may read differently
(duplicate keys, NaN, half surrogates) is refused. Unknown extra members are allowed: the platform may grow.

Everything here raises `NotThePlatform` and nothing else for bytes of any kind.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn

from bloodbank_desktop.clock import from_utc_text
from bloodbank_desktop.operations.arrivals import ServerChange
from bloodbank_desktop.operations.dispatch import Batch, Outcome
from bloodbank_desktop.sync.platform import (
    FINAL,
    STATUSES,
    Hello,
    NotThePlatform,
    Page,
    SendReply,
    Snapshot,
    SnapshotPage,
)

DEEPEST = 64
LARGEST = 2**63 - 1
"""What the database can hold as an integer."""


def read_json(data: bytes) -> Any:
    """Return the JSON value of UTF-8 bytes, refusing what RFC 8259 leaves open."""
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_number, parse_int=_integer
        )
        if "\\u" in text:
            # Half a surrogate pair can be written as an escape but never stored.
            json.dumps(value, ensure_ascii=False).encode()
        _shallow(value)
    except (ValueError, RecursionError) as problem:
        raise NotThePlatform(f"JSON: {type(problem).__name__}") from problem
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        raise ValueError("a name appears twice")
    return whole


def _constant(text: str) -> NoReturn:
    raise ValueError(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > 20:
        raise ValueError("an integer out of range")
    return int(text)


def _shallow(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise ValueError("too deep")


class _Members:
    """The members of a JSON object, read with their type; a missing or wrong one raises NotThePlatform."""

    def __init__(self, value: Any, what: str) -> None:
        if not isinstance(value, dict):
            raise NotThePlatform(f"{what} is no object")
        self._of: Mapping[str, Any] = value
        self._what = what

    def _wrong(self, name: str) -> NotThePlatform:
        return NotThePlatform(f"{self._what}.{name}")

    def text(self, name: str, most: int = 4096) -> str:
        value = self._of.get(name)
        if not isinstance(value, str) or not value or len(value) > most:
            raise self._wrong(name)
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._of.get(name) is None else self.text(name)

    def integer(self, name: str, least: int) -> int:
        value = self._of.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST:
            raise self._wrong(name)
        return value

    def optional_integer(self, name: str, least: int) -> int | None:
        return None if self._of.get(name) is None else self.integer(name, least)

    def flag(self, name: str) -> bool:
        value = self._of.get(name)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def moment(self, name: str) -> datetime:
        try:
            return from_utc_text(self.text(name, 64))
        except (ValueError, OverflowError) as problem:
            raise self._wrong(name) from problem

    def array(self, name: str) -> list[Any]:
        value = self._of.get(name)
        if not isinstance(value, list):
            raise self._wrong(name)
        return value

    def object(self, name: str) -> dict[str, Any]:
        value = self._of.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name)
        return value

    def optional_object(self, name: str) -> dict[str, Any] | None:
        return None if self._of.get(name) is None else self.object(name)


def hello(data: bytes) -> tuple[Hello, datetime]:
    """Return who answers, with offset 0, and its time."""
    whole = _Members(read_json(data), "hello")
    protocol = _Members(whole.object("protocol"), "protocol")
    server_time = whole.moment("server_time")
    found = Hello(
        epoch=whole.text("epoch", 64),
        server_time=server_time,
        protocol_min=protocol.integer("min", 0),
        protocol_max=protocol.integer("max", 0),
        min_client=whole.optional_text("min_client") or "0",
        name=whole.optional_text("name") or "",
        offset_ms=0,
    )
    return found, server_time


def send_reply(data: bytes, batch: Batch) -> SendReply:
    """Return the checked reply to a batch, with offset 0."""
    whole = _Members(read_json(data), "reply")
    if whole.text("batch_id", 64) != batch.id:
        raise NotThePlatform("the reply belongs to another batch")
    outcomes = tuple(_outcome(item, whole.moment("server_time")) for item in whole.array("results"))
    ours = {row.key for row in batch.rows}
    theirs = [outcome.key for outcome in outcomes]
    if len(theirs) != len(ours) or set(theirs) != ours:
        raise NotThePlatform(f"{len(ours)} keys sent, {len(theirs)} answered, {len(ours & set(theirs))} of them ours")
    return SendReply(
        epoch=whole.text("epoch", 64),
        server_time=whole.moment("server_time"),
        acked_through=whole.integer("acked_through", 0),
        outcomes=outcomes,
        offset_ms=0,
    )


def stored_outcome(data: bytes, key: str) -> Outcome | None:
    """Return the outcome that the platform keeps for a key, None while it is not final."""
    found = _outcome(read_json(data), None)
    if found.key != key:
        raise NotThePlatform("the outcome of another operation")
    return found if found.status in FINAL else None


def _outcome(value: Any, server_time: datetime | None) -> Outcome:
    item = _Members(value, "result")
    status = item.text("status", 16)
    if status not in STATUSES:
        raise NotThePlatform("a status that is not in the contract")
    version = item.optional_integer("version", 1)
    if status in ("applied", "duplicate") and version is None:
        raise NotThePlatform("done without a version")
    problem = item.optional_object("problem")
    if problem is not None:
        _check_problem(problem)
    elif status == "rejected":
        raise NotThePlatform("rejected without a reason")
    return Outcome(
        key=item.text("key", 200),
        status=status,
        version=version,
        problem=problem,
        current=_copy(item.optional_object("current")),
        server_time=server_time,
    )


def _copy(current: dict[str, Any] | None) -> dict[str, Any] | None:
    """Check the platform's own copy of a record in a conflict."""
    if current is not None:
        members = _Members(current, "current")
        members.optional_integer("version", 0)
        members.optional_object("body")
        members.optional_object("answer")
        members.optional_integer("answer_no", 0)
    return current


def _check_problem(problem: dict[str, Any]) -> None:
    """A problem must say something to a person and name fields by text (RFC 9457 3.1, extension `errors`)."""
    said = [problem.get(name) for name in ("type", "title", "detail")]
    if any(part is not None and not isinstance(part, str) for part in said) or not any(said):
        raise NotThePlatform("a problem that says nothing")
    errors = problem.get("errors", [])
    if errors is None:
        return
    if not isinstance(errors, list):
        raise NotThePlatform("problem.errors")
    for error in errors:
        if not isinstance(error, dict) or not all(
            isinstance(error.get(n, ""), str) for n in ("pointer", "code", "detail")
        ):
            raise NotThePlatform("problem.errors")


def stored_file(data: bytes, sha256: str, size: int) -> None:
    """Check that the platform says of this very file that it keeps it."""
    whole = _Members(read_json(data), "file")
    if whole.text("sha256", 64) != sha256 or whole.integer("size", 0) != size:
        raise NotThePlatform("the reply is about another file")


def page(data: bytes) -> Page:
    """Return one page of changes."""
    whole = _Members(read_json(data), "changes")
    return Page(
        epoch=whole.text("epoch", 64),
        changes=_changes(whole.array("changes")),
        next_cursor=whole.text("next_cursor"),
        more=whole.flag("more"),
        as_of=whole.moment("as_of"),
    )


def snapshot(data: bytes, module: str) -> Snapshot:
    """Return the snapshot that was opened for a module."""
    whole = _Members(read_json(data), "snapshot")
    if whole.text("module") != module:
        raise NotThePlatform("a snapshot of another module")
    return Snapshot(whole.text("id", 200), whole.text("epoch", 64), module, whole.text("cursor"))


def snapshot_page(data: bytes) -> SnapshotPage:
    """Return one page of a snapshot."""
    whole = _Members(read_json(data), "snapshot page")
    return SnapshotPage(_changes(whole.array("changes")), whole.optional_text("next"), whole.text("cursor"))


def _changes(items: list[Any]) -> tuple[ServerChange, ...]:
    return tuple(_change(item) for item in items)


def _change(value: Any) -> ServerChange:
    item = _Members(value, "change")
    return ServerChange(
        module=item.text("module", 64),
        id=item.text("id", 64),
        version=item.integer("version", 1),
        deleted=item.flag("deleted"),
        body=item.optional_object("body") or {},
        # Read by the module's declaration when it is shown; what this version does not know is left alone.
        answer=item.optional_object("answer") or {},
        key=item.optional_text("key"),
        answer_no=item.optional_integer("answer_no", 0) or 0,
    )
