"""Accepting received bags: by another person than the one who received them alone, with the group found again.

A group that differs from the label does not refuse the step but turns it: the bag goes to quarantine in the same
transaction, because a bag that stays "received" is accepted by the next person who is in a hurry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import duties, effects, judging, knowing
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.bag import BagKey, bag_key, bag_name
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import bag_life
from bloodbank_desktop.rules.arrival import group_words, regroup_of, wants_regroup
from bloodbank_desktop.rules.catalogue import Moment, findings
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.overriding import settle
from bloodbank_desktop.storage import ledger, rows, site_rows, stock_rows
from bloodbank_desktop.storage.ledger import Cause, StockRow
from bloodbank_desktop.storage.rows import Row
from bloodbank_desktop.storage.store import Transaction

KIND = "stock"


def accept(desk: Desk, keys: Sequence[BagKey], groups: Mapping[BagKey, tuple[str, str]]) -> None:
    """Make received bags available, all or none; `groups` says of a bag which ABO and RhD were found again.

    Raises KnownProblem naming the first bag whose state refuses, Stopped with what rules refuse.
    """
    wanted = list(dict.fromkeys(keys))
    _known_groups(groups)
    now = desk.clock.now()
    whole: dict[str, Any] = {"bags": ()}
    cause = Cause(KIND, new_id(), bag_life.EVENTS.word("accept"), desk.operator, now)
    try:
        with desk.store.write() as tx:
            found = [_received(tx, key) for key in wanted]
            whole["bags"] = tuple(_line(row, receipt, groups.get(row.key)) for row, receipt in found)
            known = {row.key: _facts_of(row, receipt) for row, receipt in found}
            facts = Facts(now, "accept", desk.person, acting=desk.operator, bags=known, site=site_rows.switches(tx))
            settled = settle(findings(Moment.ACCEPTANCE, whole, facts), (), desk.person, now)
            if settled.stopping:
                raise judging.Stopped(settled)
            moves = []
            for line, bag in enumerate(whole["bags"], start=1):
                again = regroup_of(bag)
                wrong = again is not None and again != (bag["abo"], bag["rhd"])
                more = {"regroup": "/".join(again)} if again is not None else {}
                if wrong and again is not None:
                    more |= {"reason": f"血型复检不符（{group_words(*again)}）"}
                event = "quarantine" if wrong else "accept"
                moves.append(effects.moved(tx, bag_key(bag), event, line, **more))
                desk.note(tx, event, KIND, "/".join(bag_key(bag)), more or None)
            ledger.move(tx, moves, cause)
            judging.note(tx, desk, KIND, cause.record_id, whole, settled)
            for record_id in dict.fromkeys(row.record_id for row, _ in found):
                if not stock_rows.waiting(tx, record_id):
                    duties.done(tx, desk, record_id, "solo_receipt", "另一人已逐袋核对验收", now)
    except judging.Stopped as stopped:
        judging.note_refusal(desk, KIND, cause.record_id, whole, stopped)
        raise


def waiting_for_group(tx: Transaction, keys: Sequence[BagKey]) -> list[StockRow]:
    """Return those of the received bags whose group must be found again before they can be accepted."""
    found = [_received(tx, key) for key in dict.fromkeys(keys)]
    lines = [(row, _line(row, receipt, None)) for row, receipt in found]
    site = site_rows.switches(tx)
    return [row for row, line in lines if wants_regroup(row.component, site) and regroup_of(line) is None]


def _known_groups(groups: Mapping[BagKey, tuple[str, str]]) -> None:
    for key, group in groups.items():
        for name, part in zip(("abo", "rhd"), group, strict=True):
            if part not in table(name):
                raise KnownProblem(
                    f"{bag_name(key)} 的复检结果不对：没有{table(name).label}“{part}”", code="no-such-group"
                )


def _received(tx: Transaction, key: BagKey) -> tuple[StockRow, Row | None]:
    row, refusal = effects.may(tx, key, "accept")
    if refusal is not None or row is None:
        raise KnownProblem(f"{bag_name(key)} {refusal}", code="bag-state")
    return row, rows.find(tx, "stock_in", row.record_id)


def _line(row: StockRow, receipt: Row | None, again: tuple[str, str] | None) -> dict[str, Any]:
    """Return the bag as its delivery states it, with what was found again now before what was found at receipt."""
    stated = dict(zip(("donation_number", "product_code", "split"), row.key, strict=True))
    line: dict[str, Any] = {**stated, "component": row.component, "abo": row.abo, "rhd": row.rhd}
    for bag in receipt.values["bags"] if receipt is not None else ():
        if bag_key(bag) == row.key:
            line |= {name: bag.get(name) for name in ("regroup_abo", "regroup_rhd")}
    if again is not None:
        line |= dict(zip(("regroup_abo", "regroup_rhd"), again, strict=True))
    return line


def _facts_of(row: StockRow, receipt: Row | None) -> Any:
    known = knowing.facts_of(row)
    if receipt is None or receipt.values.get("checker") is not None:
        return known
    return replace(known, received_by=frozenset({receipt.values["receiver"], receipt.created_by}))
