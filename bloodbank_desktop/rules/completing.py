"""After the issue: what an emergency left out is filled in, and what was stated at the act is never rewritten.

A crossmatch that was compatible when the bag left cannot become another one by an amendment; a result that comes later
and does not fit is a telephone call before it is a record (临床输血技术规范第二十八条; 医疗机构临床用血管理办法第二十八条).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.recipient import emergency

#: Values that say nothing yet: they may be replaced by a result, once.
_OPEN = (None, "", (), "not_done", "not_tested", "pending")
_HEAD = (
    "request_no", "sample_no", "sampled_at", "forward_group", "reverse_group", "sample_rhd", "second_abo", "second_rhd",
    "antibody_screen", "antibodies",
)  # fmt: skip
_BAG = ("crossmatch_result", "crossmatch_method", "major_side", "minor_side", "crossmatched_by", "crossmatched_at")
#: What stays as it was stated, by field.
KEPT = frozenset({*_HEAD, *_BAG, "crossmatch_reviewer"})
_WORDS = {
    "request_no": "申请单号", "sample_no": "标本号", "sampled_at": "采样时间", "forward_group": "正定型",
    "reverse_group": "反定型", "sample_rhd": "标本 RhD", "second_abo": "第二次 ABO", "second_rhd": "第二次 RhD",
    "antibody_screen": "抗体筛查", "antibodies": "检出抗体", "crossmatch_result": "配血结论", "crossmatch_method": "配血方法",
    "major_side": "主侧", "minor_side": "次侧", "crossmatched_by": "配血者", "crossmatched_at": "配血时间",
    "crossmatch_reviewer": "配血复核者",
}  # fmt: skip


def outstanding(values: Values) -> tuple[str, ...]:
    """Return the duties that an issue leaves: papers and tests of an emergency, the second look of a solo duty."""
    found = []
    tested = [bag for bag in values["bags"] if bag.get("crossmatch_result") in ("compatible", "least_incompatible")]
    lacking = values.get("request_no") is None or values.get("sample_no") is None
    if emergency(values) and (lacking or any(bag.get("crossmatch_result") == "pending" for bag in values["bags"])):
        found.append("issue_completion")
    if any(bag.get("crossmatch_reviewer") in (None, bag.get("crossmatched_by")) for bag in tested):
        found.append("crossmatch_review")
    return tuple(found)


@rule(
    "issue-facts-stay",
    Moment.COMPLETION,
    level=Level.BLOCK,
    title="发血时登记的标本、定型、配血结果不得改写，只能补登",
    source="医疗机构临床用血管理办法第二十八条（记录真实、可追溯）；临床输血技术规范第二十八条",
    says={
        "fact-changed": "{what}在发血时已登记，不能改写；确有错误请在备注中说明，并按不良事件上报",
        "no-request": "没有申请单 {number}，请先补登输血申请单再填写",
        "other-patient": "申请单 {number} 是另一患者的，请核对",
        "late-incompatible": "{bag} 补做配血不相合，请立即电话通知病房停止输注，并登记不良反应观察",
    },
    hazard=Hazard("事后改写配血结果，差错无从追查", "为掩盖差错或图省事改写记录", "备注未写清"),
)
def facts_stay(values: Values, facts: Facts) -> Iterator[Said]:
    """What was known at the issue stays; what was open may be filled in, and an unfit result is said at once."""
    before = facts.before
    if before is None:
        return
    for key in _HEAD:
        if _rewritten(before.get(key), values.get(key)):
            yield said("fact-changed", key, what=_WORDS[key])
    number = values.get("request_no")
    if before.get("request_no") is None and number is not None:
        if facts.request is None:
            yield said("no-request", "request_no", number=number)
        elif facts.request["medical_record_no"] not in facts.patient.numbers | {values["medical_record_no"]}:
            yield said("other-patient", "request_no", number=number)
    for line, (old, new) in enumerate(zip(before["bags"], values["bags"], strict=False), start=1):
        for key in _BAG:
            if _rewritten(old.get(key), new.get(key)):
                yield said("fact-changed", key, None, line, what=_WORDS[key])
        # Only a review that is still due may be signed by another name.
        reviewed = old.get("crossmatch_reviewer")
        if reviewed not in (None, old.get("crossmatched_by"), new.get("crossmatch_reviewer")):
            yield said("fact-changed", "crossmatch_reviewer", None, line, what=_WORDS["crossmatch_reviewer"])
        if old.get("crossmatch_result") == "pending" and new.get("crossmatch_result") in ("incompatible", "suspicious"):
            yield said("late-incompatible", "crossmatch_result", Level.WARN, line)


def _rewritten(old: Any, new: Any) -> bool:
    return old not in _OPEN and old != new
