"""Fill a new training profile with years of all modules, linked to each other: `python -m tests.generate --mix`.

Its unit is an order of the blood centre with its note and its delivery of six bags, five requests, four issues, and what
becomes of the rest; every fifth unit has a reaction, every fiftieth a recall. Some bags of the last years are in stock.
Patients come back. As in tests/generate.py, whose rows these are, nobody exists and `storage.verify` finds nothing wrong.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bloodbank_desktop.records.declare import Values
from tests import samples
from tests.generate import YEARS, Maker, filling, person

BAGS, REQUESTS, ISSUES = 6, 5, 4
#: Of how many units one has …
_REACTION, _REFERRAL, _AUTOLOGOUS, _REVIEW, _PLAN, _RECALL, _NEAR_MISS = 5, 3, 5, 10, 10, 50, 10
#: The last share of all units whose last bag, a plasma, is still here.
_STILL_HERE = 0.85
#: So long after the delivery the last of a unit happens.
_STORY = timedelta(days=3)
_FEWEST = 15


def _when(unit: int, units: int, now: datetime) -> datetime:
    return (now - _STORY - YEARS * ((units - unit) / (units + 1))).replace(second=0, microsecond=0)


def _bags(units: int, unit: int, at: datetime, first: int = 0, last: int = BAGS) -> list[dict[str, Any]]:
    """Return the bags of a unit; each that is issued has the group of the patient who gets it."""
    return [
        samples.bag_values(unit * BAGS + place, now=at, group=samples.group_of(_number(unit * REQUESTS + place, units)))
        for place in range(first, last)
    ]


def _number(request: int, units: int) -> int:
    """Return the number of the patient of a request; each has about two and a half requests."""
    return request % (2 * units)


def _patient(request: int, units: int) -> dict[str, Any]:
    number = _number(request, units)
    return {**samples.person_values(number), "patient_name": person(number)}


def _order(units: int, unit: int, count: int, now: datetime) -> tuple[Values, datetime]:
    at = _when(unit, units, now) - timedelta(days=1)
    return samples.order_values(unit, now=at), at


def _note(units: int, unit: int, count: int, now: datetime) -> tuple[Values, datetime]:
    at = _when(unit, units, now)
    return samples.dispatch_note_values(seed=unit, bags=_bags(units, unit, at), now=at), at


def _delivery(units: int, unit: int, count: int, now: datetime) -> tuple[Values, datetime]:
    at = _when(unit, units, now)
    return samples.delivery_of(_bags(units, unit, at), unit, now=at), at


def _request(units: int, index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    at = _when(min(index // REQUESTS, units - 1), units, now) + timedelta(hours=20)
    return samples.request_values(index, now=at, **_patient(index, units)), at


def _issue(units: int, index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    unit, place = divmod(index, ISSUES)
    delivered = _when(unit, units, now)
    at = delivered + timedelta(days=1)
    request = unit * REQUESTS + place
    bags = _bags(units, unit, delivered, place, place + 1)
    more = {**_patient(request, units), "request_no": f"SQS{request:08d}"}
    values = samples.issue_values(seed=index, bags=bags, now=at, **more)
    if place == 0:
        values["bags"] = tuple({**one, "started_at": at + timedelta(minutes=10)} for one in values["bags"])
    return values, at


def _removal(units: int, unit: int, count: int, now: datetime) -> tuple[Values, datetime]:
    delivered = _when(unit, units, now)
    last = BAGS - 1 if unit >= units * _STILL_HERE else BAGS
    at = delivered + timedelta(days=2)
    return samples.removal_values(seed=unit, bags=_bags(units, unit, delivered, ISSUES, last), now=at), at


def _reaction(units: int, index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    unit = index * _REACTION
    delivered = _when(unit, units, now)
    at = delivered + timedelta(days=1, hours=4)
    more = {**_patient(unit * REQUESTS, units), "issue_no": f"FXS{unit * ISSUES:08d}"}
    return samples.reaction_values(seed=index, bags=_bags(units, unit, delivered, 0, 1), now=at, **more), at


def _recall(units: int, index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    unit = index * _RECALL
    delivered = _when(unit, units, now)
    at = delivered + timedelta(days=2)
    return samples.recall_values(seed=index, bags=_bags(units, unit, delivered, 1, 2), now=at), at


def _beside(every: int, kind: str, units: int, index: int, count: int, now: datetime) -> tuple[Values, datetime]:
    """Return a record of a patient beside the stream, or a plan that her request was given."""
    unit = index * every
    at = _when(unit, units, now)
    if kind == "donor_plan":
        more: dict[str, Any] = {"link_no": f"SQS{unit * REQUESTS:08d}", "activated_at": at, "activated_by": "训练甲"}
    elif kind == "near_miss":
        more = {}
    else:
        more = _patient(unit * REQUESTS, units)
    return samples.values(kind, index, now=at, **more), at


def plan(records: int) -> list[tuple[str, int, Maker, bool]]:
    """Return module, number of records, their maker and whether they come from the platform; the numbers sum up.

    Raises ValueError for fewer records than one unit has.
    """
    if records < _FEWEST:
        raise ValueError(f"at least {_FEWEST} records belong together")
    units = records // _FEWEST

    def some(kind: str, every: int, *, arrived: bool = False) -> tuple[str, int, Maker, bool]:
        return kind, -(-units // every), partial(_beside, every, kind, units), arrived

    found: list[tuple[str, int, Maker, bool]] = [
        ("blood_order", units, partial(_order, units), False),
        ("dispatch_note", units, partial(_note, units), True),
        ("stock_in", units, partial(_delivery, units), False),
        ("clinical_issue", units * ISSUES, partial(_issue, units), False),
        ("other_stock_out", units, partial(_removal, units), False),
        ("adverse_reaction", -(-units // _REACTION), partial(_reaction, units), False),
        ("recall_notice", -(-units // _RECALL), partial(_recall, units), True),
        some("immunohaematology_request", _REFERRAL),
        some("autologous_transfusion", _AUTOLOGOUS),
        some("entitlement_review", _REVIEW),
        some("donor_plan", _PLAN, arrived=True),
        some("near_miss", _NEAR_MISS),
    ]
    # Whoever asks for a million gets a million: what is left are requests that nothing was issued for yet.
    requests = records - sum(count for _, count, _, _ in found)
    return [("transfusion_request", requests, partial(_request, units), False), *found]


def generate(folder: Path, records: int, *, now: datetime | None = None) -> None:
    """Make a new training profile with that many records in all. Raises FileExistsError if the folder holds something."""
    with filling(folder, now) as filler:
        for kind, count, make, arrived in plan(records):
            filler.fill(kind, count, make=make, arrived=arrived)
