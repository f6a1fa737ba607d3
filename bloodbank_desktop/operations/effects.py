"""What a record does to the bags that it names, per module; written in the same transaction as the record.

Beside the declarations and not in them, because a declaration says what a record is, not what it moves. What may happen
to a bag in which state is decided by `rules.bag_life` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.bag import BagKey, bag_key, bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import bag_life
from bloodbank_desktop.rules.catalogue import Moment
from bloodbank_desktop.rules.receipt import QUARANTINE_MESSAGES
from bloodbank_desktop.storage import ledger
from bloodbank_desktop.storage.ledger import Cause, Move, StockRow
from bloodbank_desktop.storage.store import Transaction

_LABEL = {"component": "血液品种", "abo": "ABO 血型", "rhd": "RhD 血型", "expires_at": "失效时间"}


def _nothing(tx: Transaction, before: Values, after: Values, cause: Cause) -> None:
    """What an amendment does to bags in most modules."""


@dataclass(frozen=True)
class Effect:
    """The rules asked before, what the stock forbids, what it then learns, and what it learns of an amendment.

    `asked_again` says that the stock may forbid an amendment, too: where its bags can be changed.
    """

    moment: Callable[[Values], Moment | None]
    forbids: Callable[[Transaction, Values, datetime], Iterator[Problem]]
    apply: Callable[[Transaction, Values, Cause], None]
    amended: Callable[[Transaction, Values, Values, Cause], None] = _nothing
    asked_again: bool = False


def may(tx: Transaction, key: BagKey, event: str) -> tuple[StockRow | None, str | None]:
    """Return the bag, and why the event may not happen to it (None when it may)."""
    row = ledger.find(tx, key)
    state = row.state if row is not None else bag_life.NOWHERE
    return row, None if bag_life.after(event, state) is not None else bag_life.refusal(event, state)


def moved(tx: Transaction, key: BagKey, event: str, line: int = 0, **facts: Any) -> Move:
    """Return the event as the ledger will hold it; the caller has asked `may`."""
    row = ledger.find(tx, key)
    state = row.state if row is not None else bag_life.NOWHERE
    target = bag_life.after(event, state)
    assert target is not None, f"{event} may not happen to {key} in {state!r}"
    return Move(key, event, state, target, line, facts)


def brought_by(tx: Transaction, kind: str, values: Values) -> list[str]:
    """Return the records that brought the bags of these values: the platform must have those first."""
    if kind not in EFFECTS or kind == "recall_notice":
        return []
    rows = (ledger.find(tx, key) for _, _, key in _each(values))
    return list(dict.fromkeys(row.record_id for row in rows if row is not None))


def _each(values: Values) -> Iterator[tuple[int, Values, BagKey]]:
    for index, bag in enumerate(values["bags"], start=1):
        yield index, bag, bag_key(bag)


def _at(index: int, code: str, message: str) -> Problem:
    return Problem("donation_number", code, message).inside("bags", index)


# -- 血袋入库 ------------------------------------------------------------------------------------------------------


def _reversal(values: Values) -> bool:
    return values.get("intake_type") == "reversal"


def _receipt_forbids(tx: Transaction, values: Values, now: datetime) -> Iterator[Problem]:
    for index, _, key in _each(values):
        known = ledger.find(tx, key)
        if _reversal(values):
            if known is None or known.intake_no != values["reverses"]:
                yield _at(index, "not-of-this-intake", f"第 {index} 袋 {bag_name(key)} 不是入库单 {values['reverses']} 的血袋")
                continue
            refusal = may(tx, key, "reverse")[1]
            if refusal is not None:
                yield _at(index, "bag-state", f"第 {index} 袋 {bag_name(key)} {refusal}")
        elif known is not None and known.state != "reversed":
            when = f"{china_text(known.received_at)}（入库单 {known.intake_no}）"
            message = f"第 {index} 袋 {bag_name(key)} 已于 {when} 入库，不能再次入库，请核对实物"
            yield _at(index, "duplicate-in-stock", message)


def _receive(tx: Transaction, values: Values, cause: Cause) -> None:
    if _reversal(values):
        ledger.move(tx, [moved(tx, key, "reverse", index) for index, _, key in _each(values)], cause)
        return
    checked = "receive_checked" if values.get("checker") else "receive"
    arrivals = []
    for index, bag, key in _each(values):
        # A label that says discard or quarantine is never available, whatever else it says (domain 8.4).
        event = "receive_quarantined" if bag.get("label_message") in QUARANTINE_MESSAGES else checked
        facts = {name: bag[name] for name in ("component", "abo", "rhd", "expires_at")}
        facts |= {"amount": f"{bag['amount'].normalize():f}", "location": bag.get("location") or ""}
        arrivals.append((moved(tx, key, event, index), facts))
    ledger.receive(tx, arrivals, cause)


# -- bags that leave -----------------------------------------------------------------------------------------------


def _as_in_stock(index: int, bag: Values, row: StockRow) -> Iterator[Problem]:
    """What a record says of a bag is what the stock knows of it."""
    for key, name in _LABEL.items():
        if bag[key] != getattr(row, key):
            yield Problem(key, "contradicts-stock", f"第 {index} 袋的{name}与入库时不一致，请核对袋签").inside("bags", index)
    if f"{bag['amount'].normalize():f}" != row.amount:
        yield Problem("amount", "contradicts-stock", f"第 {index} 袋的数量与入库时不一致，请核对袋签").inside("bags", index)


def _leaving(tx: Transaction, values: Values, event: str) -> Iterator[Problem]:
    for index, bag, key in _each(values):
        row, refusal = may(tx, key, event)
        if refusal is not None:
            yield _at(index, "bag-state", f"第 {index} 袋 {bag_name(key)} {refusal}")
        elif row is not None:
            yield from _as_in_stock(index, bag, row)


def _issue_forbids(tx: Transaction, values: Values, now: datetime) -> Iterator[Problem]:
    yield from _leaving(tx, values, "issue")
    for index, bag, key in _each(values):
        row = ledger.find(tx, key)
        if row is not None and row.state == "reserved" and row.holder != values["request_no"]:
            message = f"第 {index} 袋 {bag_name(key)} 已为申请单 {row.holder} 预留，请先解除预留"
            yield _at(index, "reserved-for-another", message)
        if bag["expires_at"] <= now:
            message = f"第 {index} 袋 {bag_name(key)} 已于 {china_text(bag['expires_at'])} 过期，不得发出，请改走报废"
            yield _at(index, "expired", message)


def _issue(tx: Transaction, values: Values, cause: Cause) -> None:
    moves = [moved(tx, key, "issue", index, holder=values["request_no"]) for index, _, key in _each(values)]
    ledger.move(tx, moves, cause)
    _transfused(tx, {"bags": ()}, values, cause)


def _transfused(tx: Transaction, before: Values, after: Values, cause: Cause) -> None:
    """A bag whose transfusion is now known to have begun has been transfused."""
    begun = {bag_key(bag) for bag in before["bags"] if bag.get("started_at")}
    moves = [
        moved(tx, key, "transfuse", index)
        for index, bag, key in _each(after)
        if bag.get("started_at") and key not in begun and may(tx, key, "transfuse")[1] is None
    ]
    ledger.move(tx, moves, cause)


def _out_event(values: Values) -> str:
    event: str = table("out_type").facet(values["out_type"], "event")
    return event


def _out_forbids(tx: Transaction, values: Values, now: datetime) -> Iterator[Problem]:
    yield from _leaving(tx, values, _out_event(values))
    for index, bag, key in _each(values):
        # What another hospital receives is meant for a patient, as an issue is.
        if values["out_type"] == "transfer" and bag["expires_at"] <= now:
            when = china_text(bag["expires_at"])
            yield _at(index, "expired", f"第 {index} 袋 {bag_name(key)} 已于 {when} 过期，不能调出，请改走报废")


def _out(tx: Transaction, values: Values, cause: Cause) -> None:
    event = _out_event(values)
    moves = [moved(tx, key, event, index, holder="", reason=values["reason"]) for index, _, key in _each(values)]
    ledger.move(tx, moves, cause)


# -- 输血不良反应 --------------------------------------------------------------------------------------------------


def _reaction_forbids(tx: Transaction, values: Values, now: datetime) -> Iterator[Problem]:
    for index, _, key in _each(values):
        row = ledger.find(tx, key)
        if row is not None and bag_life.in_stock(row.state):
            message = f"第 {index} 袋 {bag_name(key)} 还在库中，没有发出过，不可能引起反应，请核对献血码和产品码"
            yield _at(index, "still-in-stock", message)


def _no_move(tx: Transaction, values: Values, cause: Cause) -> None:
    """A reaction is linked to its bags and moves none."""


# -- 血站召回通知 --------------------------------------------------------------------------------------------------


def _recall_forbids(tx: Transaction, values: Values, now: datetime) -> Iterator[Problem]:
    """A recall is never contradicted, not even when it names bags that never came here."""
    return iter(())


def _recall(tx: Transaction, values: Values, cause: Cause) -> None:
    moves = []
    for index, _, key in _each(values):
        row, refusal = may(tx, key, "recall")
        if row is not None and refusal is None:
            # What is set aside is no longer promised to a request; what left stays with the one that got it.
            freed = {"holder": ""} if bag_life.in_stock(row.state) else {}
            moves.append(moved(tx, key, "recall", index, **freed))
    ledger.move(tx, moves, cause)


def _receipt_moment(values: Values) -> Moment | None:
    # A reversal takes bags out again: what they were is no question any more.
    return None if _reversal(values) else Moment.RECEIPT


def _leaving_moment(values: Values) -> Moment | None:
    return Moment.LEAVING


def _no_moment(values: Values) -> Moment | None:
    return None


EFFECTS = {
    "stock_in": Effect(_receipt_moment, _receipt_forbids, _receive),
    "clinical_issue": Effect(_leaving_moment, _issue_forbids, _issue, _transfused),
    "other_stock_out": Effect(_leaving_moment, _out_forbids, _out),
    "adverse_reaction": Effect(_no_moment, _reaction_forbids, _no_move, asked_again=True),
    "recall_notice": Effect(_no_moment, _recall_forbids, _recall),
}
