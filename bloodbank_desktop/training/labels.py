"""What a scanner reads on a bag: the four codes of its label (ICCBBA ST-001, data structures 001, 002, 003 and 005)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.codes.reference import table as reference


@cache
def _groups() -> dict[tuple[str, str], str]:
    rows = reference("isbt128", "blood_groups.json")["groups"]
    return {(row["abo"], row["rhd"]): row["gg"][0] for row in rows if row["variant"] is None}


def scans(bag: Mapping[str, Any], flag: str | None = None) -> list[str]:
    """Return donation number, group, product and expiry of a bag's stored values; without `flag` the checksum's."""
    number, expires = bag["donation_number"], bag["expires_at"].astimezone(CHINA)
    return [
        f"={number}{check_characters.flag(number) if flag is None else flag}",
        f"=%{_groups()[bag['abo'], bag['rhd']]}00",
        f"=<{bag['product_code']}",
        f"&>0{expires:%y%j%H%M}",
    ]
