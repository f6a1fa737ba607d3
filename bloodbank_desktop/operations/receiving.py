"""How far a delivery note of the blood station has been received: each of its bags here or missing, and bags it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.storage import ledger, links, rows
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.storage.store import Transaction


@dataclass(frozen=True)
class Progress:
    """A note against what came: bags of the note received already, still missing, and received without being on it."""

    note_no: str
    expected: frozenset[BagKey]
    received: frozenset[BagKey]
    extra: frozenset[BagKey]

    @property
    def missing(self) -> frozenset[BagKey]:
        """The bags of the note that have not come."""
        return self.expected - self.received

    def with_scanned(self, keys: Iterable[BagKey]) -> Progress:
        """Return the progress as it would be when these bags are registered, too."""
        scanned = frozenset(keys)
        extra = self.extra | (scanned - self.expected)
        return Progress(self.note_no, self.expected, self.received | (scanned & self.expected), extra)


def progress(desk: Desk, note_no: str) -> Progress | None:
    """Return how far a note has been received, None when this workstation does not have the note.

    A bag of the note counts whichever delivery brought it, since two notes may have come in one; a bag that a delivery
    of this note brought and no longer stands for, because it was reversed, does not.
    """
    desk.need("list:stock")
    with desk.store.read() as tx:
        expected: set[BagKey] = set()
        came: set[BagKey] = set()
        known = False
        for kind, record_id in links.naming(tx, "note", note_no):
            row = rows.find(tx, kind, record_id)
            if row is None:
                continue
            keys = {bag_key(bag) for bag in row.values["bags"]}
            if kind == "dispatch_note":
                known = True
                expected |= keys
            elif kind == "stock_in":
                came |= {key for key in keys if (bag := _here(tx, key)) is not None and bag.record_id == record_id}
        received = {key for key in expected if _here(tx, key) is not None}
    if not known:
        return None
    return Progress(note_no, frozenset(expected), frozenset(received), frozenset(came - expected))


def _here(tx: Transaction, key: BagKey) -> StockRow | None:
    row = ledger.find(tx, key)
    return None if row is None or row.state == "reversed" else row
