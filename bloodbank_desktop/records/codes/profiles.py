"""A bag-code profile says, as data, how a supplier's labels depart from ISBT 128; without one the standard rules alone.

The danger is tolerance that nobody chose: every departure a profile allows is still reported with the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.codes.errors import CodeError

DEFAULT = "cn-tolerant"


@dataclass(frozen=True, slots=True)
class SitePattern:
    """A supplier's own layout: a regular expression over the whole text whose named groups become the fields.

    `kind` is the field it belongs to, one of `scan.EXPECTED`; `number`, `name` and `label` describe the structure.
    """

    kind: str
    number: str
    name: str
    label: str
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Profile:
    """How the labels of one kind of supplier are read.

    `leading_zero_facility`: donation numbers may begin with 0. `local_product_classes`: first letters of product codes
    the supplier made up. `short_product_codes`: 5 characters. `calendar_dates`: YYYYMMDD and YYYYMMDDhhmm.
    `lost_zero`: suggest, never take, 0600 for 600. `bare`: kinds recognised without identifier and without a field
    that expects them ("donation", "moment" = 12 digits). `codabar`: the ABC layout of older labels.
    """

    name: str
    label: str
    leading_zero_facility: bool = False
    local_product_classes: str = ""
    short_product_codes: bool = False
    calendar_dates: bool = False
    lost_zero: bool = False
    bare: tuple[str, ...] = ()
    codabar: bool = False
    patterns: tuple[SitePattern, ...] = ()


def load(path: Path) -> Mapping[str, Profile]:
    """Return the profiles of a JSON file by name.

    Raises OSError, json.JSONDecodeError, and KeyError, TypeError or re.error for data of another shape.
    """
    data = json.loads(path.read_text(encoding="utf-8"))
    return {row["name"]: _profile(row) for row in data["profiles"]}


@cache
def built_in() -> Mapping[str, Profile]:
    """Return the profiles brought along with the program: "isbt128", "cn-tolerant" and "codabar-abc".

    >>> sorted(built_in())
    ['cn-tolerant', 'codabar-abc', 'isbt128']
    """
    return load(resource("tables", "bag_profiles.json"))


def named(name: str) -> Profile:
    """Return a built-in profile; raises `CodeError` "unknown-profile"."""
    profile = built_in().get(name)
    if profile is None:
        raise CodeError("unknown-profile", f"没有名为“{name}”的血袋码配置。请在设置中重新选择。")
    return profile


def _profile(row: Mapping[str, Any]) -> Profile:
    values = dict(row)
    values["bare"] = tuple(row.get("bare", ()))
    values["patterns"] = tuple(
        SitePattern(**{**pattern, "regex": re.compile(pattern["regex"], re.ASCII)})
        for pattern in row.get("patterns", ())
    )
    return Profile(**values)
