"""Who did what and when, in a chain where each row seals all rows before it; written with the act or not at all.

Changing, removing or inserting a row breaks every seal after it (yardstick: 21 CFR 11.10(e)). A chain cut off at its
end is seen only against a number kept elsewhere; the outbox's gapless count is that number until the platform keeps it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from bloodbank_desktop.clock import utc_text
from bloodbank_desktop.records.wire import canonical
from bloodbank_desktop.storage.tables import audit

_START = ""


def _seal(key: bytes, previous: str, row: Mapping[str, Any]) -> str:
    content = canonical([row["seq"], row["at"], row["actor"], row["action"], row["object"], row["detail"]])
    return hmac.new(key, previous.encode() + content, hashlib.sha256).hexdigest()


_LAST = select(audit.c.seq, audit.c.mac).order_by(audit.c.seq.desc()).limit(1)
_NOTE = insert(audit)


def note(
    tx: Connection, key: bytes, *, at: datetime, actor: str, action: str, object_: str, detail: Any = None
) -> None:
    """Append one row in the caller's transaction. `detail` is any JSON value, without names of patients."""
    number, previous = last(tx)
    tx.execute(_NOTE, sealed(key, number, previous, at=at, actor=actor, action=action, object_=object_, detail=detail))


def last(tx: Connection) -> tuple[int, str]:
    """Return the number and the seal of the last row, (0, "") before the first."""
    found = tx.execute(_LAST).first()
    return (found.seq, found.mac) if found else (0, _START)


def sealed(
    key: bytes,
    number: int,
    previous: str,
    *,
    at: datetime,
    actor: str,
    action: str,
    object_: str,
    detail: Any = None,
) -> dict[str, Any]:
    """Return the row that follows row `number` whose seal is `previous`; number 0 and "" begin the chain."""
    row = {
        "seq": number + 1,
        "at": utc_text(at),
        "actor": actor,
        "action": action,
        "object": object_,
        "detail": canonical(detail).decode(),
    }
    return {**row, "previous": previous, "mac": _seal(key, previous, row)}


def first_break(tx: Connection, key: bytes) -> int | None:
    """Return the number of the first row whose seal does not hold, None when the chain is whole."""
    previous, expected = _START, 1
    for row in tx.execute(select(audit).order_by(audit.c.seq)).mappings():
        if (
            row["seq"] != expected
            or row["previous"] != previous
            or not hmac.compare_digest(row["mac"], _seal(key, previous, dict(row)))
        ):
            return expected
        previous, expected = row["mac"], expected + 1
    return None
