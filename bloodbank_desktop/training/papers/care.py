"""Papers about one patient: request, issue with crossmatch, reaction, autologous deposits, referral.

What is medically necessary for blood to leave is all there: the bags have the patient's group, the sample is of today
and older than the crossmatch, who tested did not review, consent was signed, the doctor's superior agreed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.patient import PersonBlock
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.training.papers.bags import DELIVERY, IDENTITY, LABEL, PRODUCTS, Bag, bag_values, pick, some
from bloodbank_desktop.training.papers.people import CLINIC, NOW, STAFF, Values, person_values

_PERSON = tuple(PersonBlock.__dataclass_fields__)
_MARKERS = ("alt", "hbsag", "anti_hbs", "hbeag", "anti_hbe", "anti_hbc", "anti_hcv", "anti_hiv", "syphilis")


def request_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a request of one ward for one patient that no other seed shares; `changes` replaces head fields."""
    patient = person_values(seed)
    abo, rhd = patient["patient_abo"], patient["patient_rhd"]
    asked = now - timedelta(minutes=90)
    values: Values = {
        **patient,
        "request_no": f"SQS{seed:08d}",
        "requested_at": asked,
        "planned_at": now + timedelta(hours=4),
        "urgency": "routine",
        "purpose": "anaemia",
        "indication": "血红蛋白低于 70 g/L，活动后心悸",
        "blood_source": "stock",
        "transfusion_history": "no",
        "haemoglobin": Decimal(55 + seed % 15),
        "laboratory_at": asked - timedelta(hours=2),
        "consent": True,
        "consent_signer": "patient",
        "consent_on": china_day(asked),
        "surgery": False,
        "sample_no": f"BB{seed:08d}",
        "sampled_at": now - timedelta(minutes=70),
        "sampled_by": CLINIC[2],
        "components": ({"component": "RBC-SLR", "abo": abo, "rhd": rhd, "amount": Decimal("2")},),
        "approvals": approval_values(asked),
        **dict.fromkeys(_MARKERS, "negative"),
    }
    return values | changes


def approval_values(asked: datetime = NOW, *more: str) -> tuple[Values, ...]:
    """Return what the applicant and a senior signed, and `more`: "head", "medical_affairs" – what a large volume needs."""
    names = {"head": "训练科主任", "medical_affairs": "训练医务科"}
    steps = [
        {"role": "applicant", "name": CLINIC[0], "grade": "attending", "approved_at": asked},
        {"role": "senior", "name": CLINIC[1], "approved_at": asked + timedelta(minutes=10)},
    ]
    for place, role in enumerate(more, start=2):
        steps.append({"role": role, "name": names[role], "approved_at": asked + timedelta(minutes=10 * place)})
    return tuple(steps)


def issue_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> Values:
    """Return an issue to the patient of that seed: the first 1–3 bags of the delivery of that seed, or those given.

    Raises ValueError for bags that are not of the patient's group.
    """
    given = some(bags, n_bags, seed, now)
    patient = person_values(seed)
    values: Values = {
        **patient,
        **sample_values(seed, now=now, group=(patient | changes)),
        "issue_no": f"FXS{seed:08d}",
        "issued_at": now - timedelta(minutes=5),
        "needed_at": now + timedelta(minutes=30),
        "request_no": f"SQS{seed:08d}",
        "pickup_type": "ordered",
        "pickup_no": f"QX{seed:08d}",
        "purpose": "anaemia",
        "urgency": "routine",
        "surgery": False,
        "issuer": STAFF[0],
        "checker": STAFF[1],
        "collector": CLINIC[3],
        "physician": CLINIC[0],
        "bags": tuple(pick(bag, LABEL) | crossmatch_values(bag, now=now) for bag in given),
    }
    return _of_one_group(values | changes, given)


def emergency_values(seed: int = 1, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return an emergency issue of one bag of O red cells to a man (odd seed) whose group nobody knows yet."""
    bag = bag_values(seed * DELIVERY, now=now, product=PRODUCTS[0], group=("O", "positive"))
    values = issue_values(seed=seed, bags=[bag], now=now, patient_abo="O", patient_rhd="positive")
    values |= dict.fromkeys(sample_values(seed, now=now))
    return {
        **values,
        "patient_abo": "not_tested",
        "patient_rhd": "not_tested",
        "urgency": "emergency",
        "pickup_type": "emergency",
        "emergency_reason": "大出血，来不及定型配血",
        "emergency_approver": "训练医务部",
        "bags": ({**pick(bag, LABEL), "inspected": True, "crossmatch_result": "pending"},),
        **changes,
    }


def sample_values(seed: int = 0, *, now: datetime = NOW, group: Mapping[str, Any] | None = None) -> Values:
    """Return today's sample of the patient of that seed, grouped twice; `group` states another patient's group."""
    patient = group or person_values(seed)
    abo, rhd = patient["patient_abo"], patient["patient_rhd"]
    return {
        "sample_no": f"BB{seed:08d}",
        "sampled_at": now - timedelta(minutes=70),
        "forward_group": abo,
        "reverse_group": abo,
        "sample_rhd": rhd,
        "second_abo": abo,
        "second_rhd": rhd,
        "antibody_screen": "negative",
    }


def request_for(issue: Mapping[str, Any], *, least: int = 1, **changes: Any) -> Values:
    """Return the request that an issue answers: its patient, its sample, and `least` times what its bags hold."""
    now, patient = issue["issued_at"] + timedelta(minutes=5), {key: issue.get(key) for key in _PERSON}
    wanted: dict[str, Decimal] = {}
    for bag in issue["bags"]:
        wanted[bag["component"]] = wanted.get(bag["component"], Decimal()) + bag["amount"]
    group = {"abo": issue["patient_abo"], "rhd": issue["patient_rhd"]}
    asked = now - timedelta(minutes=90)
    signed = {"applicant": CLINIC[0], "senior": CLINIC[1], "head": "训练科主任", "medical_affairs": "训练医务部"}
    values: Values = {
        **request_values(now=now),
        **patient,
        "request_no": issue["request_no"],
        "planned_at": max(issue["needed_at"], asked),
        "platelets": Decimal(18),
        "pt": Decimal("21.0"),
        "aptt": Decimal("62.0"),
        "fibrinogen": Decimal("0.9"),
        **{key: issue.get(key) for key in ("sample_no", "sampled_at")},
        "components": tuple({"component": key, "amount": most * least, **group} for key, most in wanted.items()),
        "approvals": tuple(
            {"role": role, "name": name, "grade": "attending", "approved_at": asked + timedelta(minutes=index)}
            for index, (role, name) in enumerate(signed.items())
        ),
    }
    return values | changes


def crossmatch_values(bag: Bag, *, now: datetime = NOW) -> Values:
    """Return the compatible crossmatch of a bag, where its component needs one."""
    if not table("component").facet(bag["component"], "crossmatch"):
        return {"inspected": True, "crossmatch_result": "not_required"}
    return {
        "inspected": True,
        "crossmatch_result": "compatible",
        "crossmatch_method": "gel",
        "major_side": "negative",
        "minor_side": "negative",
        "crossmatched_by": STAFF[1],
        "crossmatch_reviewer": STAFF[2],
        "crossmatched_at": now - timedelta(minutes=40),
    }


def reaction_values(
    n_bags: int = 1, seed: int = 0, *, bags: Sequence[Bag] | None = None, now: datetime = NOW, **changes: Any
) -> Values:
    """Return a feverish reaction of the patient of that seed to the first bags of its delivery, or to those given.

    Raises ValueError for bags that are not of the patient's group.
    """
    given = some(bags, n_bags, seed, now)
    started = now - timedelta(hours=2)
    values: Values = {
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
        "bags": tuple(pick(bag, IDENTITY) | {"started_at": started} for bag in given),
    }
    return _of_one_group(values | changes, given)


def _of_one_group(values: Values, bags: Iterable[Bag]) -> Values:
    patient = (values["patient_abo"], values["patient_rhd"])
    for bag in bags:
        if (bag["abo"], bag["rhd"]) != patient:
            raise ValueError(f"the bag is {bag['abo']} {bag['rhd']}, the patient {' '.join(map(str, patient))}")
    return values


def near_miss_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return the report of an expired bag of the delivery of that seed that a scan stopped before it left."""
    bag = some(None, 1, seed, now)[0]
    values: Values = {
        "report_no": f"XZS{seed:08d}",
        "found_at": now - timedelta(minutes=20),
        "stage": "scan",
        "bag": bag_name(bag_key(bag)),
        "harm": "not_issued",
        "alert_no": Decimal(seed + 1),
        "rule": "issue-expired",
        "message": f"第 1 袋 {bag_name(bag_key(bag))} 已过期，不能发出",
        "happened": "发血时从待发架取出的血袋已过期，扫描时被系统拦下，换同型血袋后发出。",
        "cause": "expired_in_stock",
        "action": "血袋移至报废区，清点同一层其余血袋。",
        "status": "open",
        "reporter": STAFF[0],
        "reported_at": now,
    }
    return values | changes


def autologous_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return two deposits of a patient before an operation next week."""
    values: Values = {
        **person_values(seed),
        "record_no": f"ZTS{seed:08d}",
        "registered_at": now,
        "autologous_type": "predeposit",
        "consent": True,
        "surgery_name": "全髋关节置换术",
        "surgery_level": "3",
        "surgery_on": china_day(now) + timedelta(days=7),
        "operator": STAFF[1],
        "physician": CLINIC[0],
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
    return values | changes


def referral_values(seed: int = 0, *, now: datetime = NOW, **changes: Any) -> Values:
    """Return a request to the reference laboratory because of a positive antibody screen."""
    patient = person_values(seed)
    values: Values = {
        **patient,
        "request_no": f"MYS{seed:08d}",
        "requested_at": now - timedelta(minutes=40),
        "test_urgency": "routine",
        "tests": ("antibody_screen", "antibody_id"),
        "referral_reason": "screen_positive",
        "transfusion_history": "yes",
        "reaction_history": "no",
        "drugs": ("none",),
        "forward_group": patient["patient_abo"],
        "reverse_group": patient["patient_abo"],
        "own_rhd": patient["patient_rhd"],
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
                "drawn_by": CLINIC[2],
            },
        ),
    }
    return values | changes
