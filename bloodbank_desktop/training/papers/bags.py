"""Bags with true labels: number, product, group and dates fit each other, and the evidence fits the way of entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.training import labels
from bloodbank_desktop.training.papers.people import GROUPS, NOW, Values

Bag = Mapping[str, Any]

PRODUCTS = ("E6170V00", "E5445V00", "E0869V00")
"""Suspended red cells 2 U, leukoreduced red cells 2 U, fresh frozen plasma 200 ml."""

DELIVERY = 1000
"""How far apart the first bags of two deliveries are; the first three of each have the group of the patient of its seed."""

IDENTITY = ("donation_number", "product_code", "split", "component", "abo", "rhd")
LABEL = (
    *IDENTITY,
    "amount",
    "collected_at",
    "expires_at",
    "label_message",
    "entry",
    "scans",
    "check_character",
    "second_entry",
)
"""What says which bag it is, and all that a label says and how it was read."""


def donation_number(index: int) -> str:
    """Return the donation number of that index, 13 characters; 0 ≤ index < 100,000,000."""
    facility, sequence = divmod(index, 1_000_000)
    if not 0 <= facility < 100:
        raise ValueError("the papers have a hundred million donation numbers")
    return f"A{9999 - facility:04d}26{sequence:06d}"


def bag_values(
    index: int,
    *,
    entry: str = "check_character",
    now: datetime = NOW,
    product: str | None = None,
    group: tuple[str, str] | None = None,
    **changes: Any,
) -> Values:
    """Return one bag of a delivery; `entry` "check_character", "scanned" (one raw scan per line) or "typed_twice".

    `product` (8 characters) and `group` are those of the index unless stated.
    """
    donation = donation_number(index)
    product = product or PRODUCTS[index % len(PRODUCTS)]
    delivery, place = divmod(index, DELIVERY)
    abo, rhd = group or GROUPS[(delivery + place // len(PRODUCTS)) % len(GROUPS)][:2]
    known = table("product").entries[product[:5]]
    # A label states the last minute of a day in China; one day less than the longest time the standard allows.
    keeps = timedelta(hours=table("component").facet(known["component"], "shelf_life_hours")) - timedelta(days=1)
    collected = now - timedelta(days=2 + index % 5)
    expires = changes.get("expires_at") or datetime.combine(china_day(collected + keeps), time(23, 59), CHINA)
    if not keeps * 0 < expires - collected <= keeps + timedelta(days=1):
        # Near its end a bag is old, not of a kind that keeps shorter.
        collected = expires - keeps
    bag: Values = {
        "donation_number": donation,
        "product_code": product,
        "component": known["component"],
        "abo": abo,
        "rhd": rhd,
        "amount": Decimal(known["amount"]),
        "collected_at": collected,
        "expires_at": expires.astimezone(UTC),
        "location": f"{index % 4 + 1}号冰箱",
    }
    bag = entered(bag, entry)
    bag.update(changes)
    return regrouped(bag)


def regrouped(bag: Bag) -> Values:
    """Return a bag whose group was found again where its component asks for it; a re-check that is stated stays."""
    made = dict(bag)
    if table("component").facet(bag["component"], "regroup"):
        made.setdefault("regroup_abo", bag["abo"])
        made.setdefault("regroup_rhd", bag["rhd"])
    return made


def entered(bag: Bag, entry: str) -> Values:
    """Return a bag with the evidence of that way of entering it, and of no other."""
    made = {key: value for key, value in bag.items() if key not in ("scans", "check_character", "second_entry")}
    made["entry"] = entry
    donation = bag["donation_number"]
    if entry == "scanned":
        made["scans"] = "\n".join(labels.scans(bag, "00"))
    elif entry == "check_character":
        made["check_character"] = check_characters.character(donation)
    elif entry == "typed_twice":
        made["second_entry"] = donation
    return made


def some(bags: Sequence[Bag] | None, n_bags: int, seed: int, now: datetime) -> Sequence[Bag]:
    """Return the bags that are given, or the first of the delivery of that seed."""
    return [bag_values(seed * DELIVERY + index, now=now) for index in range(n_bags)] if bags is None else bags


def pick(bag: Bag, keys: Sequence[str]) -> Values:
    """Return what a bag says of these keys."""
    return {key: bag[key] for key in keys if key in bag}
