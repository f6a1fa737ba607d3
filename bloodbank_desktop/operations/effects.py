"""When rules are asked of a record and what it does to the bags that it names, per module, in the record's transaction.

Beside the declarations and not in them, because a declaration says what a record is, not what it moves. Whether it may
is decided by the rules alone; what happens to a bag in which state, by `rules.bag_life`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bloodbank_desktop.records.bag import BagKey, bag_key
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import approval, arrival, bag_life, reaction
from bloodbank_desktop.rules.catalogue import Moment
from bloodbank_desktop.rules.completing import outstanding
from bloodbank_desktop.storage import ledger, site_rows
from bloodbank_desktop.storage.ledger import Cause, Move, StockRow
from bloodbank_desktop.storage.store import Transaction


def _nothing(tx: Transaction, before: Values, after: Values, cause: Cause) -> None:
    """What an amendment does to bags in most modules."""


def _no_move(tx: Transaction, values: Values, cause: Cause) -> None:
    """What a record that moves no bag does to the stock."""


def _no_event(values: Values) -> str:
    return ""


def no_duties(values: Values) -> tuple[str, ...]:
    """What records of most modules leave to be done."""
    return ()


@dataclass(frozen=True)
class Effect:
    """When rules are asked of a record, what happens to its bags, and what the stock learns of it and of an amendment.

    `moments` are those of a new record, `again` those of an amendment: what was asked at the act itself and can no
    longer change is past. `duties` are what the record leaves to be done, keys of the table `duty`.
    """

    moments: Callable[[Values], tuple[Moment, ...]]
    event: Callable[[Values], str] = _no_event
    apply: Callable[[Transaction, Values, Cause], None] = _no_move
    amended: Callable[[Transaction, Values, Values, Cause], None] = _nothing
    again: tuple[Moment, ...] = ()
    duties: Callable[[Values], tuple[str, ...]] = no_duties


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
    if kind not in EFFECTS or "bags" not in values:
        return []
    rows = (ledger.find(tx, key) for _, _, key in _each(values))
    return list(dict.fromkeys(row.record_id for row in rows if row is not None))


def moves_bags(kind: str) -> bool:
    """Return whether records of a module change the stock."""
    return kind in EFFECTS and EFFECTS[kind].apply is not _no_move


def _each(values: Values) -> Iterator[tuple[int, Values, BagKey]]:
    for index, bag in enumerate(values["bags"], start=1):
        yield index, bag, bag_key(bag)


# -- 血袋入库 ------------------------------------------------------------------------------------------------------


def _reversal(values: Values) -> bool:
    return values.get("intake_type") == "reversal"


def _receive(tx: Transaction, values: Values, cause: Cause) -> None:
    if _reversal(values):
        ledger.move(tx, [moved(tx, key, "reverse", index) for index, _, key in _each(values)], cause)
        return
    arrivals = []
    site = site_rows.switches(tx)
    for index, bag, key in _each(values):
        facts = {name: bag[name] for name in ("component", "abo", "rhd", "expires_at")}
        facts |= {"amount": f"{bag['amount'].normalize():f}", "location": bag.get("location") or ""}
        facts |= _tested(bag)
        event, words = _arrived(values, bag, site)
        arrivals.append((moved(tx, key, event, index, **words), facts))
    ledger.receive(tx, arrivals, cause)


def _tested(bag: Values) -> dict[str, str]:
    """Return what a bag was tested for and processed as: from its label, its component and its product, never guessed."""
    component = table("component").facet(bag["component"], "attributes") or ()
    product = table("product").facet(bag["product_code"][:5], "attributes") or ()
    attributes = {*(bag.get("attributes") or ()), *component, *product}
    if "cmv" in (bag.get("antigens_negative") or ()):
        attributes.add("cmv_negative")
    return {
        "antigens_positive": " ".join(bag.get("antigens_positive") or ()),
        "antigens_negative": " ".join(bag.get("antigens_negative") or ()),
        "attributes": " ".join(key for key in table("processing") if key in attributes),
        "restricted_to": bag.get("restricted_to") or "",
    }


def _arrived(values: Values, bag: Values, site: Mapping[str, Any]) -> tuple[str, Mapping[str, str]]:
    """Return what happens to a bag of a delivery, and the words for it."""
    # What warns is never available, whoever checked it (domain 8.4; 临床输血技术规范第二十七条).
    if (why := arrival.set_aside(values, bag)) is not None:
        return "receive_quarantined", why
    waits = arrival.wants_regroup(bag["component"], site) and arrival.regroup_of(bag) is None
    return ("receive" if waits or not values.get("checker") else "receive_checked"), {}


def _receipt_duties(values: Values) -> tuple[str, ...]:
    return ("solo_receipt",) if values.get("solo_duty") and not _reversal(values) else ()


# -- bags that leave -----------------------------------------------------------------------------------------------


def _issue(tx: Transaction, values: Values, cause: Cause) -> None:
    moves = [moved(tx, key, "issue", index, holder=values["request_no"] or "") for index, _, key in _each(values)]
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


def _out(tx: Transaction, values: Values, cause: Cause) -> None:
    event = _out_event(values)
    moves = [moved(tx, key, event, index, holder="", reason=values["reason"]) for index, _, key in _each(values)]
    ledger.move(tx, moves, cause)


# -- 血站召回通知 --------------------------------------------------------------------------------------------------


def _recall(tx: Transaction, values: Values, cause: Cause) -> None:
    moves = []
    for index, _, key in _each(values):
        row, refusal = may(tx, key, "recall")
        if row is not None and refusal is None:
            # What is set aside is no longer promised to a request; what left stays with the one that got it.
            freed = {"holder": ""} if bag_life.in_stock(row.state) else {}
            moves.append(moved(tx, key, "recall", index, **freed))
    ledger.move(tx, moves, cause)


def _receipt_moments(values: Values) -> tuple[Moment, ...]:
    # A reversal takes bags out again: what they were is no question any more.
    return (Moment.REVERSAL,) if _reversal(values) else (Moment.RECEIPT,)


def _receipt_event(values: Values) -> str:
    return "reverse" if _reversal(values) else "receive"


def _at(*moments: Moment) -> Callable[[Values], tuple[Moment, ...]]:
    return lambda values: moments


def _issue_event(values: Values) -> str:
    return "issue"


def _near_miss_duties(values: Values) -> tuple[str, ...]:
    # What reached a patient is told to those who treat her, by a person and not by a program.
    return ("near_miss_inform",) if values["harm"] in ("no_harm", "harm") else ()


EFFECTS = {
    "stock_in": Effect(_receipt_moments, _receipt_event, _receive, duties=_receipt_duties),
    "clinical_issue": Effect(
        _at(Moment.LEAVING, Moment.SELECTION, Moment.ISSUE, Moment.HANDOVER),
        _issue_event,
        _issue,
        _transfused,
        again=(Moment.COMPLETION,),
        duties=outstanding,
    ),
    "other_stock_out": Effect(_at(Moment.LEAVING, Moment.REMOVAL), _out_event, _out),
    "transfusion_request": Effect(_at(Moment.REQUEST), again=(Moment.REQUEST,), duties=approval.outstanding),
    "adverse_reaction": Effect(_at(Moment.REACTION), again=(Moment.REACTION,), duties=reaction.outstanding),
    "donor_plan": Effect(_at(Moment.PLAN), again=(Moment.PLAN,)),
    "entitlement_review": Effect(_at(Moment.CERTIFICATE), again=(Moment.CERTIFICATE,)),
    # A recall is never contradicted, not even when it names bags that never came here.
    "recall_notice": Effect(_at(), apply=_recall),
    "near_miss": Effect(_at(), duties=_near_miss_duties),
}
