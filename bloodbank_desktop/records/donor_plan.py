"""献血者用血计划激活 – shares of blood that 献血办 allocated to this hospital for a donor; activated once, one way.

Plans are made and taken back on the platform only. Activation adds the share to the hospital's quota (user manual of the
city's 医院临床用血管理系统; the fields are our own, since no list of them is public).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from bloodbank_desktop.records.answer import Receipt
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    code,
    day,
    line,
    moment,
    number,
    person,
    record,
    text,
)
from bloodbank_desktop.records.tables import table


@line()
class PlanAnswer(Receipt):
    """What became of a plan; amounts in the unit of the component."""

    state: str | None = choice("计划状态", table("plan_state"), default=None)
    used: Decimal | None = number("已用", low="0", high="10000", places=1, default=None)
    remaining: Decimal | None = number("剩余", low="0", high="10000", places=1, default=None)


def locked(answer: Values) -> str | None:
    """Only a plan that is allocated and not yet used can be activated."""
    state = answer.get("state")
    if state in (None, "allocated"):
        return None
    return f"这份计划{table('plan_state').word(state)}，不能再激活"


@record(
    key="donor_plan",
    label="献血者用血计划激活",
    verbs={Verb.VIEW, Verb.ACTIVATE},
    title=("plan_no", "donor_name"),
    newest_by="allocated_on",
    answer=PlanAnswer,
    locked=locked,
    activation=("activated_at", "activated_by", "link_no"),
    sections=[
        ("计划", "plan_no allocator allocated_on component abo rhd quota valid_until"),
        ("献血者", "donor_name donor_id_no donation_certificate_no donated_on donation_type"),
        ("受益人", "beneficiary relation"),
        ("激活", "activated_at activated_by link_no"),
    ],
    help="计划由献血办分配；选中一份按 Ctrl+Enter 激活。激活后不能撤回。",
)
class DonorPlan:
    """A plan; names and numbers of donors come masked from the platform."""

    plan_no: str = text("计划编号", most=40, required=True, search=True, column=16, links=("plan",))
    allocator: str = text("分配机构", most=60, required=True, column=14)
    allocated_on: date = day("分配日期", required=True, column=10)
    component: str = choice("血液品种", table("component"), required=True, column=12, wire="bloodComponentCode")
    abo: str | None = choice("ABO 血型", table("abo"), default=None)
    rhd: str | None = choice("RhD 血型", table("rhd"), default=None)
    quota: Decimal = number("份额", low="0.5", high="10000", places=1, required=True, column=6)
    valid_until: date | None = day("有效期至", default=None, column=10)
    donor_name: str = person("献血者", required=True, search=True, column=8)
    donor_id_no: str | None = text("献血者证件号码", most=30, default=None)
    donation_certificate_no: str | None = code("献血证号", most=32, default=None, search=True)
    donated_on: date | None = day("献血日期", default=None)
    donation_type: str | None = choice("献血类型", table("donation_type"), default=None)
    beneficiary: str | None = person("受益用血者", default=None, search=True)
    relation: str | None = choice("与献血者关系", table("donor_relation"), default=None)
    activated_at: datetime | None = moment("激活时间", default=None, column=14)
    activated_by: str | None = person("激活人", default=None)
    link_no: str | None = text(
        "关联审证或申请单号",
        most=40,
        default=None,
        search=True,
        links=(
            "review",
            "request",
        ),
    )
