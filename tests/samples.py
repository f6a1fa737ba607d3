"""The made-up papers of `bloodbank_desktop.training.papers` as the tests call them, and what checks them from outside.

The check characters here are computed independently of the program, so that a wrong computation over there is found
and not repeated.
"""

from __future__ import annotations

from datetime import date

from bloodbank_desktop.training.papers import (
    CLINIC,
    GROUPS,
    LABEL,
    NOW,
    PRODUCTS,
    STAFF,
    approval_values,
    autologous_values,
    bag_values,
    crossmatch_values,
    delivery_of,
    dispatch_note_values,
    donation_number,
    emergency_values,
    entered,
    group_of,
    issue_values,
    order_values,
    patient_of,
    person_values,
    plan_values,
    reaction_values,
    recall_values,
    referral_values,
    regrouped,
    removal_values,
    request_for,
    request_values,
    reversal_values,
    review_values,
    sample_values,
    stock_in_values,
    transfer_values,
    values,
)

__all__ = [
    "CLINIC",
    "GROUPS",
    "LABEL",
    "NOW",
    "PRODUCTS",
    "STAFF",
    "approval_values",
    "autologous_values",
    "bag_values",
    "check_character",
    "crossmatch_values",
    "delivery_of",
    "dispatch_note_values",
    "donation_number",
    "emergency_values",
    "entered",
    "group_of",
    "issue_values",
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
    "resident_id",
    "reversal_values",
    "review_values",
    "sample_values",
    "stock_in_values",
    "transfer_values",
    "values",
]

_MOD_37_2 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def check_character(donation: str) -> str:
    """Return the ISO/IEC 7064 MOD 37-2 keyboard check character of a donation number (ICCBBA ST-001, appendix A)."""
    total = sum(_MOD_37_2.index(c) << place for place, c in enumerate(reversed(donation), start=1))
    return _MOD_37_2[(38 - total % 37) % 37]


def resident_id(born: date, sequence: int) -> str:
    """Return a resident ID of nobody with its check digit (GB 11643); odd `sequence` (0–999) male, even female."""
    digits = f"310199{born:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _RESIDENT_WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]
