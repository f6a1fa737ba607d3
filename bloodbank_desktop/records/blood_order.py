"""血液预订 – the hospital orders blood from the blood station (WS/T 866 医疗机构订血; 医疗机构临床用血管理办法第十三条).

What the station answers belongs to the station: it stands beside the order and never overwrites what was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bloodbank_desktop.records.answer import Receipt
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
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table


def _for_one_patient(values: Values) -> bool:
    return values.get("order_type") in ("rare", "reserved")


@line()
class OrderLine:
    """One component wanted; the unit is the component's."""

    component: str = choice("血液品种", table("component"), required=True, wire="bloodComponentCode")
    abo: str = choice("ABO 血型", table("abo"), required=True)
    rhd: str = choice("RhD 血型", table("rhd"), required=True)
    amount: Decimal = number("数量", low="0.5", high="10000", places=1, step="0.5", required=True)
    specification: str | None = text("规格", most=40, default=None)
    processing: tuple[str, ...] | None = choices("特殊要求", table("processing"), default=None)
    remark: str | None = text("说明", most=100, default=None)


def planned_after_order(values: Values) -> Iterator[Problem]:
    """Blood is planned for a moment not before the order."""
    if values["planned_at"] < values["ordered_at"]:
        yield Problem("planned_at", "time-order", "预定用血时间不能早于订血时间，请核对")


def no_line_twice(values: Values) -> Iterator[Problem]:
    """The same component, group and requirement stands in one line, so that the answer is unmistakable."""
    seen: dict[object, int] = {}
    for index, one in enumerate(values["order_lines"], start=1):
        what = tuple(one.get(key) for key in ("component", "abo", "rhd", "specification", "processing"))
        first = seen.setdefault(what, index)
        if first != index:
            message = f"第 {index} 行与第 {first} 行的品种、血型、规格和要求相同，请合并数量"
            yield Problem("order_lines.component", "same-line", message, index)


@line()
class LineReply:
    """What the station says of one line; `line` counts from 1."""

    line: Decimal = number("行", low="1", high="60", required=True)
    reply: str = choice("答复", table("line_reply"), required=True)
    amount: Decimal | None = number("满足数量", low="0", high="10000", places=1, default=None)
    substitute: str | None = choice("建议替代品种", table("component"), default=None)
    remark: str | None = text("说明", most=100, default=None)


@line()
class OrderAnswer(Receipt):
    """What the station says of an order."""

    state: str | None = choice("预订状态", table("order_state"), default=None)
    planned_arrival: datetime | None = moment("预计送达", default=None)
    dispatch_note_no: str | None = text("血站发血单号", most=40, default=None)
    replied_by: str | None = person("答复人", default=None)
    remark: str | None = note("血站说明", most=500, default=None)
    replies: tuple[LineReply, ...] = lines("逐行答复", of=LineReply, most=60)


def locked(answer: Values) -> str | None:
    """An order is the hospital's until the station has accepted it."""
    if answer.get("state") is None:
        return None
    return "血站已经受理这张预订单，不能再修改或删除；确需变更请电话联系血站"


@record(
    key="blood_order",
    label="血液预订",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE},
    title=("order_no",),
    newest_by="ordered_at",
    answer=OrderAnswer,
    locked=locked,
    checks=[planned_after_order, no_line_twice],
    sections=[
        ("预订", "order_no order_type ordered_at planned_at supplier delivery_mode request_no"),
        ("品种", "order_lines"),
        ("经办", "orderer reviewer phone remark"),
    ],
    help="Ctrl+S 登记并报送血站；血站受理以前可以修改、删除。",
)
class BloodOrder:
    """An order."""

    order_no: str = text("预订单号", most=32, required=True, search=True, column=16, serial="YD", links=("order",))
    order_type: str = choice("订血类型", table("order_type"), required=True, column=10, fresh="routine")
    ordered_at: datetime = moment("订血时间", required=True, column=14, fresh="now")
    planned_at: datetime = moment("预定用血时间", required=True, column=14, wire="plannedUseAt")
    supplier: str = choice("供血机构", table("supplier"), required=True, column=14, fresh="shanghai_blood_center")
    delivery_mode: str = choice("送取方式", table("delivery_mode"), required=True, fresh="delivered")
    request_no: str | None = text(
        "关联申请单号",
        most=32,
        default=None,
        search=True,
        required=_for_one_patient,
        help="特殊、稀有或预约的血液必须写明为哪张申请单",
        links=("request",),
    )
    orderer: str = person("预订人", required=True, search=True, column=8, fresh="operator")
    reviewer: str | None = person("审核人", default=None)
    phone: str = text("联系电话", most=30, required=True)
    remark: str | None = note("备注", most=500, default=None)
    order_lines: tuple[OrderLine, ...] = lines("预订品种", of=OrderLine, least=1, most=60, wire="lines")
