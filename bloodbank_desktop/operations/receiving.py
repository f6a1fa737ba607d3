"""How far a delivery note of the blood station has been received: each of its bags here or missing, and bags it lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.storage import ledger, links, rows


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
    """Return how far a note has been received, None when this workstation does not have the note."""
    with desk.store.read() as tx:
        refs = links.naming(tx, "note", note_no)
        expected: set[BagKey] = set()
        came: set[BagKey] = set()
        known = False
        for kind, record_id in refs:
            row = rows.find(tx, kind, record_id)
            if row is None:
                continue
            keys = {bag_key(bag) for bag in row.values["bags"]}
            if kind == "dispatch_note":
                known = True
                expected |= keys
            elif kind == "stock_in":
                # A reversed delivery did not come.
                came |= {key for key in keys if (bag := ledger.find(tx, key)) is not None and bag.state != "reversed"}
    if not known:
        return None
    return Progress(note_no, frozenset(expected), frozenset(came & expected), frozenset(came - expected))
