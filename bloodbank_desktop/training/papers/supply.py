"""Papers between hospital, blood centre and 献血办: order, note, delivery, reversal, removal, recall, certificate, plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.training.papers.bags import DELIVERY, IDENTITY, LABEL, Bag, bag_values, pick, regrouped, some
from bloodbank_desktop.training.papers.people import (
    CLINIC,
    NOW,
    STAFF,
    SURNAMES,
    Values,
    group_of,
    person_values,
)


def order_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return an order of red cells and plasma that are wanted this afternoon."""
    abo, rhd = group_of(seed)
    values: Values = {
        "order_no": f"YDS{seed:08d}",
        "order_type": "routine",
        "ordered_at": now - timedelta(minutes=15),
        "planned_at": now + timedelta(hours=6),
        "supplier": "shanghai_blood_center",
        "delivery_mode": "delivered",
        "orderer": STAFF[seed % 2],
        "reviewer": STAFF[2],
        "phone": "021-00000000",
        "order_lines": (
            {"component": "RBC-SLR", "abo": abo, "rhd": rhd, "amount": Decimal("4")},
            {"component": "FFP", "abo": abo, "rhd": rhd, "amount": Decimal("400")},
        ),
    }
    return values | changes


def dispatch_note_values(
    n_bags: int = 2, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> Values:
    """Return what the station says it sent: the bags of the delivery of that seed, or those given."""
    sent = some(bags, n_bags, seed, now)
    values: Values = {
        "note_no": f"FX{seed:08d}",
        "supplier": "shanghai_blood_center",
        "order_no": f"YDS{seed:08d}",
        "dispatched_at": now - timedelta(hours=1),
        "carrier": "训练送血人",
        "bags": tuple(pick(bag, (*IDENTITY, "amount", "expires_at")) for bag in sent),
    }
    return values | changes


def stock_in_values(
    n_bags: int = 2, seed: int = 0, *, entry: str = "check_character", now: datetime = NOW, **changes: Any
) -> Values:
    """Return a delivery of 1–400 bags that no other seed (0–99,999) holds; `changes` replaces head fields."""
    values: Values = {
        "intake_no": f"RKS{seed:08d}",
        "intake_type": "supply",
        "supplier": "shanghai_blood_center",
        "station_issue_no": f"FX{seed:08d}",
        "intake_at": now - timedelta(minutes=10),
        "receiver": STAFF[0],
        "checker": STAFF[2 + seed % 2],
        "deliverer": "训练送血人",
        "transport_temperature": Decimal("4.5"),
        "frozen_temperature": Decimal("-20.0"),
        "deep_frozen_temperature": Decimal("-70.0"),
        "platelet_temperature": Decimal("22.0"),
        "bags": tuple(bag_values(seed * DELIVERY + index, entry=entry, now=now) for index in range(n_bags)),
    }
    return values | changes


def delivery_of(bags: Sequence[Bag], seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a checked delivery of exactly these bags, all fit for issue: what has to be here before they can leave."""
    fit = tuple(regrouped({**pick(bag, LABEL), "label_message": None, "location": "1号冰箱"}) for bag in bags)
    return stock_in_values(1, seed, now=now, **{"bags": fit, **changes})


def reversal_values(delivery: Mapping[str, Any], seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return the reversal of a delivery, all of its bags; `seed` numbers the reversal."""
    values: Values = {
        **pick(delivery, ("supplier", "station_issue_no", "bags")),
        "intake_no": f"CHS{seed:08d}",
        "intake_type": "reversal",
        "intake_at": now,
        "receiver": STAFF[0],
        "reverses": delivery["intake_no"],
        "reversal_reason": "登记时选错供血机构",
    }
    return values | changes


def removal_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> Values:
    """Return a discard of the first bags of the delivery of that seed, or of those given."""
    values: Values = {
        "out_no": f"QCS{seed:08d}",
        "out_type": "discard",
        "out_at": now - timedelta(minutes=5),
        "reason": "leaking",
        "applicant": STAFF[0],
        "approver": STAFF[1],
        "witness": STAFF[2],
        "waste_handover_no": f"YF{seed:08d}",
        "bags": tuple(pick(bag, LABEL) for bag in some(bags, n_bags, seed, now)),
    }
    return values | changes


def transfer_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> Values:
    """Return a removal of such bags to another hospital that needs them."""
    other: Values = {
        "out_type": "transfer",
        "to_hospital": "training_hospital",
        "reason": "other",
        "reason_text": "院际调剂",
        "witness": None,
        "waste_handover_no": None,
    }
    return removal_values(n_bags, seed, bags=bags, now=now, **{**other, **changes})


def recall_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> Values:
    """Return a recall of the first bags of the delivery of that seed, or of those given."""
    values: Values = {
        "recall_no": f"ZHS{seed:08d}",
        "supplier": "shanghai_blood_center",
        "recalled_at": now - timedelta(minutes=30),
        "reason": "献血者献血后报告发热",
        "bags": tuple(pick(bag, IDENTITY) for bag in some(bags, n_bags, seed, now)),
    }
    return values | changes


def review_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return an application of a patient who gave blood himself, with every proof that any case asks for."""
    kinds = ("identity", "notice", "donation", "relation", "donor_identity", "employment")
    today = china_day(now)
    values: Values = {
        **person_values(seed),
        "review_no": f"SZS{seed:08d}",
        "applied_at": now - timedelta(minutes=20),
        "case": "self_donor",
        "notice_no": f"TZ{seed:08d}",
        "notice_doctor": CLINIC[0],
        "notice_on": today - timedelta(days=1),
        "phone": "13000000000",
        "donation_place": "local",
        "donation_count": Decimal(3),
        "last_donation_on": today - timedelta(days=200),
        "donation_type": "whole",
        "employment": "employed",
        "organization": "训练单位",
        "district": "训练区",
        "agreed": True,
        "components": ({"component": "RBC-SLR", "amount": Decimal("2")},),
        "evidence": tuple({"evidence_kind": kind, "pages": Decimal(1)} for kind in kinds),
    }
    return values | changes


def plan_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a plan that is allocated and not activated; the donor is masked as the platform does it."""
    abo, rhd = group_of(seed)
    today = china_day(now)
    values: Values = {
        "plan_no": f"JHS{seed:08d}",
        "allocator": "训练献血办",
        "allocated_on": today - timedelta(days=3),
        "component": "RBC-SLR",
        "abo": abo,
        "rhd": rhd,
        "quota": Decimal(2 + seed % 4),
        "valid_until": today + timedelta(days=180),
        "donor_name": SURNAMES[seed % len(SURNAMES)] + "**",
        "donor_id_no": f"310***********{seed % 10_000:04d}",
        "donation_certificate_no": f"XZ{seed:08d}",
        "donated_on": today - timedelta(days=90),
        "donation_type": "whole",
        "beneficiary": SURNAMES[(seed + 1) % len(SURNAMES)] + "**",
        "relation": "spouse",
    }
    return values | changes
