"""The chain of a bag, a patient, a request, an order or a reaction, both ways, as far as this workstation knows it.

Upstream from a thing goes what it came from, downstream what became of it, and never sideways: the other bags of a
delivery are not the story of one bag. A number that a record states and nobody bears is a broken chain and is named
(临床输血技术规范第三十四条; 血液可追溯性).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.bag import BagKey, bag_key, bag_name
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.codes import scan
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.storage import ledger, links, rows
from bloodbank_desktop.storage.ledger import Entry, StockRow
from bloodbank_desktop.storage.links import Ref
from bloodbank_desktop.storage.store import Transaction

#: From where blood comes to where it ends; a step goes one way only. Records beside the stream are reached as context.
_STAGE = {
    "transfusion_request": 0,
    "blood_order": 1,
    "dispatch_note": 2,
    "stock_in": 3,
    "clinical_issue": 5,
    "other_stock_out": 5,
    "recall_notice": 5,
    "adverse_reaction": 6,
}
_BAG_STAGE = 4
#: What a patient's history consists of.
_OF_PATIENT = ("patient", "person")
MOST_RECORDS = 2000


@dataclass(frozen=True)
class Station:
    """One record of a chain."""

    kind: str
    record_id: str
    name: str
    at: datetime | None
    values: Values = field(repr=False)


@dataclass(frozen=True)
class BagStory:
    """One bag of a chain: what the stock knows of it and everything that happened to it."""

    key: BagKey
    row: StockRow | None
    life: tuple[Entry, ...]


@dataclass(frozen=True)
class Broken:
    """A value of a record under which nothing is found."""

    kind: str
    record_id: str
    field: str
    value: str
    message: str


@dataclass(frozen=True)
class Chain:
    """Everything that belongs to what was asked for, records in the order of their time."""

    asked: str
    records: tuple[Station, ...]
    bags: tuple[BagStory, ...]
    broken: tuple[Broken, ...]
    cut: bool = False


def trace(desk: Desk, text: str) -> Chain:
    """Return the chain of a scanned label or of a number as it stands on paper. Raises KnownProblem if unknown."""
    with desk.store.read() as tx:
        walk = _Walk(tx)
        starts = list(_starting_bags(tx, text))
        for key in starts:
            walk.bag(key, both=True)
        if not starts:
            walk.begin(text.strip())
        if not walk.records and not walk.bags:
            raise KnownProblem(f"没有找到与“{text.strip()}”有关的血袋、患者或单据，请核对号码", code="nothing-found")
        return walk.chain(text.strip())


def trace_bag(desk: Desk, key: BagKey) -> Chain:
    """Return the chain of one bag."""
    with desk.store.read() as tx:
        walk = _Walk(tx)
        walk.bag(key, both=True)
        return walk.chain(bag_name(key))


def trace_record(desk: Desk, kind: str, record_id: str) -> Chain:
    """Return the chain of one record. Raises KnownProblem if there is none."""
    with desk.store.read() as tx:
        walk = _Walk(tx)
        walk.record((kind, record_id), up=True, down=True)
        if not walk.records:
            raise KnownProblem("没有这条记录，可能已被删除", code="no-such-record")
        return walk.chain(next(iter(walk.records.values())).name)


def _starting_bags(tx: Transaction, text: str) -> Iterator[BagKey]:
    """Yield the bags that a scan or a typed donation number means."""
    read = scan.read(text)
    facts: dict[str, Any] = {}
    for structure in read.structures if read.ok else ():
        facts |= structure.fields
    donation = facts.get("donation_number") or "".join(text.split()).upper()
    for key in links.bags_of_donation(tx, donation):
        if facts.get("product_code") in (None, key[1]):
            yield key


class _Walk:
    """One walk through the file; every record and bag is visited once in each direction."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._done: set[tuple[object, str]] = set()
        self.records: dict[Ref, Station] = {}
        self.bags: dict[BagKey, BagStory] = {}
        self._broken: list[Broken] = []
        self._cut = False

    def begin(self, value: str) -> None:
        """Start from every record that bears a value, or from a patient with it."""
        names = dict.fromkeys(name for declared in all_records().values() for f in declared.linked for name in f.links)
        for link in names:
            for ref in links.naming(self._tx, link, value):
                self.record(ref, up=True, down=True)

    def chain(self, asked: str) -> Chain:
        """Return what was found."""
        order = sorted(self.records.values(), key=lambda one: (one.at is None, one.at or 0, _STAGE.get(one.kind, 9)))
        return Chain(
            asked, tuple(order), tuple(self.bags[key] for key in sorted(self.bags)), tuple(self._broken), self._cut
        )

    def bag(self, key: BagKey, *, up: bool = False, down: bool = False, both: bool = False) -> None:
        """Visit a bag: what brought it, what became of it."""
        up, down = up or both, down or both
        if key not in self.bags:
            self.bags[key] = BagStory(key, ledger.find(self._tx, key), tuple(ledger.life(self._tx, key)))
        for way in self._new_ways(key, up=up, down=down):
            for ref in links.holding(self._tx, key):
                stage = _STAGE.get(ref[0], 9)
                if way == "up" and stage < _BAG_STAGE:
                    self.record(ref, up=True)
                elif way == "down" and stage > _BAG_STAGE:
                    self.record(ref, down=True)

    def record(self, ref: Ref, *, up: bool = False, down: bool = False) -> None:
        """Visit a record and go on from it in the given directions."""
        if ref not in self.records and not self._keep(ref):
            return
        here = self.records[ref]
        declared = all_records()[ref[0]]
        for way in self._new_ways(ref, up=up, down=down):
            for f in declared.linked:
                value = here.values.get(f.key)
                if value:
                    self._follow(here, f.key, f.links, str(value), way)
            self._bags_of(here, way)

    def _keep(self, ref: Ref) -> bool:
        if len(self.records) >= MOST_RECORDS:
            self._cut = True
            return False
        row = rows.find(self._tx, *ref)
        if row is None or row.deleted_at is not None:
            return False
        declared = all_records()[ref[0]]
        at = row.values.get(declared.newest_by)
        self.records[ref] = Station(
            *ref, declared.name_of(row.values), at if isinstance(at, datetime) else None, row.values
        )
        return True

    def _follow(self, here: Station, key: str, names: tuple[str, ...], value: str, way: str) -> None:
        of_patient = not set(names).isdisjoint(_OF_PATIENT)
        # A patient is followed from what the person was asked about, and into the history only, not from each bag's end.
        if of_patient and here.kind in _STAGE and _STAGE[here.kind] >= _BAG_STAGE and way == "down" and self.bags:
            return
        found = [ref for name in names for ref in links.naming(self._tx, name, value)]
        mine = _STAGE.get(here.kind, 9)
        for ref in found:
            other = _STAGE.get(ref[0], 9)
            if of_patient:
                self._beside(ref)
            elif other < mine and way == "up":
                self.record(ref, up=True)
            elif other < mine:
                self._beside(ref)
            elif other > mine and way == "down":
                self.record(ref, down=True)
        others = [ref for ref in found if ref != (here.kind, here.record_id)]
        declared = all_records()[here.kind]
        if not others and not of_patient and key not in declared.title and value:
            label = declared.fields[key].label
            message = f"{declared.label} {here.name} 写明{label} {value}，但本机没有这张单据"
            broken = Broken(here.kind, here.record_id, key, value, message)
            if broken not in self._broken:
                self._broken.append(broken)

    def _beside(self, ref: Ref) -> None:
        """Show a record that explains another one, without going on from it."""
        if ref not in self.records:
            self._keep(ref)

    def _bags_of(self, here: Station, way: str) -> None:
        declared = all_records()[here.kind]
        stage = _STAGE.get(here.kind, 9)
        for f, of in declared.groups:
            if "product_code" not in of.fields or "donation_number" not in of.fields:
                continue
            if (way == "up" and stage > _BAG_STAGE) or (way == "down" and stage < _BAG_STAGE):
                for bag in here.values[f.key]:
                    self.bag(bag_key(bag), up=way == "up", down=way == "down")

    def _new_ways(self, what: object, *, up: bool, down: bool) -> Iterator[str]:
        for way, wanted in (("up", up), ("down", down)):
            if wanted and (what, way) not in self._done:
                self._done.add((what, way))
                yield way
