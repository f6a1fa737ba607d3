"""Who must approve a request: tiers by what the patient asks for on one day, under every number and from every ward.

Two requests of 400 ml are one of 800 ml. The danger is the second one, which looks small; so the day is summed, requests
written while the network was down included (医疗机构临床用血管理办法第二十条).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said, words_of
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.switches import switched

EMERGENCY = "emergency"


def volume(lines: Iterable[Values], counts: str) -> Decimal | None:
    """Return what lines ask for in ml; `counts` is the value of the switch tier_counts. None: a component has no figure."""
    known = table("tier_volume")
    whole = Decimal(0)
    for line in lines:
        ml = known.facet(line["component"], "ml")
        if ml is None:
            return None
        if counts == "all" or known.facet(line["component"], "red_cells"):
            whole += line["amount"] * Decimal(ml)
    return whole


def asked_for(values: Values, facts: Facts) -> Decimal | None:
    """Return the ml that a request asks for, as this site counts; None: a component has no figure."""
    return volume(values["components"], switched(facts, "tier_counts"))


def day_total(values: Values, facts: Facts, own: Decimal) -> Decimal:
    """Return the ml of this request (`own`) and all others of the patient's China day that are no emergencies."""
    day = china_day(values["requested_at"])
    others = {
        one.request_no: one.ml
        for one in facts.patient.requests
        if not one.emergency
        and not facts.is_itself(values, "request_no", one.request_no)
        and china_day(one.requested_at) == day
    }
    return own + sum(others.values(), Decimal(0))


def tier(ml: Decimal) -> str:
    """Return the key of the tier that this volume reaches in the table approval_tier."""
    known = table("approval_tier")
    least = {key: Decimal(known.facet(key, "least_ml")) for key in known}
    return max((key for key in least if ml >= least[key]), key=lambda key: least[key])


def lacking(values: Values, ml: Decimal) -> tuple[str, ...]:
    """Return the approval roles that this volume needs and the request does not have."""
    present = {step["role"] for step in values["approvals"]}
    return tuple(role for role in table("approval_tier").facet(tier(ml), "roles") if role not in present)


def outstanding(values: Values) -> tuple[str, ...]:
    """Return the duties that a request leaves: an emergency that passed without its approvals is completed later."""
    if values["urgency"] != EMERGENCY:
        return ()
    own = volume(values["components"], "all")
    return ("request_completion",) if own is None or lacking(values, own) else ()


@rule(
    "request-approval",
    Moment.REQUEST,
    level=Level.BLOCK,
    title="按患者当日备血总量分级审批",
    source="医疗机构临床用血管理办法第二十条",
    says={
        "approval-missing": "{day} 备血合计 {total} ml（本单 {own} ml{others}），属“{tier}”，还缺：{roles}。请补齐后登记",
        "no-conversion": "{component}没有备血量折算，无法判断审批级别，请联系管理员补充折算表",
        "grade-missing": "申请医师 {name} 未写明职称，须由中级以上医师申请，请补充职称",
        "grade-too-low": "申请医师 {name} 为{grade}，须由中级以上职称的医师申请",
        "same-person": "{name} 在审批中担任了两个环节，每个环节须由不同的人审批",
        "emergency-exempt": "紧急用血暂免分级审批，须在 24 小时内补办：{roles}",
    },
    hazard=Hazard("不必要的大量输血", "分次申请使每单都低于审批线", "他院同日的申请不可见"),
    tables=("approval_tier", "tier_volume", "physician_grade"),
    switches=("tier_counts",),
)
def approved(values: Values, facts: Facts) -> Iterator[Said]:
    """Below 800 ml a senior approves, below 1600 ml the head too, from 1600 ml the medical affairs office; emergencies later."""
    own = asked_for(values, facts)
    if own is None:
        known = table("tier_volume")
        unknown = next(one["component"] for one in values["components"] if one["component"] not in known)
        yield said("no-conversion", "components", component=table("component").word(unknown))
        return
    if values["urgency"] == EMERGENCY:
        if missing := lacking(values, own):
            yield said("emergency-exempt", "approvals", Level.NOTE, roles=_roles(missing))
        return
    total = day_total(values, facts, own)
    if missing := lacking(values, total):
        words = {
            "day": f"{china_day(values['requested_at']):%Y-%m-%d}",
            "total": words_of(total),
            "own": words_of(own),
            "others": f"，当日其他申请 {words_of(total - own)} ml" if total != own else "",
            "tier": table("approval_tier").word(tier(total)),
        }
        yield said("approval-missing", "approvals", roles=_roles(missing), **words)
    yield from _applicant(values["approvals"])
    yield from _distinct(values["approvals"])


def _roles(roles: Iterable[str]) -> str:
    return "、".join(table("approval_role").word(role) for role in roles)


def _applicant(steps: Iterable[Mapping[str, Any]]) -> Iterator[Said]:
    grades = table("physician_grade")
    for step in steps:
        if step["role"] != "applicant":
            continue
        if step.get("grade") is None:
            yield said("grade-missing", "approvals", name=step["name"])
        elif not grades.facet(step["grade"], "senior"):
            yield said("grade-too-low", "approvals", name=step["name"], grade=grades.word(step["grade"]))


def _distinct(steps: Iterable[Mapping[str, Any]]) -> Iterator[Said]:
    roles: dict[str, set[str]] = {}
    for step in steps:
        roles.setdefault(step["name"], set()).add(step["role"])
    for name, held in roles.items():
        if len(held) > 1:
            yield said("same-person", "approvals", name=name)
