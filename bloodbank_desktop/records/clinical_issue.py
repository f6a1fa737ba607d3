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
    return values.get("crossmatch_result") not in (None, "not_required")


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
        ("外观与输注", "visual_defects started_at ended_at"),
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
    visual_defects: tuple[str, ...] | None = choices("外观缺陷", table("visual_defect"), default=None)
    started_at: datetime | None = moment("输血开始", default=None)
    ended_at: datetime | None = moment("输血结束", default=None)


def no_defect(values: Values) -> Iterator[Problem]:
    """A bag with a visual defect is not issued (临床输血技术规范第二十七条)."""
    for index, bag in enumerate(values["bags"], start=1):
        if bag.get("visual_defects"):
            yield Problem(
                "bags.visual_defects", "visual-defect", f"第 {index} 袋外观有缺陷，不得发出，请改走报废", index
            )


def crossmatch_allows(values: Values) -> Iterator[Problem]:
    """Incompatible or doubtful blood is not issued; component tables say where no crossmatch is needed (第十六条)."""
    components = table("component")
    for index, bag in enumerate(values["bags"], start=1):
        if bag["crossmatch_result"] in ("incompatible", "suspicious"):
            yield Problem("bags.crossmatch_result", "not-compatible", f"第 {index} 袋配血不相合或可疑，不得发出", index)
        if bag["crossmatch_result"] == "not_required" and components.facet(bag["component"], "crossmatch"):
            message = f"{components.word(bag['component'])}须做交叉配血，请填写配血结论"
            yield Problem("bags.crossmatch_result", "crossmatch-missing", message, index)
        done = bag.get("crossmatched_by")
        if done and done == bag.get("crossmatch_reviewer"):
            yield Problem("bags.crossmatch_reviewer", "same-person", "配血者与复核者不能是同一人", index)


def times_follow(values: Values) -> Iterator[Problem]:
    """Transfusion starts after issue and ends after its start."""
    for index, bag in enumerate(values["bags"], start=1):
        started, ended = bag.get("started_at"), bag.get("ended_at")
        if started is not None and started < values["issued_at"]:
            yield Problem("bags.started_at", "time-order", "输血开始不能早于出库时间，请核对", index)
        if ended is not None and (started is None or ended < started):
            yield Problem("bags.ended_at", "time-order", "输血结束不能早于输血开始，请核对", index)


def three_persons(values: Values) -> Iterator[Problem]:
    """Who issues does not receive and does not check herself (临床输血技术规范第二十六条)."""
    if values["issuer"] == values["collector"]:
        yield Problem("collector", "same-person", "取血者与发血者不能是同一人")
    if values.get("checker") == values["issuer"]:
        yield Problem("checker", "same-person", "复核者与发血者不能是同一人")


@record(
    key="clinical_issue",
    label="临床用血出库",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW},
    title=("issue_no", "patient_name"),
    newest_by="issued_at",
    answer=PlainAnswer,
    checks=[identity_holds, no_bag_twice, no_defect, crossmatch_allows, times_follow, three_persons],
    sections=[
        ("出库", "issue_no issued_at request_no pickup_type pickup_no purpose urgency"),
        PERSON_SECTION,
        ("手术", "surgery surgery_name surgery_level disease_group"),
        ("血袋", "bags"),
        ("交接", "issuer checker collector physician"),
        ("评价", "outcome haemoglobin_after platelets_after remark"),
    ],
    help="扫描每袋的献血码和产品码，其余按库存；Ctrl+S 登记。登记后血袋不能更改，只补填输血时间与评价。",
)
class ClinicalIssue(PersonBlock):
    """An issue to a ward."""

    issue_no: str = text("发血单号", most=32, required=True, search=True, column=16, serial="FX", links=("issue",))
    issued_at: datetime = moment("出库时间", required=True, column=14, fresh="now", fixed=True)
    request_no: str = text("申请单号", most=32, required=True, search=True, column=14, fixed=True, links=("request",))
    pickup_type: str = choice("取血类型", table("pickup_type"), required=True, fresh="ordered")
    pickup_no: str | None = code("取血单号", most=32, default=None, search=True)
    purpose: str = choice("输血目的", table("purpose"), required=True)
    urgency: str = choice("输血性质", table("urgency"), required=True, column=8, fresh="routine")
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
