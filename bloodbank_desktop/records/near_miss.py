"""险兆事件 – what nearly went wrong, kept so that its cause can be mended before a patient bears it.

It stays in this hospital: whoever fears that a report travels does not write one (医疗质量安全不良事件报告 自愿、非惩罚;
NHSN 57.302). The danger is a report that is too long to write while a bag waits, so a blocked scan fills most of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from bloodbank_desktop.records.declare import (
    OPERATOR,
    Values,
    Verb,
    choice,
    moment,
    note,
    number,
    person,
    record,
    text,
)
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table


def concluded(values: Values) -> bool:
    """Whether somebody has thought about the cause."""
    return values.get("status") in ("analysed", "closed")


def reported_after_found(values: Values) -> Iterator[Problem]:
    """What is reported was found before."""
    if values["reported_at"] < values["found_at"]:
        yield Problem("reported_at", "time-order", "报告时间不能早于发现时间，请核对")


@record(
    key="near_miss",
    label="险兆事件",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW},
    title=("report_no",),
    newest_by="found_at",
    checks=[reported_after_found],
    travels=False,
    sections=[
        ("发现", "report_no found_at stage bag harm"),
        ("系统提示", "alert_no rule message"),
        ("经过", "happened cause action"),
        ("处理", "status conclusion"),
        ("报告", "reporter reported_at"),
    ],
    help="只在本院保存，不报送平台。写明经过即可登记，原因分析可以以后修改补充。",
)
class NearMiss:
    """A report; `alert_no`, `rule` and `message` say which alert of this workstation it came from."""

    report_no: str = text("险兆编号", most=32, required=True, search=True, column=16, serial="XZ")
    found_at: datetime = moment("发现时间", required=True, fresh="now", column=14)
    stage: str = choice("发现环节", table("near_miss_stage"), required=True, column=8)
    bag: str | None = text("血袋", most=60, default=None, search=True, column=16)
    harm: str = choice("后果", table("near_miss_harm"), required=True, column=10)
    alert_no: Decimal | None = number("提示编号", low="1", high="1000000000", default=None)
    rule: str | None = text("规则", most=80, default=None, search=True)
    message: str | None = note("提示内容", most=1000, default=None)
    happened: str = note("事情经过", most=1000, required=True)
    cause: str = choice("原因", table("near_miss_cause"), required=True, column=14)
    action: str = note("已采取的措施", most=1000, required=True)
    status: str = choice("处理状态", table("near_miss_state"), required=True, fresh="open", column=8)
    conclusion: str | None = note("分析与改进", most=1000, default=None, required=concluded, shown=concluded)
    reporter: str = person("报告人", required=True, column=8, fresh="operator", fixed=True, signed=OPERATOR)
    reported_at: datetime = moment("报告时间", required=True, fresh="now")
