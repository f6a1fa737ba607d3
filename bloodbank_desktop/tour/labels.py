"""What the tour scans and types: made-up labels, five of them wrong, and the request of a patient who does not exist."""

from __future__ import annotations

from datetime import datetime, timedelta

from bloodbank_desktop.clock import CHINA, china_text
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.tables import table

BAGS = 12


def label(place: int, now: datetime) -> tuple[str, str, str, str]:
    """Return the four codes on the label of a made-up bag: donation number, group, product, expiry."""
    number = f"A9999{now:%y}{4000 + place:06d}"
    expires = (now + timedelta(days=20 + place)).astimezone(CHINA)
    group = ("62", "51", "73", "84", "06", "95")[place % 6]
    product = ("P0056V00", "P0065V00", "P0147V00", "A0321V00")[place % 4]
    return f"={number}{check_characters.flag(number)}", f"=%{group}00", f"=<{product}", f"&>0{expires:%y%j}2359"


def faulty_labels(now: datetime) -> list[tuple[str, str, str]]:
    """Return five scans that must change nothing: what is wrong, the same in Chinese, the code."""
    good, _, product, _ = label(0, now)
    past = (now - timedelta(days=1)).astimezone(CHINA)
    return [
        ("damaged check character", "校验不符", good[:12] + ("1" if good[12] != "1" else "2") + good[13:]),
        ("wrong kind of label", "不是血袋的码", "=)12345ABCDE"),
        ("unknown product", "未知产品", "=<E9999V00"),
        ("expired", "已过期", f"&>0{past:%y%j}2359"),
        # Both codes in one scan, as a scanner that reads two labels at once sends them: all or nothing.
        ("duplicate in this delivery", "本单重复", good + product),
    ]


def request(now: datetime) -> dict[str, str]:
    """Return what a person types into a request, by field key; nobody here exists."""
    markers = ("alt", "hbsag", "anti_hbs", "hbeag", "anti_hbe", "anti_hbc", "anti_hcv", "anti_hiv", "syphilis")
    negative = table("marker_result").word("negative")
    return {
        "planned_at": china_text(now + timedelta(hours=4)),
        "purpose": table("purpose").word("anaemia"),
        "indication": "血红蛋白低于 70 g/L",
        "patient_name": "赵样一",
        "patient_class": table("patient_class").word("inpatient"),
        "medical_record_no": "ZY00000042",
        "sex": table("sex").word("female"),
        "birth_date": "1968-05-04",
        "department": "血液科",
        "ward": "3 病区",
        "bed": "12",
        "diagnosis": "贫血待查",
        "patient_abo": table("abo_patient").word("A"),
        "patient_rhd": table("rhd_patient").word("positive"),
        "transfusion_history": table("history").word("no"),
        "haemoglobin": "62",
        "laboratory_at": china_text(now - timedelta(hours=3)),
        **dict.fromkeys(markers, negative),
        "consent": "已签",
        "consent_signer": table("consent_signer").word("patient"),
        "consent_on": f"{now:%Y-%m-%d}",
        "surgery": "否",
        "sample_no": "BB00000042",
        "sampled_at": china_text(now - timedelta(hours=1)),
        "sampled_by": "训练丁",
    }
