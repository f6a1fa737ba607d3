"""Which bags may be given for a request: first to expire first, and none that a rule stops or that needs an override.

What needs an override is not listed and must be scanned (VBECS, Select Units); what is shown here is only an offer, for
the rules are asked again, with everything that is known then, when the issue is saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import judging as _judging  # noqa: F401  fills the catalogue
from bloodbank_desktop.operations import knowing
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.followups import issue_values
from bloodbank_desktop.operations.reservations import release_overdue
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values, Verb
from bloodbank_desktop.records.validate import tidy
from bloodbank_desktop.rules.catalogue import Level, Moment, findings
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.recipient import as_known
from bloodbank_desktop.storage import links, rows, stock_rows
from bloodbank_desktop.storage.ledger import StockRow
from bloodbank_desktop.storage.stock_rows import StockQuery
from bloodbank_desktop.storage.store import Transaction

KIND = "clinical_issue"
_STATES = ("available", "reserved")
#: More bags than anybody fetches for one request; the first to expire come first.
MOST = 200


@dataclass(frozen=True)
class Offer:
    """A bag that may be given; `words` are the warnings and notes that rules give for it."""

    key: BagKey
    component: str
    abo: str
    rhd: str
    amount: str
    expires_at: datetime
    location: str
    words: tuple[str, ...]


def request_of(tx: Transaction, number: str) -> Values:
    """Return the live request of this number. Raises KnownProblem."""
    for kind, record_id in links.naming(tx, "request", number.strip()):
        if kind == "transfusion_request" and (row := rows.find(tx, kind, record_id)) is not None:
            return row.values
    raise KnownProblem(f"没有申请单号 {number.strip()}，请核对单号，或先登记申请单", code="no-such-request")


def taken_over(desk: Desk, number: str) -> dict[str, Any]:
    """Return what an issue takes over from the request of this number. Raises KnownProblem."""
    desk.allowed("transfusion_request", Verb.VIEW)
    with desk.store.read() as tx:
        return dict(issue_values(request_of(tx, number)))


def offered(desk: Desk, number: str) -> list[Offer]:
    """Return the bags that may be given for the request of this number, first to expire first. Raises KnownProblem."""
    desk.allowed(KIND, Verb.REGISTER)
    now = desk.clock.now()
    release_overdue(desk.store, desk.clock)
    with desk.store.read() as tx:
        request = request_of(tx, number)
        values = tidy(record_type(KIND), {**issue_values(request), "issued_at": now, "bags": ()})
        told = knowing.gather(tx, KIND, values, now, event="issue", person=desk.person)
        values = dict(as_known(values, told))
        wanted = dict.fromkeys(one["component"] for one in request["components"])
        found: list[Offer] = []
        for component in wanted:
            query = StockQuery(component=component)
            offset = 0
            while len(found) < MOST:
                _, page = stock_rows.bags(tx, query, _STATES, now=now, near={}, offset=offset, limit=MOST)
                found.extend(_offers(values, page, told))
                offset += len(page)
                if len(page) < MOST:
                    break
    return sorted(found, key=lambda one: (one.expires_at, one.key))[:MOST]


def _offers(values: dict[str, Any], page: list[StockRow], told: Facts) -> Iterator[Offer]:
    for row in page:
        facts = replace(told, bags={row.key: knowing.facts_of(row)})
        found = list(findings(Moment.SELECTION, {**values, "bags": (_bag(row),)}, facts))
        if all(one.level in (Level.WARN, Level.NOTE) for one in found):
            words = tuple(one.message.removeprefix("第 1 袋：") for one in found if one.line == 1)
            yield Offer(row.key, row.component, row.abo, row.rhd, row.amount, row.expires_at, row.location, words)


def _bag(row: StockRow) -> dict[str, Any]:
    """Return a bag of the stock as the line of an issue that has not been filled in yet."""
    donation, product, split = row.key
    of = dict.fromkeys(f.key for f in record_type(KIND).groups[0][1].plain)
    return of | {
        "donation_number": donation,
        "product_code": product,
        "split": split or None,
        "component": row.component,
        "abo": row.abo,
        "rhd": row.rhd,
        "amount": Decimal(row.amount),
        "expires_at": row.expires_at,
    }
