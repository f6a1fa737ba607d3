"""血袋入库 – a delivery of blood bags enters this blood bank; what is registered is never changed and never removed.

A wrong stock-in is corrected by a later record of its own, so that an inspection always finds what was received
(the user manual of the city's 医院临床用血管理系统 knows only list, register and view here; 临床输血技术规范第二十条).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records.answer import PlainAnswer
from bloodbank_desktop.records.bag import TestedBag, no_bag_twice, one_answer_per_antigen, times_in_order
from bloodbank_desktop.records.declare import (
    OPERATOR,
    Values,
    Verb,
    choice,
    choices,
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
from bloodbank_desktop.records.tables import table


def _reversal(values: Values) -> bool:
    return values.get("intake_type") == "reversal"


def _unchecked(values: Values) -> bool:
    return not _reversal(values) and values.get("checker") is None


def _temperature(label: str) -> Any:
    """Declare what was measured in one kind of transport box; a delivery may come in several (WS/T 400)."""
    return number(label, low="-99", high="40", places=1, unit="℃", default=None)


@line(
    checks=[times_in_order, one_answer_per_antigen],
    sections=[
        ("袋签", "donation_number product_code split component abo rhd amount expires_at collected_at"),
        ("录入", "entry check_character second_entry location"),
        ("到货检查", "arrival_defects regroup_abo regroup_rhd"),
        ("特殊检测与限定", "antigens_positive antigens_negative attributes restricted_to"),
    ],
)
class StockInBag(TestedBag):
    """One bag of the delivery; a re-check of its group may be registered with it or follow before it is accepted."""

    location: str | None = text("储存位置", most=40, default=None)
    arrival_defects: tuple[str, ...] | None = choices("到货检查异常", table("arrival_defect"), default=None)
    regroup_abo: str | None = choice("复检 ABO", table("abo"), default=None)
    regroup_rhd: str | None = choice("复检 RhD", table("rhd"), default=None)


@record(
    key="stock_in",
    label="血袋入库",
    verbs={Verb.REGISTER, Verb.VIEW},
    title=("intake_no",),
    newest_by="intake_at",
    answer=PlainAnswer,
    checks=[no_bag_twice],
    sections=[
        ("来源", "intake_type supplier station_issue_no intake_no reverses reversal_reason"),
        ("交接", "intake_at receiver checker solo_duty deliverer"),
        ("运输温度", "transport_temperature frozen_temperature deep_frozen_temperature platelet_temperature remark"),
        ("血袋", "bags"),
    ],
    help="扫描每袋的献血码、血型码、产品码、失效码，次序不限；扫完按 Ctrl+S 登记。",
)
class StockIn:
    """A delivery."""

    intake_no: str = text(
        "入库单号", most=32, required=True, search=True, column=16, serial="RK", wire="intakeNo", links=("intake",)
    )
    intake_type: str = choice(
        "入库类型", table("intake_type"), required=True, column=8, fresh="supply", wire="intakeType"
    )
    supplier: str = choice("供血机构", table("supplier"), required=True, column=14, fresh="shanghai_blood_center")
    station_issue_no: str | None = text(
        "血站发血单号",
        most=15,
        default=None,
        search=True,
        column=12,
        wire="stationIssueNo",
        links=("note",),
    )
    intake_at: datetime = moment("入库时间", required=True, column=14, fresh="now", wire="intakeAt")
    reverses: str | None = text(
        "冲红的入库单号",
        most=32,
        default=None,
        search=True,
        shown=_reversal,
        required=_reversal,
        links=("intake",),
    )
    reversal_reason: str | None = text("冲红原因", most=200, default=None, shown=_reversal, required=_reversal)
    receiver: str = person("接收人", required=True, search=True, column=8, fresh="operator", signed=OPERATOR)
    checker: str | None = person("核对人", default=None, column=8, signed="receipt")
    solo_duty: bool | None = flag("单人值班", words=("否", "是"), default=None, shown=_unchecked)
    deliverer: str | None = person("送血人", default=None)
    transport_temperature: Decimal | None = _temperature("冷藏箱温度")
    frozen_temperature: Decimal | None = _temperature("冷冻箱温度")
    deep_frozen_temperature: Decimal | None = _temperature("深冷箱温度")
    platelet_temperature: Decimal | None = _temperature("血小板箱温度")
    remark: str | None = note("备注", most=500, default=None)
    bags: tuple[StockInBag, ...] = lines("血袋", of=StockInBag, least=1, most=400)
