"""Who does not exist: patients with their groups, the staff of the department, and the doctors and nurses of the wards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bloodbank_desktop.records.codes import resident_id

Values = dict[str, Any]

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""The moment of a paper when nobody states another: 2026-11-23 09:00 in China."""

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
"""Of the transfusion department: who issues, who checks, who reviews, and one more."""
CLINIC = ("训练医师甲", "训练医师乙", "训练护士甲", "训练戊")
"""Of the wards: the doctor who asks, her superior, the nurse who draws the sample, and who fetches the blood and signs."""

_WARDS = (
    ("血液科", "骨髓增生异常综合征"),
    ("骨科", "股骨颈骨折"),
    ("消化内科", "上消化道出血"),
    ("心外科", "主动脉瓣置换术后"),
    ("肿瘤科", "化疗后贫血"),
)


def group_of(seed: int) -> tuple[str, str]:
    """Return ABO and RhD of the patient of that seed."""
    abo, rhd, _ = GROUPS[seed % len(GROUPS)]
    return abo, rhd


def patient_of(bag: Mapping[str, Any]) -> int:
    """Return the lowest seed whose patient has the group of a bag. Raises ValueError for a group that nobody here has."""
    return [(abo, rhd) for abo, rhd, _ in GROUPS].index((bag["abo"], bag["rhd"]))


def person_values(seed: int = 0) -> Values:
    """Return the patient of that seed: person, place and groups; even seeds are women.

    All are of an age at which one may give blood, because a certificate may rest on the patient's own donations.
    """
    # Seven million seeds and no two with one ID: the day goes round for each serial number of a day.
    born = date(1967, 1, 1) + timedelta(days=(seed // 500 * 8929 + seed % 500 * 31) % 14_000)
    male = seed % 2 == 1
    abo, rhd = group_of(seed)
    digits = f"310199{born:%Y%m%d}{seed % 500 * 2 + male:03d}"
    department, diagnosis = _WARDS[seed % len(_WARDS)]
    return {
        "patient_name": SURNAMES[seed % len(SURNAMES)] + GIVEN[seed // len(SURNAMES) % len(GIVEN)],
        "patient_class": "inpatient",
        "medical_record_no": f"ZY{seed:08d}",
        "sex": "male" if male else "female",
        "birth_date": born,
        "id_type": "resident_id",
        "id_no": digits + resident_id.check_character(digits),
        "department": department,
        "ward": f"{seed % 20 + 1}病区",
        "bed": f"{seed % 40 + 1:02d}",
        "diagnosis": diagnosis,
        "patient_abo": abo,
        "patient_rhd": rhd,
    }
