"""The last self-check that this file knows of, and whether a person opened issuing again after it failed.

One fact of the file; who ran it, what failed and why issuing was opened again stand in the audit as well.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection

from bloodbank_desktop.clock import china_text, from_utc_text
from bloodbank_desktop.storage import facts

_KEY = "selfcheck"


@dataclass(frozen=True)
class Outcome:
    """A self-check: when (UTC text), by whom, of which program, whether it passed, and which rules failed.

    `reopened_at`, `reopened_by` and `reason` are filled when a person opened issuing although it had failed.
    """

    at: str
    by: str
    program: str
    passed: bool
    failed: tuple[str, ...] = ()
    reopened_at: str = ""
    reopened_by: str = ""
    reason: str = ""

    @property
    def closes(self) -> bool:
        """Whether nothing may be issued because of it."""
        return not self.passed and not self.reopened_at


def latest(tx: Connection) -> Outcome | None:
    """Return the last self-check, None where none was ever run."""
    said = facts.get(tx, _KEY)
    if said is None:
        return None
    whole: dict[str, Any] = json.loads(said)
    return Outcome(**{**whole, "failed": tuple(whole["failed"])})


def closed(tx: Connection) -> str:
    """Return why nothing may be issued, as the end of a sentence; "" when the self-check does not speak against it."""
    outcome = latest(tx)
    if outcome is None or not outcome.closes:
        return ""
    return f"{china_text(from_utc_text(outcome.at))} 的自检有 {len(outcome.failed)} 项未通过（{'、'.join(outcome.failed[:3])}）"


def put(tx: Connection, outcome: Outcome) -> None:
    """Note a self-check in place of the one before; whatever a person said of that one is past."""
    facts.put(tx, _KEY, json.dumps(asdict(outcome), ensure_ascii=False))


def reopen(tx: Connection, *, at: str, by: str, reason: str) -> bool:
    """Note that issuing is open in spite of the last self-check; return whether that one had closed it."""
    outcome = latest(tx)
    if outcome is None or not outcome.closes:
        return False
    put(tx, replace(outcome, reopened_at=at, reopened_by=by, reason=reason))
    return True
