"""输血不良反应 – a reaction to blood that was issued (临床输血技术规范第三十三、三十四条、附件九; WS/T 624-2018)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.answer import Receipt
from bloodbank_desktop.records.bag import BagIdentity, no_bag_twice
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    choices,
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


def _vital(label: str, low: str, high: str, unit: str, *, places: int = 0, required: bool = True) -> Any:
    return number(label, low=low, high=high, places=places, unit=unit, required=required, default=None)


@line()
class SuspectedBag(BagIdentity):
    """One bag that was given before the reaction."""

    given_ml: Decimal | None = number("已输量", low="0", high="2000", unit="ml", default=None)
    started_at: datetime = moment("输血开始", required=True)
    ended_at: datetime | None = moment("输血结束", default=None)


def onset_after_start(values: Values) -> Iterator[Problem]:
    """A reaction appears after the first of the bags was begun, and is reported after it appeared."""
    first = min(bag["started_at"] for bag in values["bags"])
    if values["onset_at"] < first:
        yield Problem("onset_at", "time-order", "反应出现时间早于最早一袋的输血开始时间，请核对")
    if values["reported_at"] < values["onset_at"]:
        yield Problem("reported_at", "time-order", "报告时间不能早于反应出现时间，请核对")
    for index, bag in enumerate(values["bags"], start=1):
        ended = bag.get("ended_at")
        if ended is not None and ended < bag["started_at"]:
            yield Problem("bags.ended_at", "time-order", "输血结束不能早于输血开始，请核对", index)


def death_agrees(values: Values) -> Iterator[Problem]:
    """Severity “死亡” and outcome “死亡” are said together or not at all."""
    if (values["severity"] == "death") != (values["outcome"] == "death"):
        yield Problem("outcome", "contradicts-severity", "严重程度与转归关于死亡的说法不一致，请核对")


@line()
class ReactionAnswer(Receipt):
    """Whether somebody on the other side has read the report."""

    state: str | None = choice("上报状态", table("reaction_state"), default=None)
    acknowledged_at: datetime | None = moment("收悉时间", default=None)
    remark: str | None = note("平台说明", most=500, default=None)


@record(
    key="adverse_reaction",
    label="输血不良反应",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE},
    title=("report_no", "patient_name"),
    newest_by="onset_at",
    answer=ReactionAnswer,
    checks=[identity_holds, births_hold, onset_after_start, no_bag_twice, death_agrees],
    sections=[
        ("报告", "report_no reported_at reporter issue_no"),
        PERSON_SECTION,
        HISTORY_SECTION,
        ("检查", "antibody_screen premedication"),
        ("血袋", "bags"),
        (
            "反应",
            "onset_at temperature_before temperature systolic_before diastolic_before systolic diastolic pulse"
            " respiration oxygen_saturation symptoms findings",
        ),
        ("判断", "reaction_type severity imputability called_at"),
        ("处理", "treatment investigations outcome station_informed_at leftover_blood conclusion reviewer remark"),
    ],
    help="先处理病人。Ctrl+S 登记；登记后可修改、删除，每次修改都会留痕并报送平台。",
)
class AdverseReaction(PatientBlock):
    """A report."""

    report_no: str = text("报告单号", most=32, required=True, search=True, column=16, serial="FY", links=("reaction",))
    reported_at: datetime = moment("报告时间", required=True, fresh="now")
    reporter: str = person("报告人", required=True, fresh="operator")
    issue_no: str | None = text("发血单号", most=32, default=None, search=True, links=("issue",))
    antibody_screen: str = choice("抗体筛查", table("screen_result"), required=True)
    premedication: str | None = text("输血前用药", most=100, default=None)
    onset_at: datetime = moment("反应出现时间", required=True, column=14)
    temperature_before: Decimal = _vital("输血前体温", "30", "44", "℃", places=1)
    temperature: Decimal = _vital("反应时体温", "30", "44", "℃", places=1)
    systolic_before: Decimal | None = _vital("输血前收缩压", "30", "300", "mmHg", required=False)
    diastolic_before: Decimal | None = _vital("输血前舒张压", "10", "200", "mmHg", required=False)
    systolic: Decimal = _vital("反应时收缩压", "0", "300", "mmHg")
    diastolic: Decimal = _vital("反应时舒张压", "0", "200", "mmHg")
    pulse: Decimal = _vital("脉搏", "0", "300", "次/分")
    respiration: Decimal = _vital("呼吸", "0", "100", "次/分")
    oxygen_saturation: Decimal | None = _vital("血氧饱和度", "0", "100", "%", required=False)
    symptoms: tuple[str, ...] = choices("症状体征", table("symptom"), required=True)
    findings: tuple[str, ...] | None = choices("检查所见", table("reaction_finding"), default=None)
    reaction_type: str = choice("反应类型", table("reaction_type"), required=True, column=14)
    severity: str = choice("严重程度", table("severity"), required=True, column=8)
    imputability: str = choice("相关性", table("imputability"), required=True)
    called_at: datetime | None = moment("电话报告时间", default=None)
    treatment: tuple[str, ...] = choices("处理措施", table("treatment"), required=True)
    investigations: tuple[str, ...] | None = choices("调查项目", table("investigation"), default=None)
    outcome: str = choice("转归", table("patient_outcome"), required=True, column=8)
    station_informed_at: datetime | None = moment("通知血站时间", default=None)
    leftover_blood: str | None = text("剩余血液处理", most=100, default=None)
    conclusion: str | None = note("结论", most=1000, default=None)
    reviewer: str | None = person("审核人", default=None)
    remark: str | None = note("备注", most=500, default=None)
    bags: tuple[SuspectedBag, ...] = lines("血袋", of=SuspectedBag, least=1, most=60)
