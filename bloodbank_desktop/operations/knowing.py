"""What rules are told: gathered from the file inside the transaction of the act, so that nothing changes in between.

Each module names the gatherers that its rules need and nothing more, because every save pays for them. What a rule is
told is a plain value (`rules.facts`); no rule ever sees a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules.facts import BagFacts, Facts
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.storage import ledger, selfcheck_rows, site_rows
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.storage.store import Transaction

Gatherer = Callable[[Transaction, Values, datetime], Mapping[str, Any]]
"""Returns fields of `Facts` by name."""


def facts_of(row: StockRow) -> BagFacts:
    """Return what the stock knows of a bag, as rules are told."""
    return BagFacts(
        row.state,
        row.holder,
        row.component,
        row.abo,
        row.rhd,
        row.amount,
        row.expires_at,
        row.received_at,
        row.intake_no,
        frozenset(row.antigens_positive),
        frozenset(row.antigens_negative),
        frozenset(row.attributes),
        row.restricted_to,
    )


def _bags(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    rows = (ledger.find(tx, bag_key(bag)) for bag in values["bags"])
    return {"bags": {row.key: facts_of(row) for row in rows if row is not None}}


def _request(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    return {"request_no": values["request_no"]}


def _closing(tx: Transaction, values: Values, now: datetime) -> Mapping[str, Any]:
    return {"issuing_closed": selfcheck_rows.closed(tx)}


GATHERERS: dict[str, tuple[Gatherer, ...]] = {
    "stock_in": (_bags,),
    "clinical_issue": (_bags, _request, _closing),
    "other_stock_out": (_bags,),
    "adverse_reaction": (_bags,),
    "recall_notice": (_bags,),
}


def gather(
    tx: Transaction,
    kind: str,
    values: Values,
    now: datetime,
    *,
    event: str = "",
    person: Person | None = None,
    second: Signature | None = None,
    before: Values | None = None,
) -> Facts:
    """Return everything that the rules of a module may know about a record at this moment."""
    known: dict[str, Any] = {}
    for one in GATHERERS.get(kind, ()):
        known |= one(tx, values, now)
    return Facts(now, event, person=person, second=second, before=before, site=site_rows.switches(tx), **known)
