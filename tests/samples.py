"""Valid records for tests: stored values that pass `records.validate.problems`, made up and repeatable.

Nobody here exists: the resident IDs bear an area code that was never assigned, the donation numbers a facility of the
ISBT 128 examples. All check characters are computed here, independently of the program, so that a wrong computation
over there is found and not repeated. Same arguments, same values; different seeds share no bag, number or person.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.records.tables import table

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""The moment all samples are made for: 2026-11-23 09:00 in China."""

PRODUCTS = ("E6170V00", "E5445V00", "E0869V00")
"""Suspended red cells 2 U, leukoreduced red cells 2 U, fresh frozen plasma 200 ml."""

GROUPS = (
    ("A", "positive", "62"),
    ("B", "positive", "73"),
    ("O", "positive", "51"),
    ("AB", "positive", "84"),
    ("A", "negative", "06"),
    ("O", "negative", "95"),
)
"""ABO, RhD and the two characters of ISBT 128 data structure 002 that say so."""

SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
GIVEN = ("样一", "样二", "试安", "试平", "练芳", "练明", "拟华", "拟清", "例文", "例秋")
STAFF = ("训练甲", "训练乙", "训练丙", "训练丁")

IDENTITY = ("donation_number", "product_code", "split", "component", "abo", "rhd")
LABEL = (
    *IDENTITY,
    "amount",
    "collected_at",
    "expires_at",
    "label_message",
    "entry",
    "scans",
    "check_character",
    "second_entry",
)
"""What says which bag it is, and all that a label says and how it was read."""

Bag = Mapping[str, Any]

_MOD_37_2 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def donation_number(index: int) -> str:
    """Return the donation number of that index, 13 characters; 0 ≤ index < 100,000,000."""
    facility, sequence = divmod(index, 1_000_000)
    if not 0 <= facility < 100:
        raise ValueError("the samples have a hundred million donation numbers")
    return f"A{9999 - facility:04d}26{sequence:06d}"


def check_character(donation: str) -> str:
    """Return the ISO/IEC 7064 MOD 37-2 keyboard check character of a donation number (ICCBBA ST-001, appendix A)."""
    total = sum(_MOD_37_2.index(c) << place for place, c in enumerate(reversed(donation), start=1))
    return _MOD_37_2[(38 - total % 37) % 37]


def resident_id(born: date, sequence: int) -> str:
    """Return a resident ID of nobody with its check digit (GB 11643); odd `sequence` (0–999) male, even female."""
    digits = f"310199{born:%Y%m%d}{sequence:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _RESIDENT_WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def bag_values(index: int, *, entry: str = "check_character", now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return one bag of a delivery; `entry` "check_character", "scanned" (one raw scan per line) or "typed_twice"."""
    donation = donation_number(index)
    product = PRODUCTS[index % len(PRODUCTS)]
    abo, rhd, _ = GROUPS[index // len(PRODUCTS) % len(GROUPS)]
    known = table("product").entries[product[:5]]
    collected = now - timedelta(days=2 + index % 5)
    # A label states the last minute of a day in China; one day less than the longest time the standard allows.
    keeps = timedelta(hours=table("component").facet(known["component"], "shelf_life_hours")) - timedelta(days=1)
    expires = datetime.combine(china_day(collected + keeps), time(23, 59), CHINA)
    bag: dict[str, Any] = {
        "donation_number": donation,
        "product_code": product,
        "component": known["component"],
        "abo": abo,
        "rhd": rhd,
        "amount": Decimal(known["amount"]),
        "collected_at": collected,
        "expires_at": expires.astimezone(UTC),
        "location": f"{index % 4 + 1}号冰箱",
    }
    bag = entered(bag, entry)
    bag.update(changes)
    return bag


def entered(bag: Bag, entry: str) -> dict[str, Any]:
    """Return a bag with the evidence of that way of entering it, and of no other."""
    made = {key: value for key, value in bag.items() if key not in ("scans", "check_character", "second_entry")}
    made["entry"] = entry
    donation = bag["donation_number"]
    if entry == "scanned":
        gg = next(gg for abo, rhd, gg in GROUPS if (abo, rhd) == (bag["abo"], bag["rhd"]))
        expiry = f"0{bag['expires_at'].astimezone(CHINA):%y%j%H%M}"
        made["scans"] = "\n".join((f"={donation}00", f"=%{gg}00", f"=<{bag['product_code']}", f"&>{expiry}"))
    elif entry == "check_character":
        made["check_character"] = check_character(donation)
    elif entry == "typed_twice":
        made["second_entry"] = donation
    return made


def stock_in_values(
    n_bags: int = 2, seed: int = 0, *, entry: str = "check_character", now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return a delivery of 1–400 bags that no other seed (0–99,999) holds; `changes` replaces head fields."""
    values: dict[str, Any] = {
        "intake_no": f"RKS{seed:08d}",
        "intake_type": "supply",
        "supplier": "shanghai_blood_center",
        "station_issue_no": f"FX{seed:08d}",
        "intake_at": now - timedelta(minutes=10),
        "receiver": STAFF[seed % 2],
        "checker": STAFF[2 + seed % 2],
        "deliverer": "训练送血人",
        "transport_temperature": Decimal("4.5"),
        "bags": tuple(bag_values(seed * 1000 + index, entry=entry, now=now) for index in range(n_bags)),
    }
    values.update(changes)
    return values


def delivery_of(bags: Sequence[Bag], seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return a checked delivery of exactly these bags, all fit for issue: what has to be here before they can leave."""
    fit = tuple({**_pick(bag, LABEL), "label_message": None, "location": "1号冰箱"} for bag in bags)
    return stock_in_values(1, seed, now=now, **{"bags": fit, **changes})


def reversal_values(delivery: dict[str, Any], seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return the reversal of a delivery, all of its bags; `seed` numbers the reversal."""
    kept = {key: delivery[key] for key in ("supplier", "station_issue_no", "bags")}
    values: dict[str, Any] = {
        **kept,
        "intake_no": f"CHS{seed:08d}",
        "intake_type": "reversal",
        "intake_at": now,
        "receiver": STAFF[seed % 2],
        "reverses": delivery["intake_no"],
        "reversal_reason": "登记时选错供血机构",
    }
    values.update(changes)
    return values


def person_values(seed: int = 0) -> dict[str, Any]:
    """Return the patient of that seed: person, place and groups; even seeds are women."""
    chance = random.Random(seed)
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(25_000))
    male = seed % 2 == 1
    abo, rhd, _ = GROUPS[seed % len(GROUPS)]
    return {
        "patient_name": SURNAMES[seed % len(SURNAMES)] + GIVEN[seed // len(SURNAMES) % len(GIVEN)],
        "patient_class": "inpatient",
        "medical_record_no": f"ZY{seed:08d}",
        "sex": "male" if male else "female",
        "birth_date": born,
        "id_type": "resident_id",
        "id_no": resident_id(born, seed % 500 * 2 + male),
        "department": "血液科",
        "ward": f"{seed % 20 + 1}病区",
        "bed": f"{seed % 40 + 1:02d}",
        "diagnosis": "贫血待查",
        "patient_abo": abo,
        "patient_rhd": rhd,
    }


def request_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return a request of one ward for one patient that no other seed shares; `changes` replaces head fields."""
    patient = person_values(seed)
    abo, rhd = patient["patient_abo"], patient["patient_rhd"]
    markers = ("alt", "hbsag", "anti_hbs", "hbeag", "anti_hbe", "anti_hbc", "anti_hcv", "anti_hiv", "syphilis")
    values: dict[str, Any] = {
        **patient,
        "request_no": f"SQS{seed:08d}",
        "requested_at": now - timedelta(minutes=30),
        "planned_at": now + timedelta(hours=4),
        "urgency": "routine",
        "purpose": "anaemia",
        "indication": "血红蛋白低于 70 g/L",
        "blood_source": "stock",
        "transfusion_history": "no",
        "haemoglobin": Decimal(55 + seed % 15),
        "laboratory_at": now - timedelta(hours=3),
        "consent": True,
        "consent_signer": "patient",
        "consent_on": china_day(now),
        "surgery": False,
        "sample_no": f"BB{seed:08d}",
        "sampled_at": now - timedelta(hours=1),
        "sampled_by": STAFF[3],
        "components": ({"component": "RBC-SLR", "abo": abo, "rhd": rhd, "amount": Decimal("2")},),
        "approvals": (
            {"role": "applicant", "name": STAFF[0], "approved_at": now - timedelta(minutes=30)},
            {"role": "senior", "name": STAFF[1], "approved_at": now - timedelta(minutes=20)},
        ),
        **dict.fromkeys(markers, "negative"),
    }
    values.update(changes)
    return values


def order_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return an order of two components that are wanted this afternoon."""
    abo, rhd, _ = GROUPS[seed % len(GROUPS)]
    values: dict[str, Any] = {
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
    values.update(changes)
    return values


def review_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return an application of a patient who gave blood himself, with every proof that any case asks for."""
    kinds = ("identity", "notice", "donation", "relation", "donor_identity", "employment")
    values: dict[str, Any] = {
        **person_values(seed),
        "review_no": f"SZS{seed:08d}",
        "applied_at": now - timedelta(minutes=20),
        "case": "self_donor",
        "notice_no": f"TZ{seed:08d}",
        "notice_doctor": STAFF[1],
        "notice_on": china_day(now) - timedelta(days=1),
        "phone": "13000000000",
        "donation_place": "local",
        "donation_count": Decimal(3),
        "last_donation_on": china_day(now) - timedelta(days=200),
        "donation_type": "whole",
        "employment": "employed",
        "organization": "训练单位",
        "district": "训练区",
        "agreed": True,
        "components": ({"component": "RBC-SLR", "amount": Decimal("2")},),
        "evidence": tuple({"evidence_kind": kind, "pages": Decimal(1)} for kind in kinds),
    }
    values.update(changes)
    return values


def dispatch_note_values(
    n_bags: int = 2, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return what the station says it sent: the bags of the delivery of that seed, or those given."""
    sent = _some(bags, n_bags, seed, now)
    values: dict[str, Any] = {
        "note_no": f"FX{seed:08d}",
        "supplier": "shanghai_blood_center",
        "order_no": f"YDS{seed:08d}",
        "dispatched_at": now - timedelta(hours=1),
        "carrier": "训练送血人",
        "bags": tuple(_pick(bag, (*IDENTITY, "amount", "expires_at")) for bag in sent),
    }
    values.update(changes)
    return values


def issue_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return an issue to the patient of that seed: the first bags of the delivery of that seed, or those given."""
    values: dict[str, Any] = {
        **person_values(seed),
        "issue_no": f"FXS{seed:08d}",
        "issued_at": now - timedelta(minutes=5),
        "request_no": f"SQS{seed:08d}",
        "pickup_type": "ordered",
        "pickup_no": f"QX{seed:08d}",
        "purpose": "anaemia",
        "urgency": "routine",
        "surgery": False,
        "issuer": STAFF[0],
        "checker": STAFF[1],
        "collector": "训练取血人",
        "physician": STAFF[3],
        "bags": tuple(_pick(bag, LABEL) | _crossmatch(bag, now) for bag in _some(bags, n_bags, seed, now)),
    }
    values.update(changes)
    return values


def _crossmatch(bag: Bag, now: datetime) -> dict[str, Any]:
    if not table("component").facet(bag["component"], "crossmatch"):
        return {"crossmatch_result": "not_required"}
    return {
        "crossmatch_result": "compatible",
        "crossmatch_method": "gel",
        "major_side": "negative",
        "minor_side": "negative",
        "crossmatched_by": STAFF[1],
        "crossmatch_reviewer": STAFF[2],
        "crossmatched_at": now - timedelta(hours=1),
    }


def removal_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return a discard of the first bags of the delivery of that seed, or of those given."""
    values: dict[str, Any] = {
        "out_no": f"QCS{seed:08d}",
        "out_type": "discard",
        "out_at": now - timedelta(minutes=5),
        "reason": "leaking",
        "applicant": STAFF[0],
        "approver": STAFF[1],
        "witness": STAFF[2],
        "waste_handover_no": f"YF{seed:08d}",
        "bags": tuple(_pick(bag, LABEL) for bag in _some(bags, n_bags, seed, now)),
    }
    values.update(changes)
    return values


def plan_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return a plan that is allocated and not activated; the donor is masked as the platform does it."""
    abo, rhd, _ = GROUPS[seed % len(GROUPS)]
    today = china_day(now)
    values: dict[str, Any] = {
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
    values.update(changes)
    return values


def reaction_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return a feverish reaction of the patient of that seed to the first bags of its delivery, or to those given."""
    started = now - timedelta(hours=2)
    values: dict[str, Any] = {
        **person_values(seed),
        "report_no": f"FYS{seed:08d}",
        "reported_at": now,
        "reporter": STAFF[0],
        "issue_no": f"FXS{seed:08d}",
        "transfusion_history": "no",
        "antibody_screen": "negative",
        "onset_at": now - timedelta(hours=1),
        "temperature_before": Decimal("36.6"),
        "temperature": Decimal("38.9"),
        "systolic": Decimal(128),
        "diastolic": Decimal(78),
        "pulse": Decimal(104),
        "respiration": Decimal(22),
        "symptoms": ("fever", "chills"),
        "reaction_type": "febrile",
        "severity": "non_severe",
        "imputability": "probable",
        "treatment": ("stopped", "antipyretic"),
        "outcome": "recovered",
        "bags": tuple(_pick(bag, IDENTITY) | {"started_at": started} for bag in _some(bags, n_bags, seed, now)),
    }
    values.update(changes)
    return values


def autologous_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return two deposits of a patient before an operation next week."""
    values: dict[str, Any] = {
        **person_values(seed),
        "record_no": f"ZTS{seed:08d}",
        "registered_at": now,
        "autologous_type": "predeposit",
        "consent": True,
        "surgery_name": "全髋关节置换术",
        "surgery_level": "3",
        "surgery_on": china_day(now) + timedelta(days=7),
        "operator": STAFF[1],
        "physician": STAFF[2],
        "registrar": STAFF[0],
        "collections": tuple(
            {
                "bag_no": f"ZX{seed:08d}{index}",
                "collected_at": now - timedelta(days=days),
                "volume": Decimal(200),
                "haemoglobin": Decimal(128),
                "anticoagulant": "cpda1",
                "expires_at": now + timedelta(days=30 - days),
                "collector": STAFF[3],
            }
            for index, days in enumerate((9, 4), start=1)
        ),
    }
    values.update(changes)
    return values


def referral_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return a request to the reference laboratory because of a positive antibody screen."""
    values: dict[str, Any] = {
        **person_values(seed),
        "request_no": f"MYS{seed:08d}",
        "requested_at": now - timedelta(minutes=40),
        "test_urgency": "routine",
        "tests": ("antibody_screen", "antibody_id"),
        "referral_reason": "screen_positive",
        "transfusion_history": "yes",
        "reaction_history": "no",
        "drugs": ("none",),
        "forward_group": "A",
        "reverse_group": "A",
        "own_rhd": "positive",
        "own_antibody_screen": "positive",
        "contact": STAFF[1],
        "phone": "021-00000000",
        "sent_by": STAFF[0],
        "sent_at": now - timedelta(minutes=10),
        "specimens": (
            {
                "specimen_type": "edta",
                "barcode": f"MB{seed:08d}",
                "tubes": Decimal(2),
                "drawn_at": now - timedelta(hours=2),
                "drawn_by": STAFF[3],
            },
        ),
    }
    values.update(changes)
    return values


def recall_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> dict[str, Any]:
    """Return a recall of the first bags of the delivery of that seed, or of those given."""
    values: dict[str, Any] = {
        "recall_no": f"ZHS{seed:08d}",
        "supplier": "shanghai_blood_center",
        "recalled_at": now - timedelta(minutes=30),
        "reason": "献血者献血后报告发热",
        "bags": tuple(_pick(bag, IDENTITY) for bag in _some(bags, n_bags, seed, now)),
    }
    values.update(changes)
    return values


def _some(bags: Sequence[Bag] | None, n_bags: int, seed: int, now: datetime) -> Sequence[Bag]:
    return [bag_values(seed * 1000 + index, now=now) for index in range(n_bags)] if bags is None else bags


def _pick(bag: Bag, keys: Sequence[str]) -> dict[str, Any]:
    return {key: bag[key] for key in keys if key in bag}


_VALUES: dict[str, Callable[..., dict[str, Any]]] = {
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
}


def values(kind: str, seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return a valid record of a module; those with bags name the bags of `stock_in_values(2, seed)`.

    Raises KeyError for a module that has no sample yet.
    """
    return _VALUES[kind](seed, now=now, **changes)
