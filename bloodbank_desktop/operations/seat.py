"""The seat of whoever acts: one store, one clock, one operator, shared by everything that is done from it.

An operator who changes changes for all of it at once, so that no act is written in the name of the one before.
"""

from __future__ import annotations

from typing import Any

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.rules.persons import Person
from bloodbank_desktop.storage import audit
from bloodbank_desktop.storage.store import Store, Transaction


class Seat:
    """A store with the clock and the `operator` in whose name it is used."""

    def __init__(self, store: Store, clock: Clock, operator: str = "") -> None:
        self.store = store
        self.clock = clock
        self.operator = operator
        self.person: Person | None = None

    def note(self, tx: Transaction, action: str, kind: str, object_id: str, detail: Any) -> None:
        """Write an audit row in the transaction of an act, in the name of the operator."""
        audit.note(
            tx,
            self.store.audit_key,
            at=self.clock.now(),
            actor=self.operator,
            action=action,
            object_=f"{kind}/{object_id}",
            detail=detail,
        )
