"""The rows of what a site changed in code tables, read without the other storage rooms: the first look needs them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bloodbank_desktop.records.overlay import Act, Change, Overlay

ALL = "SELECT seq, table_name, key, act, body, reverts FROM table_changes ORDER BY seq"


def change_of(seq: int, table: str, key: str, act: str, body: str, reverts: int | None) -> Change:
    """Return the change that a row says."""
    said: Mapping[str, Any] = json.loads(body)
    return Change(seq, table, key, Act(act), said.get("word"), said.get("place"), said.get("facets", {}), reverts)


def overlay(rows: Iterable[Any]) -> Overlay:
    """Return the overlay of the rows that `ALL` gives."""
    return Overlay(change_of(*row) for row in rows)
