"""Drafts: what somebody began and has not registered, kept line by line while it is being entered.

A draft is no record: it passes no rule, travels nowhere, and only its being thrown away stays in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping

from bloodbank_desktop.operations.files import Picked
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.storage import draft_rows
from bloodbank_desktop.storage.draft_rows import Draft


class Drafts:
    """The drafts of one seat; files picked there are kept with the first draft that names them."""

    def __init__(self, seat: Seat, picked: Picked) -> None:
        self._seat = seat
        self._picked = picked

    def all(self, kind: str | None = None) -> list[Draft]:
        """Return unfinished records, the newest first. Raises KnownProblem."""
        self._seat.need("list:drafts")
        with self._seat.store.read() as tx:
            return draft_rows.load(tx, kind)

    def find(self, draft_id: str) -> Draft | None:
        """Return one unfinished record. Raises KnownProblem."""
        self._seat.need("list:drafts")
        with self._seat.store.read() as tx:
            return next(iter(draft_rows.load(tx, draft_id=draft_id)), None)

    def keep(self, kind: str, draft_id: str, head: Values, texts: Mapping[str, str] | None = None) -> None:
        """Keep the header of a draft; durable when it returns. Raises KnownProblem."""
        seat = self._seat
        seat.need(f"register:{kind}")
        now = seat.clock.now()
        with seat.store.write() as tx:
            draft_rows.keep_head(tx, kind, draft_id, head, texts or {}, at=now, actor=seat.operator)
            self._picked.keep_for_draft(tx, record_type(kind), head, draft_id)
        self._picked.forget(record_type(kind), head)

    def keep_line(
        self, kind: str, draft_id: str, lines_key: str, line_id: str, values: Values, *, head: Values | None = None
    ) -> None:
        """Keep one line of a draft, which is made if need be; durable when it returns. Raises KnownProblem."""
        seat = self._seat
        seat.need(f"register:{kind}")
        now = seat.clock.now()
        of = draft_rows.type_of_lines(kind, lines_key)
        with seat.store.write() as tx:
            if head is not None:
                draft_rows.keep_head(tx, kind, draft_id, head, {}, at=now, actor=seat.operator)
                self._picked.keep_for_draft(tx, record_type(kind), head, draft_id)
            else:
                draft_rows.touch(tx, kind, draft_id, at=now, actor=seat.operator)
            draft_rows.keep_line(tx, kind, draft_id, lines_key, line_id, values)
            self._picked.keep_for_draft(tx, of, values, draft_id)
        self._picked.forget(of, values)

    def drop_line(self, draft_id: str, line_id: str) -> None:
        """Remove one line of a draft. Raises KnownProblem."""
        self._may_change(draft_id)
        with self._seat.store.write() as tx:
            draft_rows.drop_line(tx, draft_id, line_id)

    def drop(self, draft_id: str) -> None:
        """Throw a draft away, its files with it; that it existed stays in the audit. Raises KnownProblem."""
        self._may_change(draft_id)
        with self._seat.store.write() as tx:
            for one in draft_rows.load(tx, draft_id=draft_id):
                lines = {key: len(ids) for key, ids in one.line_ids.items()}
                self._seat.note(tx, "drop-draft", one.kind, draft_id, {"lines": lines})
            draft_rows.drop(tx, draft_id)

    def _may_change(self, draft_id: str) -> None:
        with self._seat.store.read() as tx:
            kind = draft_rows.kind_of(tx, draft_id)
        if kind is not None:
            self._seat.need(f"register:{kind}")
