"""What registering a record does to the stock, per module; written in the same transaction as the record.

Beside the declarations and not in them, because a declaration says what a record is, not what it moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.catalogue import Moment
from bloodbank_desktop.rules.receipt import QUARANTINE_MESSAGES
from bloodbank_desktop.storage import ledger
from bloodbank_desktop.storage.store import Transaction

RECEIVED, QUARANTINED = "received", "quarantined"


@dataclass(frozen=True)
class Act:
    """The circumstances of a registration."""

    kind: str
    record_id: str
    name: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class Effect:
    """The rules asked before, what the stock forbids, and what the stock then learns."""

    moment: Moment
    forbids: Callable[[Transaction, Values], Iterator[Problem]]
    apply: Callable[[Transaction, Values, Act], None]


def _already_here(tx: Transaction, values: Values) -> Iterator[Problem]:
    for index, bag in enumerate(values["bags"], start=1):
        known = ledger.find(tx, bag_key(bag))
        if known is not None:
            when = f"{china_text(known.received_at)}（入库单 {known.intake_no}）"
            message = f"第 {index} 袋 {bag_name(known.key)} 已于 {when} 入库，不能再次入库，请核对实物"
            yield Problem("donation_number", "duplicate-in-stock", message).inside("bags", index)


def _receive(tx: Transaction, values: Values, act: Act) -> None:
    bags = []
    for bag in values["bags"]:
        # A label that says discard or quarantine is never available, whatever else it says (domain 8.4).
        state = QUARANTINED if bag.get("label_message") in QUARANTINE_MESSAGES else RECEIVED
        facts = {key: bag[key] for key in ("component", "abo", "rhd", "expires_at")}
        facts |= {"amount": f"{bag['amount'].normalize():f}", "location": bag.get("location") or ""}
        bags.append((bag_key(bag), state, facts))
    ledger.receive(tx, bags, at=act.at, kind=act.kind, record_id=act.record_id, name=act.name, actor=act.actor)


EFFECTS = {"stock_in": Effect(Moment.RECEIPT, _already_here, _receive)}
