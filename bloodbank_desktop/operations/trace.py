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
from bloodbank_desktop.records.codes import bag_label, scan
from bloodbank_desktop.records.declare import Field, Values
from bloodbank_desktop.storage import ledger, links, rows
from bloodbank_desktop.storage.ledger import Entry, StockRow
from bloodbank_desktop.storage.links import Ref
from bloodbank_desktop.storage.store import Transaction

#: From where blood comes to where it ends; what is not named here stands beside the stream.
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
_BESIDE = 9
_BAG_STAGE = 4
#: What says whose record it is. A person has many records that have nothing to do with each other.
_OF_PATIENT = ("patient", "person")
MOST_RECORDS = 2000
_REQUEST = "transfusion_request"
#: Modules whose bags must have been received here.
_HAD_BAGS = ("clinical_issue", "other_stock_out", "adverse_reaction")


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
    asked = text.strip()
    desk.need("view:trace")
    with desk.store.read() as tx:
        walk = _Walk(tx)
        starts = list(_starting_bags(tx, asked)) if asked else []
        for key in starts:
            walk.bag(key)
        if asked and not starts:
            walk.begin(asked)
        if not walk.records and not walk.bags:
            raise KnownProblem(f"没有找到与“{asked}”有关的血袋、患者或单据，请核对号码", code="nothing-found")
        return walk.chain(asked)


def trace_bag(desk: Desk, key: BagKey) -> Chain:
    """Return the chain of one bag."""
    desk.need("view:trace")
    with desk.store.read() as tx:
        walk = _Walk(tx)
        walk.bag(key)
        return walk.chain(bag_name(key))


def trace_record(desk: Desk, kind: str, record_id: str) -> Chain:
    """Return the chain of one record. Raises KnownProblem if there is none."""
    desk.need("view:trace")
    with desk.store.read() as tx:
        walk = _Walk(tx)
        walk.record((kind, record_id), "up", "down", "bags")
        if not walk.records:
            raise KnownProblem("没有这条记录，可能已被删除", code="no-such-record")
        return walk.chain(next(iter(walk.records.values())).name)


def _starting_bags(tx: Transaction, text: str) -> Iterator[BagKey]:
    """Yield the bags that a scan or a typed donation number means."""
    # What is typed from the label has the blanks of the print; a scanned code has none.
    bare = "".join(text.split()).upper()
    read = scan.read(text if text[0] in "=&" else bare)
    facts: dict[str, Any] = {}
    for structure in read.structures if read.ok else ():
        facts |= bag_label.stated(structure)
    donation = facts.get("donation_number") or bare
    for key in links.bags_of_donation(tx, donation):
        if facts.get("product_code") in (None, key[1]) and facts.get("split") in (None, key[2]):
            yield key


class _Walk:
    """One walk through the file; every record and bag is visited once in each direction.

    "up" leads from a record to those whose numbers it states, "down" to those that state its own number, "bags" to the
    bags that it names. Only a record that was asked for, or that became of one, leads to all of its bags: one that was
    met on the way of a bag would lead sideways.
    """

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._done: set[tuple[Ref, str]] = set()
        self._read: dict[Ref, rows.Row | None] = {}
        self.records: dict[Ref, Station] = {}
        self.bags: dict[BagKey, BagStory] = {}
        self._broken: dict[tuple[str, str], Broken] = {}
        self._cut = False

    def begin(self, value: str) -> None:
        """Start from the record that has this number, from every record of the patient with it, or from who states it."""
        refs = dict.fromkeys(ref for link in _links() for ref in links.naming(self._tx, link, value))
        for number in {self._values(ref)["medical_record_no"] for ref in links.naming(self._tx, "person", value)}:
            refs |= dict.fromkeys(links.naming(self._tx, "patient", number))
        mine = [ref for ref in refs if _bears(ref[0], self._values(ref), value)]
        for ref in mine or refs:
            self.record(ref, "up", "down", "bags")

    def chain(self, asked: str) -> Chain:
        """Return what was found."""
        order = sorted(self.records.values(), key=lambda one: (one.at is None, one.at or 0, _stage(one.kind)))
        bags = tuple(self.bags[key] for key in sorted(self.bags))
        return Chain(asked, tuple(order), bags, tuple(self._broken.values()), self._cut)

    def bag(self, key: BagKey) -> None:
        """Visit a bag: what brought it, for whom it is kept, what became of it."""
        if key in self.bags:
            return
        row = ledger.find(self._tx, key)
        self.bags[key] = BagStory(key, row, tuple(ledger.life(self._tx, key)))
        for ref in links.holding(self._tx, key):
            self.record(ref, "up")
            # A recall may name bags that never came here, and what is on its way is not lost.
            if row is None and ref[0] in _HAD_BAGS and ref in self.records:
                declared, name = all_records()[ref[0]], self.records[ref].name
                message = f"{declared.label} {name} 中的血袋 {bag_name(key)} 没有入库记录"
                self._break(Broken(*ref, "bags", "/".join(key), message))
        if row is not None and row.state == "reserved":
            requests = [ref for ref in links.naming(self._tx, "request", row.holder) if ref[0] == _REQUEST]
            for ref in requests:
                self.record(ref, "up")
            if not requests:
                message = f"血袋 {bag_name(key)} 为申请单 {row.holder} 预留，但本机没有这张申请单"
                self._break(Broken("stock", "/".join(key), "holder", row.holder, message))

    def record(self, ref: Ref, *ways: str) -> None:
        """Visit a record and go on from it in the given ways."""
        if ref not in self.records and not self._keep(ref):
            return
        here = self.records[ref]
        for way in ways:
            if (ref, way) not in self._done:
                self._done.add((ref, way))
                {"up": self._up, "down": self._down, "bags": self._bags_of}[way](here)

    def _row(self, ref: Ref) -> rows.Row | None:
        # The same record is met from several sides.
        if ref not in self._read:
            self._read[ref] = rows.find(self._tx, *ref)
        return self._read[ref]

    def _values(self, ref: Ref) -> Values:
        row = self._row(ref)
        return row.values if row is not None else {}

    def _keep(self, ref: Ref) -> bool:
        if len(self.records) >= MOST_RECORDS:
            self._cut = True
            return False
        row = self._row(ref)
        if row is None or row.deleted_at is not None:
            return False
        declared = all_records()[ref[0]]
        at = row.values.get(declared.newest_by)
        self.records[ref] = Station(
            *ref, declared.name_of(row.values), at if isinstance(at, datetime) else None, row.values
        )
        return True

    def _up(self, here: Station) -> None:
        """Visit the records whose numbers this one states; a number that no record has is a broken chain."""
        declared = all_records()[here.kind]
        for f, value in _numbers(here.kind, here.values, own=False):
            found = [ref for name in f.links for ref in links.naming(self._tx, name, value)]
            owners = [ref for ref in found if _bears(ref[0], self._values(ref), value)]
            for ref in owners:
                self.record(ref, "up")
            if not owners:
                message = f"{declared.label} {here.name} 写明{f.label} {value}，但本机没有这张单据"
                self._break(Broken(here.kind, here.record_id, f.key, value, message))

    def _down(self, here: Station) -> None:
        """Visit the records that state the number of this one."""
        for f, value in _numbers(here.kind, here.values, own=True):
            for name in f.links:
                for ref in links.naming(self._tx, name, value):
                    # A reaction may name bags of several issues; only where it is asked for do they belong together.
                    bags = () if min(_stage(here.kind), _stage(ref[0])) > _BAG_STAGE else ("bags",)
                    if ref != (here.kind, here.record_id):
                        self.record(ref, "up", "down", *bags)
        if here.kind == _REQUEST:
            for key in links.bags_kept_for(self._tx, here.values["request_no"]):
                self.bag(key)

    def _bags_of(self, here: Station) -> None:
        declared = all_records()[here.kind]
        for f, of in declared.groups:
            if {"donation_number", "product_code"} <= set(of.fields):
                for bag in here.values[f.key]:
                    self.bag(bag_key(bag))

    def _break(self, broken: Broken) -> None:
        self._broken.setdefault((broken.record_id, f"{broken.field} {broken.value}"), broken)


def _stage(kind: str) -> int:
    return _STAGE.get(kind, _BESIDE)


def _links() -> dict[str, None]:
    return dict.fromkeys(name for declared in all_records().values() for f in declared.linked for name in f.links)


def _numbers(kind: str, values: Values, *, own: bool) -> Iterator[tuple[Field, str]]:
    """Yield the fields with a number of this record, or with the numbers of others that it states."""
    declared = all_records()[kind]
    for f in declared.linked:
        value = values.get(f.key)
        if value and set(f.links).isdisjoint(_OF_PATIENT) and (f.key in declared.title) is own:
            yield f, str(value)


def _bears(kind: str, values: Values, value: str) -> bool:
    """Whether this is the record's own number, not one that it only states."""
    return any(number == value for _, number in _numbers(kind, values, own=True))
