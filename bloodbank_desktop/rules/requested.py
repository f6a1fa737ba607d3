"""An issue answers a request: of this patient, approved and consented, for what is asked and no more.

In an emergency blood leaves before the paper; then somebody approved it by name, and the paper is a duty that stays
open (医疗机构临床用血管理办法第二十条、第二十一条; 临床输血技术规范第六条).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import approval
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said, words_of
from bloodbank_desktop.rules.decisions import decision, limit
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.recipient import emergency

_COMPONENTS = table("component")


@rule(
    "issue-request",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="发血须有本患者的有效申请单",
    source="VistA LRBLPUS（R1）；医疗机构临床用血管理办法第二十条",
    says={
        "no-request": "没有申请单 {number}，或已删除；请先登记输血申请单，确属紧急时取血类型选“紧急用血”",
        "other-patient": "申请单 {number} 是病案号 {theirs} 的，不是本患者（{ours}），请核对患者与申请单",
        "order-missing": "没有申请单，按口头医嘱紧急发血，请在 {hours} 小时内补办申请单",
    },
    hazard=Hazard("血液发给没有申请的患者", "申请单号填错，或申请已撤销", "口头医嘱听错"),
)
def requested(values: Values, facts: Facts) -> Iterator[Said]:
    """A live request of this patient exists; without one blood leaves in an emergency only."""
    if facts.request is None:
        if emergency(values):
            yield said("order-missing", "request_no", Level.WARN, hours=limit("emergency_completion_hours"))
        else:
            yield said("no-request", "request_no", number=values.get("request_no") or "")
        return
    theirs = facts.request["medical_record_no"]
    if theirs not in facts.patient.numbers | {values["medical_record_no"]}:
        number = facts.request["request_no"]
        yield said("other-patient", "request_no", number=number, theirs=theirs, ours=values["medical_record_no"])


@rule(
    "issue-quantity",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="发出的品种和数量不超过申请",
    source="VistA LRBLPUS（R1）；临床输血技术规范第二十五条",
    says={
        "not-requested": "申请单没有申请{component}，请核对品种，或由病房补开申请",
        "substitute": "申请单没有申请{component}，只申请了同类的{asked}；与经治医师商定后由审核授权",
        "exceeded": "{component}申请 {asked}{unit}，已发 {issued}{unit}，本次 {now}{unit}，超出申请，请核对或由病房补开申请",
        "exceeded-emergency": "{component}申请 {asked}{unit}，已发 {issued}{unit}，本次 {now}{unit}，超出部分请补办申请",
    },
    hazard=Hazard("多发、错发品种，循环超负荷或浪费", "取血单与申请单不符", "申请数量本身不当"),
    tables=("component",),
    least="reviewer",
)
def within_request(values: Values, facts: Facts) -> Iterator[Said]:
    """Each component was asked for, and what left for the request stays within it; the same class may be agreed on."""
    if facts.request is None:
        return
    asked = _sum(facts.request["components"])
    now = _sum(values["bags"])
    over: set[tuple[object, object]] = set()
    for component, amount in now.items():
        kind, word = _kind(component), _COMPONENTS.word(component)
        alike = [key for key in asked if _kind(key) == kind]
        if component in asked:
            if facts.issued.get(component, Decimal()) + amount > asked[component]:
                over.add(kind)
                yield _exceeded(values, word, kind, asked[component], facts.issued.get(component, Decimal()), amount)
        elif alike:
            words = "、".join(_COMPONENTS.word(key) for key in alike)
            yield said("substitute", "bags", Level.OVERRIDE, component=word, asked=words)
        else:
            yield said("not-requested", "bags", component=word)
    # What stood in for another component counts against what was asked of their kind.
    for kind in dict.fromkeys(_kind(key) for key in now):
        wanted, issued, taken = (_of(kind, amounts) for amounts in (asked, facts.issued, now))
        if kind not in over and wanted and issued + taken > wanted:
            word = "、".join(_COMPONENTS.word(key) for key in asked if _kind(key) == kind)
            yield _exceeded(values, f"{word}及同类品种", kind, wanted, issued, taken)


def _sum(lines: Iterable[Values]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in lines:
        found[one["component"]] = found.get(one["component"], Decimal()) + one["amount"]
    return found


def _of(kind: tuple[object, object], amounts: Mapping[str, Decimal]) -> Decimal:
    return sum((amount for key, amount in amounts.items() if _kind(key) == kind), Decimal())


def _exceeded(
    values: Values, word: str, kind: tuple[object, object], asked: Decimal, issued: Decimal, now: Decimal
) -> Said:
    urgent = emergency(values)
    return said(
        "exceeded-emergency" if urgent else "exceeded",
        "bags",
        Level.WARN if urgent else None,
        component=word,
        asked=words_of(asked),
        issued=words_of(issued),
        now=words_of(now),
        unit=f" {kind[1]}",
    )


def _kind(component: str) -> tuple[object, object]:
    return _COMPONENTS.facet(component, "rule"), _COMPONENTS.facet(component, "unit")


@rule(
    "issue-consent",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="输血治疗知情同意书已签，或紧急时有人批准",
    source="医疗机构临床用血管理办法第二十一条；临床输血技术规范第六条",
    says={
        "no-consent": "申请单没有签署输血治疗知情同意书，请病房补签；无法取得家属意见的紧急用血须填写批准人",
        "consent-later": "未签知情同意书，由{approver}批准紧急用血，请尽快补签",
    },
    hazard=Hazard("违背患者意愿输血", "同意书未签", "签署人无权代签"),
)
def consented(values: Values, facts: Facts) -> Iterator[Said]:
    """The patient agreed; where nobody could be asked, a named person approved."""
    request = facts.request
    if request is not None and request.get("consent") is True:
        return
    approver = values.get("emergency_approver") if emergency(values) else None
    if request is not None and request["urgency"] == approval.EMERGENCY:
        approver = approver or request.get("consent_exempted_by")
    if approver:
        yield said("consent-later", "request_no", Level.WARN, approver=approver)
    elif request is not None or emergency(values):
        yield said("no-consent", "request_no")


@rule(
    "issue-approval",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="申请按患者当日备血总量审批齐全才能发血",
    source="医疗机构临床用血管理办法第二十条",
    says={
        "approval-missing": "申请单 {number} 当日备血合计 {total} ml，还缺：{roles}。请病房补齐审批；"
        "确属紧急时取血类型选“紧急用血”",
        "no-conversion": "申请单 {number} 的品种没有备血量折算，无法判断审批级别，请联系管理员补充折算表",
        "approval-later": "紧急用血未经分级审批，请在 {hours} 小时内补办：{roles}",
    },
    hazard=Hazard("未经审批的大量输血", "申请登记后当日又有新的申请，合计超过原审批级别", "他院同日的申请不可见"),
    tables=("approval_tier", "tier_volume", "limit"),
    switches=("tier_counts",),
)
def approved(values: Values, facts: Facts) -> Iterator[Said]:
    """The tier is that of the day as it stands at the issue: a request approved alone may need more by now."""
    request = facts.request
    if request is None:
        return
    own = approval.asked_for(request, facts)
    if own is None:
        yield said("no-conversion", "request_no", number=request["request_no"])
        return
    total = approval.day_total(request, facts, own)
    if missing := approval.lacking(request, total):
        roles = "、".join(table("approval_role").word(role) for role in missing)
        if emergency(values) or request["urgency"] == approval.EMERGENCY:
            yield said(
                "approval-later", "request_no", Level.WARN, roles=roles, hours=limit("emergency_completion_hours")
            )
        else:
            number = request["request_no"]
            yield said("approval-missing", "request_no", number=number, total=words_of(total), roles=roles)


@rule(
    "issue-requirements",
    Moment.SELECTION,
    level=Level.OVERRIDE,
    title="特殊要求（辐照、去白、洗涤、CMV 阴性）须由血袋具备",
    source="VBECS 1.6.1（R25）；临床输血技术规范附件一；未检测、未声明即未满足",
    says={
        "requirement-unmet": "申请要求{requirement}，{bag} 没有声明，请另选；来不及时由审核与经治医师商定后授权",
        "requirement-earlier": "以往申请要求过{requirement}，本次没有要求，{bag} 也没有声明，请向病房核实",
    },
    hazard=Hazard("输血相关移植物抗宿主病、CMV 感染、过敏", "发出未经处理的血液", "处理标记本身有误"),
    tables=("special_requirement", "component", "processing"),
    least="reviewer",
)
def requirements_met(values: Values, facts: Facts) -> Iterator[Said]:
    """A bag has what this request asks for; what only earlier requests asked for is asked about."""
    now = set(facts.request.get("processing") or ()) if facts.request is not None else set()
    for line, bag in enumerate(values["bags"], start=1):
        known = facts.bag(bag_key(bag)).attributes
        kind = str(_COMPONENTS.facet(bag["component"], "rule") or "")
        for key in table("processing"):
            if key not in now | facts.patient.requirements or key in known:
                continue
            if decision("special_requirement").outcome(key, kind) == "not_applicable":
                continue
            word = table("processing").word(key)
            if key in now:
                yield said("requirement-unmet", "component", None, line, requirement=word)
            else:
                yield said("requirement-earlier", "component", Level.WARN, line, requirement=word)


@rule(
    "issue-earlier-reaction",
    Moment.ISSUE,
    level=Level.WARN,
    title="有输血不良反应史的患者发血前提醒",
    source="临床输血技术规范附件七；BSH audit tool 2.2.2",
    says={"earlier-reaction": "患者曾有输血不良反应（{reactions}），请告知病房，按医嘱选洗涤或去白血液并观察"},
    hazard=Hazard("同样的不良反应再次发生", "反应史未传达", "反应发生在外院"),
    tables=("reaction_type",),
)
def reacted_before(values: Values, facts: Facts) -> Iterator[Said]:
    """Whoever reacted before is watched."""
    if facts.patient.reactions:
        words = "、".join(dict.fromkeys(table("reaction_type").word(key) for key in facts.patient.reactions))
        yield said("earlier-reaction", "patient_name", reactions=words)


@rule(
    "issue-emergency",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="紧急发血须有原因和批准人，限时补办",
    source="医疗机构临床用血管理办法第二十条、第二十一条；PWA 规格 v2.5（R42）",
    says={
        "approver-missing": "紧急用血须写明原因和批准人，请填写",
        "approver-is-issuer": "紧急用血的批准人不能是发血者本人，请填写有权批准的人",
        "to-complete": "紧急发血：请在 {hours} 小时内补齐申请、审批、标本定型和交叉配血",
    },
    hazard=Hazard("以紧急为名绕过核对", "紧急用血无人负责、事后无人补办", "批准人只是口头同意"),
    tables=("limit",),
)
def emergency_answered_for(values: Values, facts: Facts) -> Iterator[Said]:
    """Somebody who is not the issuer answers for an emergency, and what was left out is done within a day."""
    if not emergency(values):
        return
    if not values.get("emergency_reason") or not values.get("emergency_approver"):
        yield said("approver-missing", "emergency_approver")
    elif values["emergency_approver"] == values["issuer"]:
        yield said("approver-is-issuer", "emergency_approver")
    yield said("to-complete", "pickup_type", Level.WARN, hours=limit("emergency_completion_hours"))
