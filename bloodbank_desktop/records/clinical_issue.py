"""临床用血出库 – bags leave for one patient (临床输血技术规范第二十五至二十九条; WS/T 866 医疗机构用血、交叉配血).

Issued blood does not come back into the stock. What is learned later – start, end, effect – is added by an amendment;
the bags, the patient and the request of a registered issue never change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bloodbank_desktop.records.answer import PlainAnswer
from bloodbank_desktop.records.bag import BagBlock, no_bag_twice
from bloodbank_desktop.records.declare import (
    OPERATOR,
    Values,
    Verb,
    choice,
    choices,
    code,
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
from bloodbank_desktop.records.patient import PERSON_SECTION, PersonBlock, identity_holds
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table


def _crossmatched(values: Values) -> bool:
    return values.get("crossmatch_result") not in (None, "not_required", "pending")


def emergency(values: Values) -> bool:
    """Whether blood leaves before order, sample or crossmatch are complete (医疗机构临床用血管理办法第二十条)."""
    return values.get("pickup_type") == "emergency"


def _ordered(values: Values) -> bool:
    return not emergency(values)


def _sampled(values: Values) -> bool:
    return values.get("sample_no") is not None


def _surgery(values: Values) -> bool:
    return values.get("surgery") is True


@line(
    sections=[
        ("袋签", "donation_number product_code split component abo rhd amount expires_at collected_at"),
        ("录入", "entry check_character second_entry"),
        (
            "交叉配血",
            "crossmatch_result crossmatch_method major_side minor_side crossmatched_by crossmatch_reviewer"
            " crossmatched_at",
        ),
        ("外观与输注", "inspected visual_defects started_at ended_at"),
    ],
)
class IssuedBag(BagBlock):
    """One bag that leaves, with its crossmatch, its inspection and, later, when it was given."""

    crossmatch_result: str = choice("配血结论", table("crossmatch_result"), required=True)
    crossmatch_method: str | None = choice(
        "配血方法", table("crossmatch_method"), default=None, shown=_crossmatched, required=_crossmatched
    )
    major_side: str | None = choice(
        "主侧", table("crossmatch_side"), default=None, shown=_crossmatched, required=_crossmatched
    )
    minor_side: str | None = choice("次侧", table("crossmatch_side"), default=None, shown=_crossmatched)
    crossmatched_by: str | None = person("配血者", default=None, shown=_crossmatched, required=_crossmatched)
    crossmatch_reviewer: str | None = person("配血复核者", default=None, shown=_crossmatched)
    crossmatched_at: datetime | None = moment("配血时间", default=None, shown=_crossmatched)
    inspected: bool = flag("外观八项", words=("未检查", "已逐项检查"), required=True, fixed=True)
    visual_defects: tuple[str, ...] | None = choices("外观缺陷", table("visual_defect"), default=None, fixed=True)
    started_at: datetime | None = moment("输血开始", default=None)
    ended_at: datetime | None = moment("输血结束", default=None)


def sampled_before(values: Values) -> Iterator[Problem]:
    """A sample is drawn before blood leaves for its patient."""
    if values.get("sampled_at") is not None and values["sampled_at"] > values["issued_at"]:
        yield Problem("sampled_at", "time-order", "采样时间不能晚于出库时间，请核对标本标签")


def times_follow(values: Values) -> Iterator[Problem]:
    """Transfusion starts after issue and ends after its start."""
    for index, bag in enumerate(values["bags"], start=1):
        started, ended = bag.get("started_at"), bag.get("ended_at")
        if started is not None and started < values["issued_at"]:
            yield Problem("bags.started_at", "time-order", "输血开始不能早于出库时间，请核对", index)
        if ended is not None and (started is None or ended < started):
            yield Problem("bags.ended_at", "time-order", "输血结束不能早于输血开始，请核对", index)


@record(
    key="clinical_issue",
    label="临床用血出库",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW},
    title=("issue_no", "patient_name"),
    newest_by="issued_at",
    answer=PlainAnswer,
    checks=[identity_holds, no_bag_twice, times_follow, sampled_before],
    sections=[
        (
            "出库",
            "issue_no issued_at needed_at request_no pickup_type pickup_no purpose urgency emergency_reason"
            " emergency_approver",
        ),
        # The bags stand where they are seen while they are scanned; who the patient is stands above in the largest type.
        ("血袋", "bags"),
        (
            "标本",
            "sample_no sampled_at forward_group reverse_group sample_rhd second_abo second_rhd antibody_screen antibodies",
        ),
        PERSON_SECTION,
        ("手术", "surgery surgery_name surgery_level disease_group"),
        ("交接", "issuer checker collector physician"),
        ("评价", "outcome haemoglobin_after platelets_after remark"),
    ],
    help="扫描每袋的献血码和产品码，其余按库存；Ctrl+S 登记。登记后血袋不能更改，只补填输血时间与评价。",
)
class ClinicalIssue(PersonBlock):
    """An issue to a ward."""

    issue_no: str = text("发血单号", most=32, required=True, search=True, column=16, serial="FX", links=("issue",))
    issued_at: datetime = moment("出库时间", required=True, column=14, fresh="now", fixed=True)
    needed_at: datetime = moment("需用时间", required=True, fixed=True)
    request_no: str | None = text(
        "申请单号", most=32, default=None, required=_ordered, search=True, column=14, links=("request",)
    )
    pickup_type: str = choice("取血类型", table("pickup_type"), required=True, fresh="ordered", fixed=True)
    pickup_no: str | None = code("取血单号", most=32, default=None, search=True)
    purpose: str = choice("输血目的", table("purpose"), required=True)
    urgency: str = choice("输血性质", table("urgency"), required=True, column=8, fresh="routine")
    emergency_reason: str | None = text(
        "紧急原因", most=200, default=None, shown=emergency, required=emergency, fixed=True
    )
    emergency_approver: str | None = person(
        "紧急用血批准人", default=None, shown=emergency, required=emergency, fixed=True
    )
    sample_no: str | None = code("标本号", most=32, default=None, search=True, required=_ordered)
    sampled_at: datetime | None = moment("采样时间", default=None, shown=_sampled, required=_sampled)
    forward_group: str | None = choice(
        "正定型", table("forward_group"), default=None, shown=_sampled, required=_sampled
    )
    reverse_group: str | None = choice(
        "反定型", table("forward_group"), default=None, shown=_sampled, required=_sampled
    )
    sample_rhd: str | None = choice("标本 RhD", table("rhd_patient"), default=None, shown=_sampled, required=_sampled)
    second_abo: str | None = choice("第二次 ABO", table("abo_patient"), default=None, shown=_sampled)
    second_rhd: str | None = choice("第二次 RhD", table("rhd_patient"), default=None, shown=_sampled)
    antibody_screen: str | None = choice(
        "抗体筛查", table("screen_result"), default=None, shown=_sampled, required=_sampled
    )
    antibodies: tuple[str, ...] | None = choices("检出抗体", table("antibody"), default=None, shown=_sampled)
    surgery: bool = flag("手术用血", required=True)
    surgery_name: str | None = text("手术名称", default=None, shown=_surgery, required=_surgery)
    surgery_level: str | None = choice(
        "手术级别", table("surgery_level"), default=None, shown=_surgery, required=_surgery
    )
    disease_group: str | None = text("病种", most=60, default=None)
    issuer: str = person("发血者", required=True, column=8, fresh="operator", fixed=True, signed=OPERATOR)
    checker: str | None = person("复核者", default=None, fixed=True)
    collector: str = person("取血者", required=True, fixed=True, signed="handover")
    physician: str = person("经治医师", required=True)
    outcome: str | None = choice("输血疗效", table("outcome_evaluation"), default=None)
    haemoglobin_after: Decimal | None = number("输血后血红蛋白", low="10", high="250", unit="g/L", default=None)
    platelets_after: Decimal | None = number("输血后血小板", low="0", high="3000", unit="×10⁹/L", default=None)
    remark: str | None = note("备注", most=500, default=None)
    bags: tuple[IssuedBag, ...] = lines("血袋", of=IssuedBag, least=1, most=60, fixed=True)
