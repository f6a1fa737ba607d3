"""How records stood before they were changed: the whole former record with who, when and why, append-only.

A correction never hides what was there before (21 CFR 11.10(e); 电子病历应用管理规范 第十六条).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import canonical, from_json, to_json
from bloodbank_desktop.storage.rows import Row
from bloodbank_desktop.storage.tables import revisions


@dataclass(frozen=True)
class Revision:
    """A record as it was until `at`, when `actor` changed it for `reason`."""

    revision: int
    values: dict[str, Any]
    at: datetime
    actor: str
    reason: str


def keep(tx: Connection, kind: str, row: Row, *, at: datetime, actor: str, reason: str) -> None:
    """Keep a record as it stands, in the transaction that changes it."""
    before = {
        "kind": kind,
        "record_id": row.record_id,
        "revision": row.revision,
        "at": at,
        "actor": actor,
        "reason": reason,
        "body": canonical(to_json(record_type(kind), row.values)).decode(),
    }
    tx.execute(insert(revisions), before)


def of_record(tx: Connection, record_id: str) -> list[Revision]:
    """Return the former states of a record, oldest first."""
    found = tx.execute(select(revisions).where(revisions.c.record_id == record_id).order_by(revisions.c.seq))
    return [
        Revision(one.revision, from_json(record_type(one.kind), json.loads(one.body))[0], one.at, one.actor, one.reason)
        for one in found
    ]
