"""免疫血液学检测申请 – a sample goes to the reference laboratory of the blood centre, and its report comes back.

What the laboratory answers is shown beside the request and is never typed here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from bloodbank_desktop.records.answer import Receipt
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    choices,
    code,
    day,
    line,
    lines,
    moment,
    note,
    number,
    person,
    record,
    text,
)
from bloodbank_desktop.records.patient import HISTORY_SECTION, PERSON_SECTION, PatientBlock, births_hold, identity_holds
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table

SAMPLE_DAYS = 3


@line()
class Specimen:
    """One kind of tube."""

    specimen_type: str = choice("标本类型", table("specimen_type"), required=True)
    barcode: str = code("标本条码", most=32, required=True, search=True)
    tubes: Decimal = number("管数", low="1", high="20", required=True)
    volume: Decimal | None = number("每管", low="0.5", high="20", places=1, unit="ml", default=None)
    drawn_at: datetime = moment("采集时间", required=True)
    drawn_by: str = person("采集者", required=True)


def specimens_fresh(values: Values) -> Iterator[Problem]:
    """A sample is drawn before it is sent and not older than three days then (临床输血技术规范第十四条)."""
    for index, one in enumerate(values["specimens"], start=1):
        if one["drawn_at"] > values["sent_at"]:
            yield Problem("specimens.drawn_at", "time-order", "采集时间不能晚于送检时间，请核对", index)
        elif (values["sent_at"] - one["drawn_at"]).total_seconds() > SAMPLE_DAYS * 86400:
            yield Problem("specimens.drawn_at", "too-old", "标本采集已超过 3 天，请重新采集", index)


def sent_after_request(values: Values) -> Iterator[Problem]:
    """A sample is sent not before it is requested."""
    if values["sent_at"] < values["requested_at"]:
        yield Problem("sent_at", "time-order", "送检时间不能早于申请时间，请核对")


@line()
class TestResult:
    """The result of one test."""

    test: str = choice("检测项目", table("immuno_test"), required=True)
    result: str = text("结果", most=200, required=True)


@line()
class ReferralAnswer(Receipt):
    """What the reference laboratory says."""

    state: str | None = choice("送检状态", table("sample_state"), default=None)
    sample_received_at: datetime | None = moment("标本接收时间", default=None)
    rejection: str | None = text("拒收原因", most=200, default=None)
    antibodies: tuple[str, ...] | None = choices("检出抗体", table("antibody"), default=None)
    conclusion: str | None = note("结论", most=1000, default=None)
    advice: str | None = note("输血建议", most=1000, default=None)
    reported_by: str | None = person("报告人", default=None)
    reviewed_by: str | None = person("审核人", default=None)
    reported_at: datetime | None = moment("报告时间", default=None)
    results: tuple[TestResult, ...] = lines("检测结果", of=TestResult, most=30)


def locked(answer: Values) -> str | None:
    """A request is the hospital's until the sample is received; a rejected sample is sent anew."""
    if answer.get("state") in (None, "rejected"):
        return None
    return "中心已收到标本，不能再修改或删除；确需变更请电话联系中心实验室"


@record(
    key="immunohaematology_request",
    label="免疫血液学检测申请",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE},
    title=("request_no", "patient_name"),
    newest_by="requested_at",
    answer=ReferralAnswer,
    locked=locked,
    checks=[identity_holds, births_hold, sent_after_request, specimens_fresh],
    sections=[
        ("申请", "request_no requested_at test_urgency tests referral_reason"),
        PERSON_SECTION,
        HISTORY_SECTION,
        ("既往", "ethnicity last_transfusion_on transplant drugs"),
        (
            "本院结果",
            "forward_group reverse_group own_rhd own_antibody_screen own_crossmatch own_dat own_remark",
        ),
        ("标本", "specimens"),
        ("拟用血", "planned_component planned_amount planned_at"),
        ("送检", "contact phone sent_by sent_at remark"),
    ],
    help="Ctrl+S 登记并报送；中心收到标本以前可以修改、删除。结果回来后显示在本记录。",
)
class ImmunohaematologyRequest(PatientBlock):
    """A referral."""

    request_no: str = text("申请单号", most=32, required=True, search=True, column=16, serial="MY", links=("referral",))
    requested_at: datetime = moment("申请时间", required=True, column=14, fresh="now")
    test_urgency: str = choice("紧急程度", table("test_urgency"), required=True, column=6, fresh="routine")
    tests: tuple[str, ...] = choices("检测项目", table("immuno_test"), required=True)
    referral_reason: str = choice("送检原因", table("referral_reason"), required=True, column=10)
    ethnicity: str | None = text("民族", most=20, default=None)
    last_transfusion_on: date | None = day(
        "末次输血日期", default=None, shown=lambda v: v.get("transfusion_history") == "yes"
    )
    transplant: str | None = text("移植史", most=100, default=None)
    drugs: tuple[str, ...] = choices("用药史", table("interfering_drug"), required=True)
    forward_group: str = choice("正定型", table("forward_group"), required=True)
    reverse_group: str = choice("反定型", table("forward_group"), required=True)
    own_rhd: str = choice("RhD", table("rhd_patient"), required=True)
    own_antibody_screen: str = choice("抗体筛查", table("screen_result"), required=True)
    own_crossmatch: str | None = choice("交叉配血", table("crossmatch_result"), default=None)
    own_dat: str | None = choice("直接抗球蛋白", table("screen_result"), default=None)
    own_remark: str | None = note("本院结果说明", most=500, default=None)
    planned_component: str | None = choice("拟输品种", table("component"), default=None)
    planned_amount: Decimal | None = number("拟输量", low="0.5", high="1000", places=1, default=None)
    planned_at: datetime | None = moment("拟输时间", default=None)
    contact: str = person("联系人", required=True)
    phone: str = text("联系电话", most=30, required=True)
    sent_by: str = person("送检人", required=True, fresh="operator")
    sent_at: datetime = moment("送检时间", required=True, fresh="now")
    remark: str | None = note("备注", most=500, default=None)
    specimens: tuple[Specimen, ...] = lines("标本", of=Specimen, least=1, most=20)
