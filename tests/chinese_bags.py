"""Bags with the codes of Chinese labels: a donation number that begins with 0, product classes P, D and Z, five characters.

The shapes are those seen on real labels and in the software of hospitals here (2016–2023); every number is made up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.records.tables import table
from tests import samples

PRODUCTS = ("P0056V00", "P0065V00", "P0147VA0", "P0173V00", "D6686000", "Z4382")
"""Product codes beyond ISBT 128 that the product table of the training profile knows."""


def donation_number(index: int) -> str:
    """Return the Chinese donation number of that index, 13 characters beginning with 0; 0 ≤ index < 100,000,000."""
    facility, sequence = divmod(index, 1_000_000)
    if not 0 <= facility < 100:
        raise ValueError("there are a hundred million of these numbers")
    return f"00{facility:03d}26{sequence:06d}"


def label_scans(index: int, *, now: datetime = samples.NOW) -> list[str]:
    """Return what a scanner sends from the four codes of one bag: number and expiry come without identifier."""
    gg = samples.GROUPS[index % len(samples.GROUPS)][2]
    expires = _expires(now).astimezone(CHINA)
    return [donation_number(index), f"=%{gg}00", f"=<{PRODUCTS[index % len(PRODUCTS)]}", f"{expires:%Y%m%d%H%M}"]


def bag_values(index: int, *, entry: str = "scanned", now: datetime = samples.NOW, **changes: Any) -> dict[str, Any]:
    """Return the stored values of one bag; `entry` as for `samples.bag_values`."""
    product = PRODUCTS[index % len(PRODUCTS)]
    abo, rhd, _ = samples.GROUPS[index % len(samples.GROUPS)]
    known = table("product").entries[product[:5]]
    donation = donation_number(index)
    bag: dict[str, Any] = {
        "donation_number": donation,
        "product_code": product,
        "component": known["component"],
        "abo": abo,
        "rhd": rhd,
        "amount": Decimal(known["amount"]),
        "expires_at": _expires(now),
        "entry": entry,
    }
    if entry == "scanned":
        bag["scans"] = "\n".join(label_scans(index, now=now))
    elif entry == "check_character":
        bag["check_character"] = samples.check_character(donation)
    elif entry == "typed_twice":
        bag["second_entry"] = donation
    bag.update(changes)
    return samples.regrouped(bag)


def _expires(now: datetime) -> datetime:
    return (now + timedelta(hours=20)).astimezone(UTC)
