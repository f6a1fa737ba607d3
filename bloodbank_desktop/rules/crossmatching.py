"""Crossmatch and sample: what was tested with which sample, how old it is, and who tested and who looked again.

A conclusion without its reactions is an opinion; so the reactions of both sides must bear it out, by a reviewed table
(临床输血技术规范第十四、十六、十八条).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.decisions import decision, limit
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.recipient import emergency, sample_abo
from bloodbank_desktop.rules.switches import switched

_COMPONENTS = table("component")
_LEAST = "least_incompatible"


def needed(component: str) -> bool:
    """Whether a component is crossmatched; one that the table does not know is."""
    return _COMPONENTS.facet(component, "crossmatch") is not False


@rule(
    "issue-crossmatch",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="须配血的品种配血相合才能发出",
    source="临床输血技术规范第十六条、第十八条",
    says={
        "crossmatch-missing": "{bag}（{component}）须做交叉配血，请填写配血方法、主侧、次侧和结论",
        "not-compatible": "{bag} 配血{result}，不得发出，请另选一袋重新配血",
        "pending": "{bag} 未配血先发出，请立即补做交叉配血，结果不合马上通知病房停止输注",
    },
    hazard=Hazard("急性溶血反应，可致死", "不相合或未配血的血袋被发出", "配血操作本身有误；紧急时先发后配"),
    tables=("component", "crossmatch_result"),
)
def crossmatched(values: Values, facts: Facts) -> Iterator[Said]:
    """Incompatible or doubtful blood does not leave; blood that is not crossmatched leaves in an emergency only."""
    for line, bag in enumerate(values["bags"], start=1):
        result = bag.get("crossmatch_result")
        if result in ("incompatible", "suspicious"):
            word = table("crossmatch_result").word(result)
            yield said("not-compatible", "crossmatch_result", None, line, result=word)
        elif not needed(bag["component"]) or result in ("compatible", _LEAST):
            continue
        elif result == "pending" and emergency(values):
            yield said("pending", "crossmatch_result", Level.WARN, line)
        else:
            word = _COMPONENTS.word(bag["component"])
            yield said("crossmatch-missing", "crossmatch_result", None, line, component=word)


@rule(
    "issue-crossmatch-sides",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="主侧、次侧反应须与配血结论一致",
    source="临床输血技术规范第十六条、第十八条",
    says={
        "side-reacts": "{bag} {side}{reaction}，与结论“相合”不符，请重做配血后再填",
        "side-missing": "{bag} {side}未做，请补做后再填",
        "side-noted": "{bag} {side}{reaction}，请告知经治医师并观察输注",
    },
    hazard=Hazard("急性溶血反应", "反应阳性而结论误填为相合", "反应看错"),
    tables=("crossmatch_side",),
)
def sides_agree(values: Values, facts: Facts) -> Iterator[Said]:
    """A conclusion “compatible” is borne out by the reactions of both sides; haemolysis is compatible with nothing."""
    for line, bag in enumerate(values["bags"], start=1):
        if not needed(bag["component"]) or bag.get("crossmatch_result") not in ("compatible", _LEAST):
            continue
        group = "identical" if bag["abo"] == sample_abo(values) else "compatible"
        for side, word in (("major", "主侧"), ("minor", "次侧")):
            reaction = bag.get(f"{side}_side") or "not_done"
            kind = _COMPONENTS.facet(bag["component"], "rule") or ""
            outcome = decision("crossmatch_side").outcome(kind, side, group, reaction)
            if bag["crossmatch_result"] == _LEAST and reaction == "agglutination":
                # That it reacts is what such a conclusion says; who answers for it is asked by a rule of its own.
                continue
            level = {"ok": None, "warn": Level.WARN}.get(str(outcome), Level.BLOCK)
            if level is not None:
                reacts = table("crossmatch_side").word(reaction)
                code = (
                    "side-noted" if level is Level.WARN else "side-missing" if reaction == "not_done" else "side-reacts"
                )
                yield said(code, f"{side}_side", level, line, side=word, reaction=reacts)


@rule(
    "issue-least-incompatible",
    Moment.ISSUE,
    level=Level.OVERRIDE,
    title="同型最小不相容须主任批准并第二人签名",
    source="临床输血技术规范第十七条；Hematos 授权级别（3）：least-incompatible with physician approval",
    says={"least-incompatible": "{bag} 为同型最小不相容，须主任与经治医师商定后批准，并由第二人签名"},
    hazard=Hazard("溶血反应", "不相容的血被当作相合发出", "自身抗体掩盖同种抗体"),
    per_bag=True,
    least="director",
    second=True,
)
def least_incompatible(bag: Values, facts: Facts) -> Iterator[Said]:
    """Blood that fits least badly leaves on the word of the director and of a second person."""
    if bag.get("crossmatch_result") == _LEAST:
        yield said("least-incompatible", "crossmatch_result")


@rule(
    "issue-crossmatch-persons",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="配血由两人完成，一人值班时事后他人补核",
    source="临床输血技术规范第十八条",
    says={
        "reviewer-missing": "{bag} 没有配血复核者，请另一人复核后填写",
        "same-person": "{bag} 配血者与复核者是同一人，请另一人复核",
        "solo-duty": "{bag} 单人值班自行复核，请在下一班由另一人补核",
        "time-missing": "{bag} 没有配血时间，请填写",
        "before-sample": "{bag} 配血时间早于采样时间，请核对标本",
    },
    hazard=Hazard("配血错误无人发现", "一人操作、无人复核", "复核流于形式"),
    switches=("solo_duty",),
    per_bag=False,
)
def two_looked(values: Values, facts: Facts) -> Iterator[Said]:
    """Who tested does not review, except on solo duty where the hospital allows it."""
    for line, bag in enumerate(values["bags"], start=1):
        if bag.get("crossmatch_result") not in ("compatible", _LEAST):
            continue
        tester, reviewer = bag.get("crossmatched_by"), bag.get("crossmatch_reviewer")
        if reviewer is None or reviewer == tester:
            if switched(facts, "solo_duty") == "allowed":
                yield said("solo-duty", "crossmatch_reviewer", Level.WARN, line)
            else:
                yield said("reviewer-missing" if reviewer is None else "same-person", "crossmatch_reviewer", None, line)
        if bag.get("crossmatched_at") is None:
            yield said("time-missing", "crossmatched_at", None, line)
        elif values.get("sampled_at") is not None and bag["crossmatched_at"] < values["sampled_at"]:
            yield said("before-sample", "crossmatched_at", None, line)


@rule(
    "issue-sample-age",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="配血标本在 3 天之内",
    source="临床输血技术规范第十四条",
    says={
        "sample-too-old": "标本采于 {when}，已超过 {hours} 小时，请重新采样、定型、配血",
        "sample-ageing": "标本采于 {when}，再过 {left} 失效，请尽快用完或重新采样",
        "sample-future": "标本采于 {when}，晚于现在，请核对采样时间或本机时钟",
    },
    hazard=Hazard("新生抗体未被发现而溶血", "用旧标本配血", "采样时间填错"),
    tables=("limit",),
)
def sample_fresh(values: Values, facts: Facts) -> Iterator[Said]:
    """A sample of red-cell serology is good for three days from its drawing, to the second."""
    drawn = values.get("sampled_at")
    if drawn is None:
        return
    hours = limit("sample_age_hours")
    age = facts.now - drawn
    when = china_text(drawn)
    if age < timedelta(0):
        yield said("sample-future", "sampled_at", when=when)
    elif age > timedelta(hours=float(hours)):
        yield said("sample-too-old", "sampled_at", when=when, hours=hours)
    elif age > timedelta(hours=float(limit("sample_warn_hours"))):
        left = timedelta(hours=float(hours)) - age
        words = f"{int(left.total_seconds() // 3600)} 小时 {int(left.total_seconds() % 3600 // 60)} 分"
        yield said("sample-ageing", "sampled_at", Level.WARN, left=words, when=when)
