"""What operations return: plain facts for a screen or a command line, no rows and no widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.catalogue import Finding
from bloodbank_desktop.storage.history import Revision


@dataclass(frozen=True)
class Saved:
    """A record is on the disk; `dseq` is its number in the upload queue, None when nothing has to travel.

    `told` are the warnings and notes that rules gave while it was saved.
    """

    kind: str
    record_id: str
    name: str
    revision: int
    dseq: int | None
    at: datetime
    told: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Shown:
    """A record with everything that is known about it."""

    kind: str
    record_id: str
    values: Mapping[str, Any]
    revision: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    deleted_at: datetime | None
    upload: str
    refusals: tuple[Problem, ...]
    answer: Mapping[str, Any]
    history: tuple[Revision, ...]


@dataclass(frozen=True)
class Waiting:
    """What waits for somebody: exceptions of earlier days to be signed, open duties, and those of them overdue."""

    exceptions: int
    duties: int
    overdue: int


@dataclass(frozen=True)
class Changes:
    """Which records changed, for views to decide whether to read again; `queue` = the upload queue changed."""

    kinds: frozenset[str] = field(default_factory=frozenset)
    record_ids: frozenset[str] = field(default_factory=frozenset)
    queue: bool = True
