"""A near miss is begun from what a rule or a scan stopped: a draft with everything that is known, one key away.

It saves nothing by itself; whoever has time later says how it came about. The danger is a report that nobody begins
because the bag on the counter cannot wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from bloodbank_desktop.operations import alerts
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.storage.draft_rows import Draft

NEAR_MISS = "near_miss"


@dataclass(frozen=True)
class Told:
    """What was said when something was stopped; `stage` is the moment, `rule` its id, `bag` as a person reads it."""

    stage: str
    rule: str
    message: str
    bag: str = ""
    at: datetime | None = None
    alert_no: int | None = None


def begin(desk: Desk, told: Told) -> Draft:
    """Keep the draft of a near miss and return it; durable when it returns. Raises KnownProblem."""
    values = dict(desk.fresh(NEAR_MISS))
    if told.stage in table("near_miss_stage"):
        values["stage"] = told.stage
    values |= {key: text for key in ("rule", "message", "bag") if (text := getattr(told, key))}
    if told.at is not None:
        values["found_at"] = told.at.replace(second=0, microsecond=0)
    if told.alert_no is not None:
        values["alert_no"] = Decimal(told.alert_no)
    draft_id = new_id()
    desk.drafts.keep(NEAR_MISS, draft_id, {key: value for key, value in values.items() if value is not None})
    draft = desk.drafts.find(draft_id)
    assert draft is not None
    return draft


def begin_from(desk: Desk, seq: int) -> Draft:
    """Keep the draft of a near miss from an alert of the list. Raises KnownProblem."""
    one = alerts.find(desk, seq)
    return begin(desk, Told(one.moment, one.rule, one.message, one.bag, one.at, one.seq))
