"""输血申请单 – a ward asks for blood for one patient (临床输血技术规范附件七; 医疗机构临床用血管理办法第二十条).

The group asked for, the patient's group and the label of a bag are separate facts; none of them overwrites another.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.answer import PlainAnswer
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    choices,
    code,
    day,
    flag,
    line,
    lines,
    moment,
    note,
    number,
    person,
    record,
    text,
)
from bloodbank_desktop.records.patient import (
    HISTORY_SECTION,
    PERSON_SECTION,
    PatientBlock,
    births_hold,
    identity_holds,
)
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table


def _emergency(values: Values) -> bool:
    return values.get("urgency") == "emergency"


def _surgery(values: Values) -> bool:
    return values.get("surgery") is True


def _consented(values: Values) -> bool:
    return values.get("consent") is True


def _not_consented(values: Values) -> bool:
    return values.get("consent") is False


def _marker(label: str, wire: str) -> Any:
    """Declare one of the infectious markers before transfusion (输血前检查)."""
    return choice(label, table("marker_result"), required=True, wire=wire)


@line()
class RequestedComponent:
    """One component asked for."""

    component: str = choice("血液品种", table("component"), required=True, wire="bloodComponentCode")
    abo: str = choice("申请 ABO", table("abo_patient"), required=True)
    rhd: str = choice("申请 RhD", table("rhd_patient"), required=True)
    amount: Decimal = number("数量", low="0.5", high="10000", places=1, step="0.5", required=True)
    remark: str | None = text("说明", most=100, default=None)


@line()
class Approval:
    """One step of the approval chain, done by a named person."""

    role: str = choice("审批环节", table("approval_role"), required=True)
    name: str = person("姓名", required=True)
    grade: str | None = choice("职称", table("physician_grade"), default=None)
    approved_at: datetime = moment("时间", required=True, wire="approvedAt")
    opinion: str | None = text("意见", most=100, default=None)


def planned_after_request(values: Values) -> Iterator[Problem]:
    """Blood is planned for a moment not before the request."""
    if values["planned_at"] < values["requested_at"]:
        yield Problem("planned_at", "time-order", "预定输血时间不能早于申请时间，请核对")


def applicant_signs(values: Values) -> Iterator[Problem]:
    """A request bears the requesting physician (医疗机构临床用血管理办法第二十条)."""
    if not any(step["role"] == "applicant" for step in values["approvals"]):
        yield Problem("approvals", "no-applicant", "审批栏至少要有申请医师，请添加一行")


@record(
    key="transfusion_request",
    label="输血申请单",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE, Verb.IMPORT, Verb.EXPORT},
    title=("request_no", "patient_name"),
    newest_by="requested_at",
    answer=PlainAnswer,
    checks=[planned_after_request, applicant_signs, identity_holds, births_hold],
    sections=[
        ("申请", "request_no requested_at planned_at urgency emergency_reason purpose indication blood_source"),
        PERSON_SECTION,
        HISTORY_SECTION,
        ("申请血液", "components processing"),
        ("检验", "haemoglobin haematocrit platelets pt aptt fibrinogen laboratory_at"),
        ("输血前检查", "alt hbsag anti_hbs hbeag anti_hbe anti_hbc anti_hcv anti_hiv syphilis"),
        (
            "同意与手术",
            "consent consent_signer consent_on consent_exemption consent_exempted_by"
            " surgery surgery_name surgery_level surgery_on autologous_plan",
        ),
        ("标本", "sample_no sampled_at sampled_by"),
        ("审批", "approvals remark"),
    ],
    help="Ctrl+S 登记；登记后可修改、删除，每次修改都会留痕并报送平台。",
)
class TransfusionRequest(PatientBlock):
    """A request."""

    request_no: str = text(
        "申请单号", most=32, required=True, search=True, column=16, serial="SQ", wire="requestNo", links=("request",)
    )
    requested_at: datetime = moment("申请时间", required=True, column=14, fresh="now", wire="requestedAt")
    planned_at: datetime = moment("预定输血时间", required=True, column=14, wire="plannedAt")
    urgency: str = choice("输血性质", table("urgency"), required=True, column=8, fresh="routine")
    emergency_reason: str | None = text(
        "紧急原因", default=None, shown=_emergency, required=_emergency, wire="emergencyReason"
    )
    purpose: str = choice("输血目的", table("purpose"), required=True)
    indication: str = text("输血指征", required=True)
    blood_source: str = choice("血液来源", table("blood_source"), required=True, fresh="stock", wire="bloodSource")
    processing: tuple[str, ...] | None = choices("特殊处理", table("processing"), default=None)
    haemoglobin: Decimal | None = number("血红蛋白", low="10", high="250", unit="g/L", default=None)
    haematocrit: Decimal | None = number("红细胞压积", low="3", high="75", places=1, unit="%", default=None)
    platelets: Decimal | None = number("血小板", low="0", high="3000", unit="×10⁹/L", default=None)
    pt: Decimal | None = number("PT", low="5", high="200", places=1, unit="s", default=None)
    aptt: Decimal | None = number("APTT", low="5", high="200", places=1, unit="s", default=None)
    fibrinogen: Decimal | None = number("纤维蛋白原", low="0", high="15", places=2, unit="g/L", default=None)
    laboratory_at: datetime | None = moment("检验时间", default=None, wire="laboratoryAt")
    alt: str = _marker("ALT", "alt")
    hbsag: str = _marker("HBsAg", "hbsAg")
    anti_hbs: str = _marker("抗-HBs", "antiHbs")
    hbeag: str = _marker("HBeAg", "hbeAg")
    anti_hbe: str = _marker("抗-HBe", "antiHbe")
    anti_hbc: str = _marker("抗-HBc", "antiHbc")
    anti_hcv: str = _marker("抗-HCV", "antiHcv")
    anti_hiv: str = _marker("抗-HIV1/2", "antiHiv")
    syphilis: str = _marker("梅毒", "syphilis")
    consent: bool = flag("输血治疗知情同意书", words=("未签", "已签"), required=True)
    consent_signer: str | None = choice(
        "签署人", table("consent_signer"), default=None, shown=_consented, required=_consented, wire="consentSigner"
    )
    consent_on: date | None = day("签署日期", default=None, shown=_consented, required=_consented, wire="consentOn")
    consent_exemption: str | None = choice(
        "免签依据",
        table("consent_exemption"),
        default=None,
        shown=_not_consented,
        required=_not_consented,
        wire="consentExemption",
    )
    consent_exempted_by: str | None = person(
        "免签批准人", default=None, shown=_not_consented, required=_not_consented, wire="consentExemptedBy"
    )
    surgery: bool = flag("手术用血", required=True)
    surgery_name: str | None = text("手术名称", default=None, shown=_surgery, required=_surgery, wire="surgeryName")
    surgery_level: str | None = choice(
        "手术级别", table("surgery_level"), default=None, shown=_surgery, required=_surgery, wire="surgeryLevel"
    )
    surgery_on: date | None = day("手术日期", default=None, shown=_surgery, wire="surgeryOn")
    autologous_plan: bool | None = flag("自体输血计划", words=("无", "有"), default=None, wire="autologousPlan")
    sample_no: str | None = code("标本号", most=32, default=None, search=True, wire="sampleNo")
    sampled_at: datetime | None = moment(
        "采样时间", default=None, wire="sampledAt", required=lambda v: v.get("sample_no") is not None
    )
    sampled_by: str | None = person(
        "采样者", default=None, wire="sampledBy", required=lambda v: v.get("sample_no") is not None
    )
    components: tuple[RequestedComponent, ...] = lines("申请品种", of=RequestedComponent, least=1, most=30)
    approvals: tuple[Approval, ...] = lines("审批", of=Approval, least=1, most=10)
    remark: str | None = note("备注", default=None)
