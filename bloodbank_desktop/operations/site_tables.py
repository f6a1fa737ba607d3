"""Keeps the code tables of this process as the open data file says: by this window, another one, or the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bloodbank_desktop.records.overlay import Act, Change
from bloodbank_desktop.records.tables import InForce, table
from bloodbank_desktop.storage import audit, table_changes
from bloodbank_desktop.storage.store import Store, Transaction


class SiteTables:
    """The changes of one store, in force from the first `follow` until closed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._in_force = InForce(str(store.path.resolve()))

    def follow(self, tx: Transaction) -> bool:
        """Read the tables as this transaction sees them; return whether that is another reading than before."""
        if table_changes.mark(tx) == self._in_force.overlay.mark:
            return False
        self._in_force.put(table_changes.load(tx))
        return True

    def look(self) -> bool:
        """Follow what others changed; see `follow`."""
        with self._store.read() as tx:
            return self.follow(tx)

    def learn(self, tx: Transaction, words: Mapping[str, Mapping[str, str]], *, at: datetime, actor: str) -> None:
        """Note words that a record of another site brought along and that are not known here, readable and not offered."""
        if not words:
            return
        self.follow(tx)
        for name, by_key in words.items():
            for key, word in by_key.items():
                if key not in table(name):
                    change = Change(table_changes.mark(tx) + 1, name, key, Act.LEARN, word)
                    table_changes.add(tx, change, at=at, actor=actor, reason="")
                    audit.note(
                        tx,
                        self._store.audit_key,
                        at=at,
                        actor=actor,
                        action="table-learn",
                        object_=f"table/{name}/{key}",
                        detail={"word": word},
                    )
        self.follow(tx)

    def close(self) -> None:
        """The tables of this file are no longer in force."""
        self._in_force.release()
