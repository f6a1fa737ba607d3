"""Switching what the law leaves to the hospital: by the right person, for a reason, in the audit, and never by deleting.

What can be switched, between which values and why there is room stands in the table `site_switch`; nothing else can.
"""

from __future__ import annotations

from dataclasses import dataclass

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.rules.switches import SWITCHES
from bloodbank_desktop.storage import site_rows
from bloodbank_desktop.storage.site_rows import Switched

PERMISSION = "administer-switches"
#: Shorter words explain nothing; blanks do not count.
LEAST_REASON = 6


@dataclass(frozen=True)
class SwitchState:
    """A switch as it stands here; `history` are the decisions about it, oldest first."""

    key: str
    word: str
    value: str
    default: str
    values: dict[str, str]
    room: str
    history: tuple[Switched, ...]

    @property
    def differs(self) -> bool:
        """Whether this hospital decided otherwise than the program comes."""
        return self.value != self.default


def states(desk: Desk) -> list[SwitchState]:
    """Return every switch as it stands, in the order of the table. Raises KnownProblem when nobody has signed in."""
    with desk.store.read() as tx:
        decided = site_rows.history(tx)
    found = []
    for key in SWITCHES:
        mine = tuple(one for one in decided if one.key == key)
        values, default = SWITCHES.facet(key, "values"), SWITCHES.facet(key, "default")
        value = mine[-1].value if mine and mine[-1].value in values else default
        found.append(SwitchState(key, SWITCHES.word(key), value, default, values, SWITCHES.facet(key, "room"), mine))
    return found


def switch(desk: Desk, key: str, value: str, *, reason: str) -> SwitchState:
    """Put a switch to a value, with a reason. Raises KnownProblem."""
    desk.need(PERMISSION)
    if key not in SWITCHES:
        known = "、".join(f"{one}（{SWITCHES.word(one)}）" for one in SWITCHES)
        raise KnownProblem(f"没有“{key}”这个开关；可用：{known}", code="no-such-switch")
    values = SWITCHES.facet(key, "values")
    if value not in values:
        known = "、".join(f"{one}（{word}）" for one, word in values.items())
        raise KnownProblem(f"“{SWITCHES.word(key)}”不能设为“{value}”；可用：{known}", code="no-such-value")
    if len("".join(reason.split())) < LEAST_REASON:
        raise KnownProblem(f"请写明更改的理由，至少 {LEAST_REASON} 个字", code="reason-required")
    now = desk.clock.now()
    with desk.store.write() as tx:
        before = site_rows.switches(tx).get(key, SWITCHES.facet(key, "default"))
        if before == value:
            raise KnownProblem(f"“{SWITCHES.word(key)}”已经是“{values[value]}”，没有更改", code="nothing-to-change")
        site_rows.switch(tx, Switched(key, value, reason.strip(), now, desk.operator))
        desk.note(tx, "switch", "site", key, {"from": before, "to": value, "reason": reason.strip()})
    return next(one for one in states(desk) if one.key == key)
