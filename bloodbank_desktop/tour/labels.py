"""What the tour scans and types: made-up labels, five of them wrong, and the request of a patient who does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Field
from bloodbank_desktop.training import labels, papers

BAGS = 12


def label(place: int, now: datetime) -> list[str]:
    """Return the four codes on the label of a made-up bag: donation number, group, product, expiry."""
    product = ("P0056V00", "P0065V00", "P0147V00", "A0321V00")[place % 4]
    # Platelets keep for days, everything else here for weeks.
    days = 2 if product.startswith("A0321") else 20 + place
    expires = (now + timedelta(days=days)).astimezone(CHINA).replace(hour=23, minute=59)
    bag = papers.bag_values(4000 + place, now=now, product=product, group=papers.group_of(place), expires_at=expires)
    return labels.scans(bag)


def faulty_labels(now: datetime) -> list[tuple[str, str, str]]:
    """Return five scans that must change nothing: what is wrong, the same in Chinese, the code."""
    good, _, product, _ = label(0, now)
    past = (now - timedelta(days=1)).astimezone(CHINA)
    return [
        ("damaged check character", "校验不符", good[:12] + ("1" if good[12] != "1" else "2") + good[13:]),
        ("wrong kind of label", "不是血袋的码", "=)12345ABCDE"),
        ("unknown product", "未知产品", "=<E9999V00"),
        ("expired", "已过期", f"&>0{past:%y%j}2359"),
        # Both codes in one scan, as a scanner that reads two labels at once sends them: all or nothing.
        ("duplicate in this delivery", "本单重复", good + product),
    ]


def request(now: datetime) -> tuple[dict[str, str], list[dict[str, str]], list[dict[str, str]]]:
    """Return what a person types into a request, by field key: its head, its components and its approvals."""
    declared = all_records()["transfusion_request"]
    values = papers.request_values(42, now=now)
    lines = {f.key: [_typed(of.plain, one) for one in values[f.key]] for f, of in declared.groups}
    return _typed(declared.plain, values), lines["components"], lines["approvals"]


def _typed(fields: Iterable[Field], values: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of what the program does not fill by itself."""
    stated = [f for f in fields if values.get(f.key) is not None and f.serial is None and f.fresh is None]
    return {f.key: f.kind.format(values[f.key]) for f in stated}
