"""The patient, declared once for every module that knows one (WS/T 866 用血者基本信息; CV02.01.101; GB 11643)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from bloodbank_desktop.records.codes import resident_id
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.declare import Values, block, choice, choices, code, day, number, person, text
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table

HISTORY = table("history")


def _inpatient(values: Values) -> bool:
    return values.get("patient_class") == "inpatient"


def _female(values: Values) -> bool:
    return values.get("sex") == "female"


@block
class PersonBlock:
    """Who a record is about, where the person lies, and the group this hospital has found."""

    patient_name: str = person("患者姓名", required=True, search=True, column=8, wire="patientName")
    patient_class: str = choice("患者类型", table("patient_class"), required=True, wire="patientClass")
    medical_record_no: str = code(
        "病案号", required=True, most=32, search=True, column=10, wire="medicalRecordNumber", links=("patient",)
    )
    sex: str = choice("性别", table("sex"), required=True, column=4)
    birth_date: date | None = day("出生日期", default=None, wire="birthDate")
    age: Decimal | None = number(
        "年龄", low="0", high="150", default=None, required=lambda v: v.get("birth_date") is None
    )
    age_unit: str | None = choice(
        "年龄单位", table("age_unit"), default=None, wire="ageUnit", required=lambda v: v.get("age") is not None
    )
    id_type: str | None = choice("证件类型", table("id_type"), default=None, wire="idType")
    id_no: str | None = code(
        "证件号码",
        most=30,
        default=None,
        search=True,
        wire="idNo",
        required=lambda v: v.get("id_type") is not None,
        shown=lambda v: v.get("id_type") is not None,
        links=("person",),
    )
    department: str = text("科室", most=40, required=True, column=8)
    ward: str | None = text("病区", most=40, default=None, required=_inpatient)
    bed: str | None = text("床号", most=20, default=None, required=_inpatient)
    diagnosis: str = text("临床诊断", most=200, required=True)
    patient_abo: str = choice("患者 ABO", table("abo_patient"), required=True, column=6, wire="patientAbo")
    patient_rhd: str = choice("患者 RhD", table("rhd_patient"), required=True, column=6, wire="patientRhd")


@block
class HistoryBlock:
    """What happened to the patient before."""

    transfusion_history: str = choice("输血史", HISTORY, required=True, wire="transfusionHistory")
    reaction_history: str | None = choice(
        "输血反应史",
        HISTORY,
        default=None,
        wire="reactionHistory",
        required=lambda v: v.get("transfusion_history") == "yes",
    )
    antibodies: tuple[str, ...] | None = choices("已知抗体", table("antibody"), default=None)
    allergy: str | None = text("过敏史", default=None)
    gravida: Decimal | None = number("孕次", low="0", high="30", default=None, shown=_female)
    para: Decimal | None = number("产次", low="0", high="30", default=None, shown=_female)


@block
class PatientBlock(HistoryBlock, PersonBlock):
    """A patient with the history that decides about blood."""


PERSON_SECTION = (
    "患者",
    "patient_name patient_class medical_record_no sex birth_date age age_unit id_type id_no"
    " department ward bed diagnosis patient_abo patient_rhd",
)
HISTORY_SECTION = ("病史", "transfusion_history reaction_history antibodies allergy gravida para")


def identity_holds(values: Values) -> Iterator[Problem]:
    """A resident ID must pass its check digit and agree with the birth date and sex beside it."""
    if values.get("id_type") != "resident_id":
        return
    try:
        said = resident_id.meaning(values["id_no"])
    except CodeError as problem:
        yield Problem("id_no", problem.code, f"证件号码：{problem.message}")
        return
    if said.number != values["id_no"]:
        yield Problem("id_no", "not-compact", f"证件号码请写成 {said.number}")
    born = values.get("birth_date")
    if born is not None and said.birth_date != born:
        yield Problem("birth_date", "contradicts-id", "出生日期与身份证号码不一致，请核对")
    if values.get("sex") in ("male", "female") and said.sex != values["sex"]:
        yield Problem("sex", "contradicts-id", "性别与身份证号码不一致，请核对")


def births_hold(values: Values) -> Iterator[Problem]:
    """A woman cannot have given birth more often than she was pregnant."""
    gravida, para = values.get("gravida"), values.get("para")
    if gravida is not None and para is not None and para > gravida:
        yield Problem("para", "para-above-gravida", "产次不能大于孕次，请核对")
