"""其它血袋出库 – bags leave the stock for another end than a patient: discarded, returned, transferred, consumed.

Each has a coded reason and somebody who allowed it (WS/T 866 报废、退血; 临床输血技术规范第三十条).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bloodbank_desktop.records.answer import Receipt
from bloodbank_desktop.records.bag import BagBlock, no_bag_twice
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    line,
    lines,
    moment,
    note,
    person,
    record,
    text,
)
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table


def _transfer(values: Values) -> bool:
    return values.get("out_type") == "transfer"


def _discard(values: Values) -> bool:
    return values.get("out_type") in ("discard", "autologous")


@line(
    sections=[
        ("袋签", "donation_number product_code split component abo rhd amount expires_at collected_at"),
        ("录入", "entry check_character second_entry remark"),
    ],
)
class RemovedBag(BagBlock):
    """One bag that leaves."""

    remark: str | None = text("说明", most=100, default=None)


def approved_by_another(values: Values) -> Iterator[Problem]:
    """Nobody allows or witnesses what he asks for himself."""
    if values["approver"] == values["applicant"]:
        yield Problem("approver", "same-person", "审批人与申请人不能是同一人，请由有权限的人审批")
    if values.get("witness") == values["applicant"]:
        yield Problem("witness", "same-person", "监销人与申请人不能是同一人")


def other_reason_explained(values: Values) -> Iterator[Problem]:
    """“其他” says nothing by itself."""
    if values["reason"] == "other" and not values.get("reason_text"):
        yield Problem("reason_text", "required", "原因选“其他”时请写明具体原因")


@line()
class RemovalAnswer(Receipt):
    """Whether the other hospital has the bags of a transfer."""

    state: str | None = choice("调拨状态", table("transfer_state"), default=None)
    acknowledged_at: datetime | None = moment("确认时间", default=None)
    acknowledged_by: str | None = person("确认人", default=None)


@record(
    key="other_stock_out",
    label="其它血袋出库",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW},
    title=("out_no",),
    newest_by="out_at",
    answer=RemovalAnswer,
    checks=[no_bag_twice, approved_by_another, other_reason_explained],
    sections=[
        ("出库", "out_no out_type out_at to_hospital reason reason_text liability"),
        ("血袋", "bags"),
        ("经办", "applicant approver witness waste_handover_no remark"),
    ],
    help="扫描每袋的献血码和产品码，其余按库存；Ctrl+S 登记。登记后血袋和类型不能更改。",
)
class OtherStockOut:
    """A removal."""

    out_no: str = text("出库单号", most=32, required=True, search=True, column=16, serial="QC", links=("removal",))
    out_type: str = choice("出库类型", table("out_type"), required=True, column=10, fixed=True)
    out_at: datetime = moment("出库时间", required=True, column=14, fresh="now", fixed=True)
    to_hospital: str | None = choice(
        "调入单位", table("receiving_hospital"), default=None, shown=_transfer, required=_transfer, fixed=True
    )
    reason: str = choice("原因", table("out_reason"), required=True, column=12)
    reason_text: str | None = text("原因说明", most=200, default=None)
    liability: str | None = choice("责任归属", table("liability"), default=None)
    applicant: str = person("申请人", required=True, search=True, column=8, fresh="operator", fixed=True)
    approver: str = person("审批人", required=True, column=8, fixed=True)
    witness: str | None = person("监销人", default=None, shown=_discard)
    waste_handover_no: str | None = text("医疗废物交接单号", most=40, default=None, shown=_discard)
    remark: str | None = note("备注", most=500, default=None)
    bags: tuple[RemovedBag, ...] = lines("血袋", of=RemovedBag, least=1, most=200, fixed=True)
