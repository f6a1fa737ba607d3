"""What comes from the platform: its answers and the records of other workstations, page and cursor in one transaction.

Replaying a page is harmless, a record with unfinished work of ours is never overwritten, and what a module's
declaration forbids a person it also forbids the platform: a registered delivery does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.operations import effects, fetching, judging
from bloodbank_desktop.operations.giving_way import give_way
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.operations.site_tables import SiteTables
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.records.wire import fingerprint, from_body, site_words
from bloodbank_desktop.rules.catalogue import Level
from bloodbank_desktop.storage import audit, history, outbox, platform_rows, rows
from bloodbank_desktop.storage.ledger import Cause
from bloodbank_desktop.storage.platform_rows import Cursor, PlatformCopy
from bloodbank_desktop.storage.store import Store, Transaction

ACTOR = "平台"


@dataclass(frozen=True)
class ServerChange:
    """One change of the feed: `body` in wire names, `answer` the platform's own facts, `key` its operation."""

    module: str
    id: str
    version: int
    deleted: bool
    body: dict[str, Any]
    answer: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    answer_no: int = 0


class Arrivals:
    """The receiving side of one store."""

    def __init__(self, store: Store, clock: Clock, tables: SiteTables | None = None) -> None:
        self.store = store
        self.clock = clock
        self._tables = tables or SiteTables(store)

    def cursor(self, feed: str = "main") -> Cursor:
        """Return how far a feed has been read."""
        with self.store.read() as tx:
            return platform_rows.cursor(tx, feed)

    def apply_page(
        self, feed: str, epoch: str, changes: Sequence[ServerChange], next_cursor: str | None, as_of: datetime
    ) -> Changes:
        """Take in a page and its cursor; return what changed here."""
        now = self.clock.now()
        kinds: set[str] = set()
        touched: set[str] = set()
        with self.store.write() as tx:
            for change in changes:
                declared = travelling().get(change.module)
                copy = platform_rows.find(tx, change.id)
                if copy is not None and not self._news(change, copy):
                    continue
                self._keep(tx, change, now)
                if declared is not None:
                    words, _ = site_words(declared, change.body)
                    self._tables.learn(tx, words, at=now, actor=ACTOR)
                    self._adopt(tx, declared, change, now)
                    kinds.add(change.module)
                    touched.add(change.id)
            platform_rows.keep_cursor(tx, feed, Cursor(epoch, next_cursor, as_of))
        return Changes(frozenset(kinds), frozenset(touched), queue=False)

    def restart(self, feed: str = "main") -> None:
        """Forget the cursor, so that the feed is read from its beginning; every page is harmless a second time."""
        with self.store.write() as tx:
            platform_rows.forget_cursor(tx, feed)

    @staticmethod
    def _news(change: ServerChange, copy: PlatformCopy) -> bool:
        """Whether a change says more than we know: a later version, or a later answer to the same one."""
        if change.version != copy.version or copy.body is None:
            # An upload brings the version first and the feed the answer later, with the same version.
            return change.version >= copy.version
        return change.answer_no > copy.answer_no

    def _keep(self, tx: Transaction, change: ServerChange, now: datetime) -> None:
        kept = platform_rows.row(
            change.module,
            change.id,
            change.version,
            at=now,
            deleted=change.deleted,
            body=change.body,
            answer=change.answer,
            answer_no=change.answer_no,
        )
        platform_rows.replace(tx, kept)

    def _adopt(self, tx: Transaction, declared: RecordType, change: ServerChange, now: datetime) -> None:
        """Bring our record to the platform's state where nothing of ours would be lost by it."""
        give_way(tx, self.store.audit_key, declared.key, change.id, now)
        if any(operation.state not in outbox.CLOSED for operation in outbox.of_record(tx, change.id)):
            return
        row = rows.find(tx, declared.key, change.id)
        if change.deleted:
            if row is not None and row.deleted_at is None:
                if declared.append_only:
                    self._note(tx, "platform-delete-refused", change, now)
                    return
                history.keep(tx, declared.key, row, at=now, actor=ACTOR, reason="")
                rows.remove(tx, declared.key, row, at=now, actor=ACTOR)
                self._note(tx, "platform-delete", change, now)
            return
        values, unread = from_body(declared, change.body)
        whole = tidy(declared, values)
        # A field or code of a newer version: kept in the platform copy, not half understood here.
        if unread or problems(declared, whole):
            return
        if row is None:
            effect = effects.EFFECTS.get(declared.key)
            if any(one.level is Level.BLOCK for one in judging.found(tx, declared, whole, now, arriving=True)):
                self._note(tx, "platform-contradicts-stock", change, now)
                return
            rows.add(tx, declared.key, change.id, whole, at=now, actor=ACTOR)
            fetching.want(tx, declared, whole, now)
            if effect is not None:
                effect.apply(tx, whole, Cause(declared.key, change.id, declared.name_of(whole), ACTOR, now))
            self._note(tx, "platform-register", change, now, fingerprint(declared, whole))
        elif row.deleted_at is None and whole != row.values:
            if declared.append_only:
                self._note(tx, "platform-amend-refused", change, now)
                return
            history.keep(tx, declared.key, row, at=now, actor=ACTOR, reason="")
            rows.change(tx, declared.key, row, whole, at=now, actor=ACTOR)
            fetching.want(tx, declared, whole, now)
            if effect := effects.EFFECTS.get(declared.key):
                cause = Cause(declared.key, change.id, declared.name_of(whole), ACTOR, now)
                effect.amended(tx, row.values, whole, cause)
            self._note(tx, "platform-amend", change, now, fingerprint(declared, whole))

    def _note(self, tx: Transaction, action: str, change: ServerChange, now: datetime, sha256: str = "") -> None:
        audit.note(
            tx,
            self.store.audit_key,
            at=now,
            actor=ACTOR,
            action=action,
            object_=f"{change.module}/{change.id}",
            detail={"version": change.version} | ({"sha256": sha256} if sha256 else {}),
        )
