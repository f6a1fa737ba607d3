"""The scans of made-up bags: each label code by itself, as a scanner sends it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.training import labels
from tests.samples import bag_values


def expiry_code(moment: datetime) -> str:
    """Return data structure 005 of a moment."""
    return f"&>0{moment.astimezone(CHINA):%y%j%H%M}"


def label_scans(index: int, **changes: Any) -> list[str]:
    """Return the four codes on the label of one bag: donation, group, product, expiry."""
    return labels.scans(bag_values(index, entry="scanned", **changes), "00")


def expected_bag(index: int, **changes: Any) -> dict[str, Any]:
    """Return the facts that the labels of a bag state."""
    bag = bag_values(index, entry="scanned", **changes)
    keys = ("donation_number", "product_code", "component", "abo", "rhd", "amount", "expires_at", "entry")
    return {key: bag[key] for key in keys}
