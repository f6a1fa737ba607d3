"""The made-up papers of a hospital: stored values that pass every rule, for the tour, for training and for tests.

All papers of one seed tell one story: the patient of a seed has the group of the bags of the delivery of that seed, her
request names the sample that her bags were crossmatched with, nobody reviews what he did himself. The danger is a paper
that no blood bank would accept: whoever learns or tests with it learns the wrong thing. Nobody here exists: the resident
IDs bear an area code that was never assigned, the donation numbers a facility of the ISBT 128 examples; check characters
are computed. Same arguments, same values; different seeds share no bag, number or person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bloodbank_desktop.training.papers.bags import (
    IDENTITY,
    LABEL,
    PRODUCTS,
    Bag,
    bag_values,
    donation_number,
    entered,
    regrouped,
)
from bloodbank_desktop.training.papers.care import (
    approval_values,
    autologous_values,
    crossmatch_values,
    emergency_values,
    issue_values,
    near_miss_values,
    reaction_values,
    referral_values,
    request_for,
    request_values,
    sample_values,
)
from bloodbank_desktop.training.papers.people import (
    CLINIC,
    GIVEN,
    GROUPS,
    NOW,
    STAFF,
    SURNAMES,
    Values,
    group_of,
    patient_of,
    person_values,
)
from bloodbank_desktop.training.papers.supply import (
    delivery_of,
    dispatch_note_values,
    order_values,
    plan_values,
    recall_values,
    removal_values,
    reversal_values,
    review_values,
    stock_in_values,
    transfer_values,
)

__all__ = [
    "CLINIC",
    "GIVEN",
    "GROUPS",
    "IDENTITY",
    "LABEL",
    "NOW",
    "PRODUCTS",
    "STAFF",
    "SURNAMES",
    "Bag",
    "Values",
    "approval_values",
    "autologous_values",
    "bag_values",
    "crossmatch_values",
    "delivery_of",
    "dispatch_note_values",
    "donation_number",
    "emergency_values",
    "entered",
    "group_of",
    "issue_values",
    "near_miss_values",
    "order_values",
    "patient_of",
    "person_values",
    "plan_values",
    "reaction_values",
    "recall_values",
    "referral_values",
    "regrouped",
    "removal_values",
    "request_for",
    "request_values",
    "reversal_values",
    "review_values",
    "sample_values",
    "stock_in_values",
    "transfer_values",
    "values",
]

_VALUES: dict[str, Callable[..., Values]] = {
    "blood_order": order_values,
    "entitlement_review": review_values,
    "dispatch_note": lambda seed, **more: dispatch_note_values(2, seed, **more),
    "stock_in": lambda seed, **more: stock_in_values(2, seed, **more),
    "transfusion_request": request_values,
    "clinical_issue": lambda seed, **more: issue_values(2, seed, **more),
    "other_stock_out": lambda seed, **more: removal_values(2, seed, **more),
    "donor_plan": plan_values,
    "adverse_reaction": lambda seed, **more: reaction_values(2, seed, **more),
    "autologous_transfusion": autologous_values,
    "immunohaematology_request": referral_values,
    "recall_notice": lambda seed, **more: recall_values(2, seed, **more),
    "near_miss": near_miss_values,
}


def values(kind: str, seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a valid record of a module; those with bags name the bags of `stock_in_values(2, seed)`.

    Raises KeyError for a module that has no paper.
    """
    return _VALUES[kind](seed, now=now, **changes)
