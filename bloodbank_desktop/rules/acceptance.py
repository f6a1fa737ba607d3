"""What makes a received bag available: another person than the one who received it, and a group that was found again."""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules.arrival import group_words, regroup_of, wants_regroup
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts


@rule(
    "acceptance-second-person",
    Moment.ACCEPTANCE,
    level=Level.BLOCK,
    title="单人值班入库的血袋由另一人验收",
    source="临床输血技术规范第十八条、第十九条",
    says={"own-receipt": "{bag} 是您（{receiver}）一个人接收的，须由另一人登录后核对验收"},
    hazard=Hazard("一个人的差错无人发现", "接收人自己补核自己", "两人共用一个登录名"),
    per_bag=True,
)
def another_accepts(bag: Values, facts: Facts) -> Iterator[Said]:
    """Bags that nobody checked at receipt are accepted by somebody who did not receive them."""
    if facts.acting in facts.bag(bag_key(bag)).received_by:
        yield said("own-receipt", "donation_number", receiver=facts.acting)


@rule(
    "acceptance-regroup",
    Moment.ACCEPTANCE,
    level=Level.BLOCK,
    title="须复检血型的品种，复检相符才能验收",
    source="临床输血技术规范第十五条；VistA LRBLDRR: resolve discrepancy",
    says={
        "regroup-missing": "{bag} 须先复检 ABO 和 RhD 血型，请填写复检结果后再验收",
        "regroup-differs": "{bag} 复检为{found}，袋签为{label}，已转为隔离。请重新采样复检并联系供血机构",
    },
    hazard=Hazard("ABO 不合输血", "血袋标签血型错误", "两次检测取了同一错误标本"),
    per_bag=True,
    tables=("component",),
    switches=("regroup",),
)
def regrouped_before(bag: Values, facts: Facts) -> Iterator[Said]:
    """A missing re-check refuses; one that differs is no acceptance but a quarantine."""
    found = regroup_of(bag)
    if found is None:
        if wants_regroup(bag["component"], facts.site):
            yield said("regroup-missing", "regroup_abo")
    elif found != (bag["abo"], bag["rhd"]):
        words = {"found": group_words(*found), "label": group_words(bag["abo"], bag["rhd"])}
        yield said("regroup-differs", "regroup_abo", Level.WARN, **words)
