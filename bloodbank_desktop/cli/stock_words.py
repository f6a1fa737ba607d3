"""Words about bags and patients: trace, the stock, what is done to bags at the stock page, one patient's history."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, AddWord, limit, profile, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.operations.patients import Known
    from bloodbank_desktop.operations.trace import BagStory, Station
    from bloodbank_desktop.records.bag import BagKey
    from bloodbank_desktop.storage.ledger import StockRow
    from bloodbank_desktop.storage.stock_rows import StockGroup

_FILTERS = {"component": "component", "abo": "abo", "rhd": "rhd", "state": "bag_state"}


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    word("trace", _trace, "show the chain of a bag, patient or paper both ways, and where it is broken", "text")
    made = word("stock", _stock, "count what is in stock by component and group")
    made.add_argument("--bags", action="store_true", help="list the bags instead, first to expire first")
    for name in _FILTERS:
        made.add_argument(f"--{name}", default="", metavar="KEY")
    made.add_argument("--limit", type=limit, default=1000, metavar="N", help="of the bags (default: %(default)s)")
    made = word(
        "stock-do", _stock_do, "accept, quarantine, reserve, release, take_back or relocate bags, all or none", "deed"
    )
    made.add_argument("--bag", action="append", required=True, metavar="NUMBER/PRODUCT[/SPLIT]", help="may be repeated")
    made.add_argument("--reason", default="", metavar="TEXT")
    made.add_argument("--place", default="", metavar="TEXT", help="where relocated bags stand now")
    made.add_argument(
        "--group", action="append", default=[], metavar="ABO/RHD", help="found again of the --bag at the same place"
    )
    made.add_argument("--for", dest="holder", default="", metavar="REQUEST_NO", help="whom reserved bags are for")
    word("select", _select, "list the bags that may be given for a request, first to expire first", "request_no")
    word("patient", _patient, "show what is known of a patient by any number", "number")
    made = word("merge-patients", _merge, "join two medical record numbers as one patient", "one", "other")
    made.add_argument("--reason", required=True, metavar="TEXT")


# -- trace ---------------------------------------------------------------------------------------------------------


def _trace(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.trace import trace

    with profile(options) as opened:
        chain = trace(opened.desk, options.text)
    say(
        {
            "asked": chain.asked,
            "bags": [_story(one) for one in chain.bags],
            "records": [_station(one) for one in chain.records],
            "broken": [
                {"kind": one.kind, "id": one.record_id, "field": one.field, "value": one.value, "message": one.message}
                for one in chain.broken
            ],
            "cut": chain.cut,
        }
    )
    return YES


def _story(one: BagStory) -> dict[str, Any]:
    here = _bag(one.row) if one.row is not None else {**_identity(one.key), "state": None}
    life = [
        {
            "at": entry.at,
            "event": entry.event,
            "state": entry.state_after,
            "kind": entry.kind,
            "id": entry.record_id,
            "actor": entry.actor,
            "facts": dict(entry.facts),
        }
        for entry in one.life
    ]
    return {**here, "life": life}


def _station(one: Station) -> dict[str, Any]:
    from bloodbank_desktop.records.catalogue import record_type
    from bloodbank_desktop.records.wire import to_json

    declared = record_type(one.kind)
    values = to_json(declared, one.values)
    return {
        "kind": one.kind,
        "label": declared.label,
        "id": one.record_id,
        "name": one.name,
        "at": one.at,
        "values": values,
    }


def _identity(key: BagKey) -> dict[str, Any]:
    return dict(zip(("donation_number", "product_code", "split"), key, strict=True))


def _bag(row: StockRow) -> dict[str, Any]:
    names = (
        "state",
        "component",
        "abo",
        "rhd",
        "amount",
        "expires_at",
        "location",
        "holder",
        "received_at",
        "intake_no",
    )
    return {**_identity(row.key), **{name: getattr(row, name) for name in names}}


# -- stock ---------------------------------------------------------------------------------------------------------


def _stock(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.stock_desk import StockDesk
    from bloodbank_desktop.records.tables import table
    from bloodbank_desktop.storage.stock_rows import StockQuery

    wanted = {name: getattr(options, name) for name in _FILTERS if getattr(options, name)}
    for name, key in wanted.items():
        codes = table(_FILTERS[name])
        if key not in codes:
            raise KnownProblem(f"没有{codes.label}“{key}”；可用：{'、'.join(codes)}", code="unknown-code")
    state = wanted.pop("state", "")
    with profile(options) as opened:
        stock = StockDesk(opened.desk)
        if options.bags:
            query = StockQuery(states=(state,) if state else (), **wanted)
            total, rows = stock.bags(query, limit=options.limit)
            say({"total": total, "bags": [_bag(row) for row in rows]})
            return YES
        groups = stock.groups()
    chosen = [one for one in groups if all(getattr(one, name) == key for name, key in wanted.items())]
    say({"groups": [_group(one) for one in chosen if not state or one.states.get(state)]})
    return YES


def _group(one: StockGroup) -> dict[str, Any]:
    names = ("component", "abo", "rhd", "bags", "amount", "usable", "near_expiry", "expired", "least", "short")
    return {**{name: getattr(one, name) for name in names}, "states": dict(one.states)}


def _select(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.selection import offered

    with profile(options) as opened:
        found = offered(opened.desk, options.request_no)
    say(
        [
            {
                "bag": "/".join(part for part in one.key if part),
                "component": one.component,
                "abo": one.abo,
                "rhd": one.rhd,
                "amount": one.amount,
                "expires_at": one.expires_at,
                "location": one.location,
                "said": list(one.words),
            }
            for one in found
        ]
    )
    return YES


def _stock_do(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.stock_desk import StockDesk

    keys = [bag_named(text) for text in options.bag]
    with profile(options) as opened:
        stock = StockDesk(opened.desk)
        if options.group:
            stock.accept(keys, _groups(options, keys))
        else:
            stock.do(options.deed, keys, reason=options.reason, place=options.place, holder=options.holder)
        rows = [opened.desk.bag_in_stock(key) for key in dict.fromkeys(keys)]
    say({"bags": [_bag(row) for row in rows if row is not None]})
    return YES


def bag_named(text: str) -> BagKey:
    """Return the bag that a person names. Raises KnownProblem."""
    donation, product, split = (*(part.strip() for part in text.split("/")), "", "")[:3]
    if not donation or not product or text.count("/") > 2:
        raise KnownProblem(f"“{text}”不是血袋，请写作 献血码/产品码 或 献血码/产品码/分袋号", code="wrong-bag")
    return donation, product, split


def _groups(options: argparse.Namespace, keys: list[BagKey]) -> dict[BagKey, tuple[str, str]]:
    if options.deed != "accept":
        raise KnownProblem("只有验收（accept）才填写复检血型 --group", code="group-not-asked")
    if len(options.group) != len(keys):
        raise KnownProblem("--group 须与 --bag 一样多，按同样次序各写一个，例如 A/positive", code="group-per-bag")
    found = {}
    for key, text in zip(keys, options.group, strict=True):
        abo, _, rhd = text.partition("/")
        found[key] = (abo.strip(), rhd.strip())
    return found


# -- patients ------------------------------------------------------------------------------------------------------


def _patient(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.patients import history

    with profile(options) as opened:
        found = history(opened.desk, options.number)
    if not found.records:
        raise KnownProblem(f"本机没有号码 {options.number} 的患者记录，请核对号码", code="unknown-patient")
    parts = ("groups", "antibodies", "reactions", "records")
    say(
        {
            "numbers": list(found.numbers),
            "names": list(found.names),
            "contradictory": found.contradictory,
            **{part: [_known(one) for one in getattr(found, part)] for part in parts},
        }
    )
    return YES


def _known(one: Known) -> dict[str, Any]:
    return {"what": one.what, "kind": one.kind, "name": one.name, "at": one.at}


def _merge(options: argparse.Namespace) -> int:
    from bloodbank_desktop.operations.patients import history, merge

    with profile(options) as opened:
        merge(opened.desk, options.one, options.other, reason=options.reason)
        found = history(opened.desk, options.one)
    say({"numbers": list(found.numbers), "names": list(found.names)})
    return YES
