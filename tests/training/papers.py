"""Valid records that the other side answers: order, certificate, referral, transfer, reaction, issue. Nobody here exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.patient import PersonBlock
from tests.samples import NOW, STAFF, bag_values, request_values

Values = dict[str, Any]

_PERSON = tuple(PersonBlock.__dataclass_fields__)
_IDENTITY = ("donation_number", "product_code", "component", "abo", "rhd")
_LABEL = (*_IDENTITY, "amount", "collected_at", "expires_at", "entry", "check_character")


def _person(seed: int) -> Values:
    request = request_values(seed)
    return {key: request[key] for key in _PERSON if key in request}


def order_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return an order of two lines: red cells 4 U and plasma 400 ml."""
    group = {"abo": "A", "rhd": "positive"}
    values: Values = {
        "order_no": f"YDS{seed:08d}",
        "order_type": "routine",
        "ordered_at": now - timedelta(minutes=5),
        "planned_at": now + timedelta(hours=6),
        "supplier": "shanghai_blood_center",
        "delivery_mode": "delivered",
        "orderer": STAFF[0],
        "phone": "021-00000000",
        "order_lines": (
            {"component": "RBC-SLR", **group, "amount": Decimal(4)},
            {"component": "FFP", **group, "amount": Decimal(400)},
        ),
    }
    return values | changes


def review_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return an application of somebody who cannot donate and has no work."""
    values: Values = {
        **_person(seed),
        "review_no": f"SZS{seed:08d}",
        "applied_at": now - timedelta(minutes=5),
        "case": "ineligible",
        "notice_no": f"TZ{seed:08d}",
        "notice_doctor": STAFF[1],
        "notice_on": china_day(now),
        "phone": "13000000000",
        "employment": "unemployed",
        "district": "训练区",
        "agreed": True,
        "components": ({"component": "RBC-SLR", "amount": Decimal(2)},),
        "evidence": tuple({"evidence_kind": kind, "pages": Decimal(1)} for kind in ("identity", "notice", "employment")),
    }
    return values | changes


def referral_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a referral for two tests."""
    values: Values = {
        **_person(seed),
        "request_no": f"MYS{seed:08d}",
        "requested_at": now - timedelta(hours=1),
        "test_urgency": "routine",
        "tests": ("antibody_screen", "antibody_id"),
        "referral_reason": "screen_positive",
        "transfusion_history": "no",
        "drugs": ("none",),
        "forward_group": "O",
        "reverse_group": "O",
        "own_rhd": "positive",
        "own_antibody_screen": "positive",
        "contact": STAFF[2],
        "phone": "021-00000000",
        "sent_by": STAFF[2],
        "sent_at": now - timedelta(minutes=30),
        "specimens": (
            {
                "specimen_type": "edta",
                "barcode": f"BB{seed:08d}",
                "tubes": Decimal(1),
                "drawn_at": now - timedelta(hours=2),
                "drawn_by": STAFF[3],
            },
        ),
    }
    return values | changes


def transfer_values(bag: Mapping[str, Any], seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a removal of one bag to another hospital."""
    values: Values = {
        "out_no": f"QCS{seed:08d}",
        "out_type": "transfer",
        "out_at": now,
        "to_hospital": "training_hospital",
        "reason": "expired",
        "applicant": STAFF[0],
        "approver": STAFF[1],
        "bags": ({key: bag[key] for key in _LABEL},),
    }
    return values | changes


def issue_values(bag: Mapping[str, Any], seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return an issue of one crossmatched bag."""
    values: Values = {
        **_person(seed),
        "issue_no": f"FXS{seed:08d}",
        "issued_at": now,
        "request_no": f"SQS{seed:08d}",
        "pickup_type": "ordered",
        "purpose": "anaemia",
        "urgency": "routine",
        "surgery": False,
        "issuer": STAFF[0],
        "checker": STAFF[1],
        "collector": STAFF[2],
        "physician": STAFF[3],
        "bags": (
            {
                **{key: bag[key] for key in _LABEL},
                "crossmatch_result": "compatible",
                "crossmatch_method": "gel",
                "major_side": "negative",
                "crossmatched_by": STAFF[0],
            },
        ),
    }
    return values | changes


def reaction_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a report of a mild reaction to one bag that never was in this stock."""
    bag = bag_values(9_000_000 + seed)
    values: Values = {
        **_person(seed),
        "report_no": f"FYS{seed:08d}",
        "reported_at": now,
        "reporter": STAFF[0],
        "transfusion_history": "no",
        "antibody_screen": "negative",
        "onset_at": now - timedelta(minutes=30),
        "temperature_before": Decimal("36.5"),
        "temperature": Decimal("38.2"),
        "systolic": Decimal(120),
        "diastolic": Decimal(80),
        "pulse": Decimal(90),
        "respiration": Decimal(20),
        "symptoms": ("fever",),
        "reaction_type": "febrile",
        "severity": "non_severe",
        "imputability": "probable",
        "treatment": ("stopped",),
        "outcome": "recovered",
        "bags": ({**{key: bag[key] for key in _IDENTITY}, "started_at": now - timedelta(hours=1)},),
    }
    return values | changes
