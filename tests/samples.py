"""Valid records for tests: stored values that pass `records.validate.problems`, made up and repeatable.

Nobody here exists: the resident IDs bear an area code that was never assigned, the donation numbers a facility of the
ISBT 128 examples. All check characters are computed here, independently of the program, so that a wrong computation
over there is found and not repeated. Same arguments, same values; different seeds share no bag, number or person.
"""

from __future__ import annotations

import random
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
    abo, rhd, gg = GROUPS[index // len(PRODUCTS) % len(GROUPS)]
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
        "entry": entry,
        "location": f"{index % 4 + 1}号冰箱",
    }
    if entry == "scanned":
        expiry = f"0{expires:%y%j%H%M}"
        bag["scans"] = "\n".join((f"={donation}00", f"=%{gg}00", f"=<{product}", f"&>{expiry}"))
    elif entry == "check_character":
        bag["check_character"] = check_character(donation)
    elif entry == "typed_twice":
        bag["second_entry"] = donation
    bag.update(changes)
    return bag


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


def request_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return a request of one ward for one patient that no other seed shares; `changes` replaces head fields."""
    chance = random.Random(seed)
    born = date(1940, 1, 1) + timedelta(days=chance.randrange(25_000))
    male = seed % 2 == 1
    abo, rhd, _ = GROUPS[seed % len(GROUPS)]
    sequence = seed % 500 * 2 + male
    markers = ("alt", "hbsag", "anti_hbs", "hbeag", "anti_hbe", "anti_hbc", "anti_hcv", "anti_hiv", "syphilis")
    values: dict[str, Any] = {
        "request_no": f"SQS{seed:08d}",
        "requested_at": now - timedelta(minutes=30),
        "planned_at": now + timedelta(hours=4),
        "urgency": "routine",
        "purpose": "anaemia",
        "indication": "血红蛋白低于 70 g/L",
        "blood_source": "stock",
        "patient_name": SURNAMES[seed % len(SURNAMES)] + GIVEN[seed // len(SURNAMES) % len(GIVEN)],
        "patient_class": "inpatient",
        "medical_record_no": f"ZY{seed:08d}",
        "sex": "male" if male else "female",
        "birth_date": born,
        "id_type": "resident_id",
        "id_no": resident_id(born, sequence),
        "department": "血液科",
        "ward": f"{seed % 20 + 1}病区",
        "bed": f"{seed % 40 + 1:02d}",
        "diagnosis": "贫血待查",
        "patient_abo": abo,
        "patient_rhd": rhd,
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
