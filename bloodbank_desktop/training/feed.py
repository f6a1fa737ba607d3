"""What went in comes out in the order of commits: feed, snapshots and digests, all read from one moment of the file.

A cursor is opaque to the client and carries epoch and number; one that is not of this epoch, or older than the feed
remembers, is answered "gone" and never with a page that might skip something.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Any

import sqlalchemy as sa

from bloodbank_desktop.clock import Clock, utc_text
from bloodbank_desktop.training.ledger import CHANGE, RECORD, SNAPSHOT, Ledger, last_seq, set_setting, setting
from bloodbank_desktop.training.problems import Refusal

FEED = "main"
MOST_CHANGES = 1000
MOST_SNAPSHOT = 2000


def change_document(row: Any) -> dict[str, Any]:
    """Return a row of the table of changes as it stands in feed, snapshot and conflict."""
    return {
        "module": row["module"],
        "id": row["id"],
        "version": row["version"],
        "deleted": row["deleted"],
        "body": json.loads(row["body"]),
        "answer": json.loads(row["answer"]),
        "answer_no": row["answer_no"],
        "key": row["key"],
    }


def encode_cursor(epoch: str, seq: int) -> str:
    """Return the cursor behind change `seq`."""
    return base64.urlsafe_b64encode(f"{FEED} {epoch} {seq}".encode()).decode().rstrip("=")


def _decode_cursor(cursor: str, epoch: str, newest: int, horizon: int) -> int:
    try:
        name, of, digits = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").split(" ")
        seq = int(digits)
    except ValueError:
        raise Refusal("cursor-gone", "无法识别的增量位置，请重新开始下载") from None
    # A number that was never reached can only come from another history.
    if name != FEED or of != epoch or not horizon <= seq <= newest:
        raise Refusal("cursor-gone", "增量位置已失效，请重新开始下载")
    return seq


class Reader:
    """The reading side of the platform."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def changes(self, cursor: str, limit: int) -> dict[str, Any]:
        """Return the page of the feed behind a cursor, "" for the beginning. Raises Refusal "cursor-gone"."""
        with self._ledger.read() as connection:
            epoch = setting(connection, "epoch")
            newest = last_seq(connection)
            seq = _decode_cursor(cursor, epoch, newest, int(setting(connection, "horizon"))) if cursor else 0
            found = sa.select(CHANGE).where(CHANGE.c.seq > seq).order_by(CHANGE.c.seq).limit(limit)
            rows = connection.execute(found).mappings().all()
            as_of = utc_text(self._clock.now())
        last = rows[-1]["seq"] if rows else seq
        return {
            "epoch": epoch,
            "changes": [change_document(row) for row in rows],
            "next_cursor": encode_cursor(epoch, last),
            "more": last < newest,
            "as_of": as_of,
        }

    def begin_snapshot(self, module: str) -> dict[str, Any]:
        """Note a snapshot and return it; its cursor is taken now, before the first page is read."""
        with self._ledger.write() as connection:
            epoch, seq = setting(connection, "epoch"), last_seq(connection)
            row = {"id": str(uuid.uuid4()), "module": module, "epoch": epoch, "seq": seq}
            connection.execute(sa.insert(SNAPSHOT), row)
        return {"id": row["id"], "epoch": epoch, "cursor": encode_cursor(epoch, seq), "module": module}

    def snapshot_page(self, snapshot: str, after: str, limit: int) -> dict[str, Any]:
        """Return the live records with ids behind `after`, in the order of ids.

        Pages show each record as it is when the page is read; what changed since the snapshot began follows in the
        feed behind its cursor. Raises Refusal "not-found" or "snapshot-gone".
        """
        with self._ledger.read() as connection:
            epoch = setting(connection, "epoch")
            begun = connection.execute(sa.select(SNAPSHOT).where(SNAPSHOT.c.id == snapshot)).mappings().one_or_none()
            if begun is None:
                raise Refusal("not-found", "没有此快照，请重新开始")
            if begun["epoch"] != epoch or begun["seq"] < int(setting(connection, "horizon")):
                raise Refusal("snapshot-gone", "快照已失效，请重新开始")
            found = (
                sa.select(CHANGE)
                .join(RECORD, RECORD.c.seq == CHANGE.c.seq)
                .where(RECORD.c.module == begun["module"], RECORD.c.id > after, ~RECORD.c.deleted)
                .order_by(RECORD.c.id)
                .limit(limit + 1)
            )
            rows = connection.execute(found).mappings().all()
        page = rows[:limit]
        return {
            "changes": [change_document(row) for row in page],
            "next": page[-1]["id"] if len(rows) > limit else None,
            "cursor": encode_cursor(epoch, begun["seq"]),
        }

    def digests(self, module: str) -> dict[str, dict[str, Any]]:
        """Return n and digest of every bucket of a module, by bucket in order."""
        found = sa.select(RECORD.c.bucket, RECORD.c.id, RECORD.c.version, RECORD.c.deleted)
        totals: dict[str, list[int]] = {}
        with self._ledger.read() as connection:
            for bucket, record_id, version, deleted in connection.execute(found.where(RECORD.c.module == module)):
                total = totals.setdefault(bucket, [0, 0])
                total[0] += 1
                total[1] += record_digest(record_id, version, deleted)
        return {bucket: {"bucket": bucket, **sums(n, total)} for bucket, (n, total) in sorted(totals.items())}

    def expire_cursors(self) -> None:
        """Forget the feed up to now, as after the time for which tombstones are kept: every older cursor is gone."""
        with self._ledger.write() as connection:
            set_setting(connection, "horizon", str(last_seq(connection) + 1))


def record_digest(record_id: str, version: int, deleted: bool) -> int:
    """Return the number by which one record enters the digest of its bucket; the rule is published in the contract."""
    text = f"{record_id}|{version}|{'deleted' if deleted else 'live'}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def sums(n: int, total: int) -> dict[str, Any]:
    """Return count and digest as they stand in the reply."""
    return {"n": n, "digest": f"{total % 2**64:016x}"}
