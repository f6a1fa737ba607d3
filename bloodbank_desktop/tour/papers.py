"""What the tour puts into every module: stored values that pass all rules, of bags, patients and donors who do not exist.

The area code of the resident IDs and the facility of the donation numbers were never assigned; check digits are computed.
Same place, same person: request, issue and reaction of a place tell one story.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import CHINA, china_day
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.tables import table

Values = dict[str, Any]

_NAMES = ("钱试安", "孙练明", "李例秋", "周拟清", "吴样一", "郑试平")
_GROUPS = (("A", "positive"), ("B", "positive"), ("O", "positive"), ("AB", "positive"), ("A", "negative"))
_WARDS = (
    ("血液科", "3 病区", "骨髓增生异常综合征"),
    ("骨科", "7 病区", "股骨颈骨折"),
    ("产科", "5 病区", "产后出血"),
    ("消化内科", "9 病区", "上消化道出血"),
    ("心外科", "2 病区", "主动脉瓣置换术后"),
)
_RESIDENT = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_STAFF = ("训练甲", "训练乙", "训练丙", "训练丁")
_IDENTITY = ("donation_number", "product_code", "component", "abo", "rhd")


def bag(place: int, now: datetime, product: str, group: tuple[str, str], days: int) -> Values:
    """Return a bag that expires at the end of the day so many days from now, typed in with its check character."""
    number = f"A9998{china_day(now):%y}{5000 + place:06d}"
    known = table("product").entries[product]
    day = china_day(now) + timedelta(days=days)
    return {
        "donation_number": number,
        "product_code": f"{product}V00",
        "component": known["component"],
        "abo": group[0],
        "rhd": group[1],
        "amount": Decimal(known["amount"]),
        "expires_at": datetime.combine(day, time(23, 59), CHINA).astimezone(UTC),
        "entry": "check_character",
        "check_character": check_characters.character(number),
        "location": f"{place % 3 + 1}号冰箱",
    }


def codes(one: Values) -> tuple[str, str]:
    """Return what a scanner reads on a bag: donation number and product code."""
    number = one["donation_number"]
    return f"={number}{check_characters.flag(number)}", f"=<{one['product_code']}"


def refrigerator(now: datetime) -> list[Values]:
    """Return bags of several groups: fresh ones, some near their end, two that have come to it."""
    plan = (
        ("E5445", 0, 20), ("E5445", 0, 21), ("E5445", 0, 3), ("E5445", 0, 24), ("E5445", 1, 18), ("E5445", 1, 2),
        ("E6170", 2, 25), ("E6170", 2, 26), ("E6170", 2, -1), ("E0869", 0, 200), ("E0869", 3, 15), ("E0869", 3, 220),
        ("A0321", 1, 0), ("A0321", 2, -1), ("E5445", 4, 9), ("E6170", 0, 22),
    )  # fmt: skip
    return [bag(place, now, product, _GROUPS[group], days) for place, (product, group, days) in enumerate(plan)]


def delivery(now: datetime, bags: list[Values], **changes: Any) -> Values:
    """Return a delivery of these bags."""
    return {
        "intake_type": "supply",
        "supplier": "shanghai_blood_center",
        "intake_at": now,
        "receiver": _STAFF[0],
        "checker": _STAFF[1],
        "deliverer": "训练送血员",
        "transport_temperature": Decimal("4.5"),
        "bags": tuple(bags),
        **changes,
    }


def person(place: int) -> Values:
    """Return a patient who does not exist."""
    born = date(1950 + place * 7, 3, 4 + place)
    male = place % 2 == 1
    digits = f"310199{born:%Y%m%d}{100 + 2 * place + male:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _RESIDENT, strict=True))
    department, ward, diagnosis = _WARDS[place % len(_WARDS)]
    abo, rhd = _GROUPS[place % len(_GROUPS)]
    return {
        "patient_name": _NAMES[place % len(_NAMES)],
        "patient_class": "inpatient",
        "medical_record_no": f"ZY{100 + place:08d}",
        "sex": "male" if male else "female",
        "birth_date": born,
        "id_type": "resident_id",
        "id_no": digits + "10X98765432"[total % 11],
        "department": department,
        "ward": ward,
        "bed": f"{place * 5 + 2:02d}",
        "diagnosis": diagnosis,
        "patient_abo": abo,
        "patient_rhd": rhd,
    }


def request_no(place: int) -> str:
    """Return the number of the request of a place."""
    return f"SQ{90_000_000 + place}"


def request(place: int, now: datetime) -> Values:
    """Return a request of two units of red cells."""
    markers = ("alt", "hbsag", "anti_hbs", "hbeag", "anti_hbe", "anti_hbc", "anti_hcv", "anti_hiv", "syphilis")
    who = person(place)
    return {
        **who,
        "request_no": request_no(place),
        "requested_at": now - timedelta(minutes=50),
        "planned_at": now + timedelta(hours=4),
        "urgency": "routine",
        "purpose": "anaemia",
        "indication": "血红蛋白低于 70 g/L，活动后心悸",
        "blood_source": "stock",
        "transfusion_history": "no",
        "haemoglobin": Decimal(58 + place),
        "laboratory_at": now - timedelta(hours=3),
        "consent": True,
        "consent_signer": "patient",
        "consent_on": china_day(now),
        "surgery": False,
        "sample_no": f"BB{200 + place:08d}",
        "sampled_at": now - timedelta(hours=1),
        "sampled_by": _STAFF[3],
        "components": (
            {"component": "RBC-SLR", "abo": who["patient_abo"], "rhd": who["patient_rhd"], "amount": Decimal(2)},
        ),
        "approvals": (
            {"role": "applicant", "name": _STAFF[0], "approved_at": now - timedelta(minutes=40)},
            {"role": "senior", "name": _STAFF[1], "approved_at": now - timedelta(minutes=30)},
        ),
        **dict.fromkeys(markers, "negative"),
    }


def order(place: int, now: datetime) -> Values:
    """Return an order of red cells and plasma."""
    abo, rhd = _GROUPS[place % len(_GROUPS)]
    return {
        "order_type": "routine",
        "ordered_at": now - timedelta(minutes=15),
        "planned_at": now + timedelta(hours=6),
        "supplier": "shanghai_blood_center",
        "delivery_mode": "delivered",
        "orderer": _STAFF[0],
        "reviewer": _STAFF[2],
        "phone": "021-00000000",
        "order_lines": (
            {"component": "RBC-SLR", "abo": abo, "rhd": rhd, "amount": Decimal(4)},
            {"component": "FFP", "abo": abo, "rhd": rhd, "amount": Decimal(400)},
        ),
    }


def review(place: int, now: datetime) -> Values:
    """Return an application of a patient who gave blood himself."""
    proofs = ("identity", "notice", "donation", "relation", "donor_identity", "employment")
    return {
        **person(place),
        "applied_at": now - timedelta(minutes=20),
        "case": "self_donor",
        "notice_no": f"TZ{300 + place:08d}",
        "notice_doctor": _STAFF[1],
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
        "components": ({"component": "RBC-SLR", "amount": Decimal(2)},),
        "evidence": tuple({"evidence_kind": kind, "pages": Decimal(1)} for kind in proofs),
    }


def crossmatch(now: datetime) -> Values:
    """Return the crossmatch of a bag that may leave."""
    return {
        "crossmatch_result": "compatible",
        "crossmatch_method": "gel",
        "major_side": "negative",
        "minor_side": "negative",
        "crossmatched_by": _STAFF[1],
        "crossmatch_reviewer": _STAFF[2],
        "crossmatched_at": now - timedelta(minutes=40),
    }


def issue(place: int, now: datetime, bags: list[Values]) -> Values:
    """Return an issue of these bags to the patient of a place."""
    left_out = ("location",)
    return {
        **person(place),
        "issued_at": now - timedelta(minutes=5),
        "request_no": request_no(place),
        "pickup_type": "ordered",
        "pickup_no": f"QX{400 + place:08d}",
        "purpose": "anaemia",
        "urgency": "routine",
        "surgery": False,
        "issuer": _STAFF[0],
        "checker": _STAFF[1],
        "collector": "训练取血员",
        "physician": _STAFF[3],
        "bags": tuple({k: v for k, v in one.items() if k not in left_out} | crossmatch(now) for one in bags),
    }


def removal(now: datetime, bags: list[Values], **changes: Any) -> Values:
    """Return the discard of these bags; with out_type "transfer" they go to another hospital."""
    return {
        "out_type": "discard",
        "out_at": now - timedelta(minutes=5),
        "reason": "leaking",
        "applicant": _STAFF[0],
        "approver": _STAFF[1],
        "witness": _STAFF[2],
        "waste_handover_no": "YF00000501",
        "bags": tuple({k: v for k, v in one.items() if k != "location"} for one in bags),
        **changes,
    }


def reaction(place: int, now: datetime, bags: list[Values]) -> Values:
    """Return the feverish reaction of the patient of a place to these bags."""
    return {
        **person(place),
        "reported_at": now,
        "reporter": _STAFF[0],
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
        "bags": tuple({k: one[k] for k in _IDENTITY} | {"started_at": now - timedelta(hours=2)} for one in bags),
    }


def autologous(place: int, now: datetime) -> Values:
    """Return two deposits of a patient before an operation next week."""
    return {
        **person(place),
        "registered_at": now,
        "autologous_type": "predeposit",
        "consent": True,
        "surgery_name": "全髋关节置换术",
        "surgery_level": "3",
        "surgery_on": china_day(now) + timedelta(days=7),
        "operator": _STAFF[1],
        "physician": _STAFF[2],
        "registrar": _STAFF[0],
        "collections": tuple(
            {
                "bag_no": f"ZX{600 + place:08d}{index}",
                "collected_at": now - timedelta(days=days),
                "volume": Decimal(200),
                "haemoglobin": Decimal(128),
                "anticoagulant": "cpda1",
                "expires_at": now + timedelta(days=30 - days),
                "collector": _STAFF[3],
            }
            for index, days in enumerate((9, 4), start=1)
        ),
    }


def referral(place: int, now: datetime) -> Values:
    """Return a request to the reference laboratory because of a positive antibody screen."""
    return {
        **person(place),
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
        "contact": _STAFF[1],
        "phone": "021-00000000",
        "sent_by": _STAFF[0],
        "sent_at": now - timedelta(minutes=10),
        "specimens": (
            {
                "specimen_type": "edta",
                "barcode": f"MB{700 + place:08d}",
                "tubes": Decimal(2),
                "drawn_at": now - timedelta(hours=2),
                "drawn_by": _STAFF[3],
            },
        ),
    }
