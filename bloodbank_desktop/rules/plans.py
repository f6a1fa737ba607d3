"""献血者用血计划: a share is activated once, while it is allocated and in force; activation cannot be taken back."""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_day, china_text
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts


@rule(
    "plan-activation",
    Moment.PLAN,
    level=Level.BLOCK,
    title="计划只在有效期内激活一次",
    source="用户手册：分配到本院且未使用的献血者用血计划",
    says={
        "activated-already": "这份计划已于 {when} 激活过，不能再次激活",
        "locked-by-platform": "这份计划{state}，不能再激活",
        "plan-expired": "这份计划有效期至 {until}，已过期，不能激活，请联系献血办",
        "plan-used-up": "这份计划已没有剩余份额，不能激活",
        "before-allocation": "激活时间 {when} 早于分配日期 {allocated}，请核对本机时间",
    },
    hazard=Hazard(
        "同一份额计入两次，血液被超额使用",
        "两处同时激活，或激活已收回、过期的计划",
        "离线期间计划被收回，平台会退回激活",
    ),
    tables=("plan_state",),
)
def activated_once(values: Values, facts: Facts) -> Iterator[Said]:
    """A plan that is activated, used up, taken back or past its last day is not activated; its last day still counts."""
    before = facts.before or {}
    if before.get("activated_at") is not None:
        yield said("activated-already", "activated_at", when=china_text(before["activated_at"]))
        return
    if facts.plan_state not in ("", "allocated"):
        yield said("locked-by-platform", "", state=table("plan_state").word(facts.plan_state))
        return
    until, today = values.get("valid_until"), china_day(facts.now)
    if until is not None and until < today:
        yield said("plan-expired", "valid_until", until=f"{until:%Y-%m-%d}")
    if facts.plan_remaining is not None and facts.plan_remaining <= 0:
        yield said("plan-used-up", "quota")
    at = values.get("activated_at")
    if at is not None and china_day(at) < values["allocated_on"]:
        words = {"when": china_text(at), "allocated": f"{values['allocated_on']:%Y-%m-%d}"}
        yield said("before-allocation", "activated_at", **words)
