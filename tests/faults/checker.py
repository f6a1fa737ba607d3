"""Judge a run by its history alone: what the person was told was saved, against what the platform holds.

It knows nothing of queue, lane or protocol, so that a mistake shared by code and test would still be seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.training.platform import Platform


@dataclass(frozen=True, slots=True)
class Saved:
    """The person was told "已保存": this operation, with this content (None for a deletion)."""

    key: str
    record_id: str
    op: str
    body: dict[str, Any] | None


def server_changes(platform: Platform) -> list[dict[str, Any]]:
    """Everything the platform ever committed, in order."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = platform.reader.changes(cursor, 1000)
        found += page["changes"]
        cursor = page["next_cursor"]
        if not page["more"]:
            return found


def queue_of(opened: Profile) -> dict[str, str]:
    """The state of every operation by key."""
    return {row.key: row.state for row in opened.desk.queue.rows(open_only=False, limit=100_000)}


def frozen_body(opened: Profile, key: str) -> dict[str, Any]:
    """The wire body that was frozen when an operation was saved."""
    row = next(row for row in opened.desk.queue.rows(open_only=False, limit=100_000) if row.key == key)
    body = json.loads(row.payload)
    assert isinstance(body, dict)
    return body


def judge(history: Iterable[Saved], changes: list[dict[str, Any]], queues: Iterable[dict[str, str]]) -> list[str]:
    """Return what is wrong, [] for a good run in which everything should have arrived.

    Rules: every saved operation is on the platform exactly once and nothing else is; per record they were committed in
    the order of saving with versions 1, 2, 3 …; the content is what was saved; every queue is empty and without
    conflict, refusal or quarantine.
    """
    saved = list(history)
    wrong: list[str] = []
    times = Counter(change["key"] for change in changes)
    for one in saved:
        if times[one.key] == 0:
            wrong.append(f"lost: {one.op} {one.key}")
    wrong += [f"twice: {key}" for key, count in times.items() if count > 1]
    known = {one.key for one in saved}
    wrong += [f"from nowhere: {key}" for key in times if key not in known]

    order: dict[str, list[str]] = {}
    for one in saved:
        order.setdefault(one.record_id, []).append(one.key)
    by_key = {one.key: one for one in saved}
    arrived: dict[str, list[dict[str, Any]]] = {}
    for change in changes:
        arrived.setdefault(change["id"], []).append(change)
    for record_id, found in arrived.items():
        keys = [change["key"] for change in found]
        if keys != order.get(record_id):
            wrong.append(f"order of {record_id}: {keys}")
        if [change["version"] for change in found] != list(range(1, len(found) + 1)):
            wrong.append(f"versions of {record_id}: {[change['version'] for change in found]}")
        for change in found:
            expected = by_key.get(change["key"])
            if expected is not None and expected.body is not None and change["body"] != expected.body:
                wrong.append(f"content of {change['key']}")
            if expected is not None and change["deleted"] != (expected.op == "delete"):
                wrong.append(f"deletion of {record_id}")
    for queue in queues:
        wrong += [f"{state}: {key}" for key, state in queue.items() if state != "done"]
    return wrong
