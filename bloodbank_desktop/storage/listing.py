"""What a list is asked and what it answers; plain values, so that a window can be built without the storage rooms."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from bloodbank_desktop.frozen import dataclass


@dataclass(frozen=True)
class ListQuery:
    """What a list shows: `filters` maps a choice field to the keys allowed, "upload" to outbox states."""

    kind: str
    search: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str | None = None
    descending: bool = True


@dataclass(frozen=True)
class Listing:
    """An opened list: its length, and the row numbers where it is not the whole table."""

    query: ListQuery
    total: int
    chosen: array[int] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ListRow:
    """One row of a list: values of the list columns, upload state, number of lines per lines field, platform's state.

    `said` is the key of the state that the platform's answer states, "" while it has said none.
    """

    record_id: str
    revision: int
    values: Mapping[str, Any]
    upload: str
    lines: Mapping[str, int]
    said: str = ""
