"""What a request must bring beside its approvals: consent, laboratory values and indication, markers, a fresh sample.

An emergency is never held up by a paper, but it says why it goes without, and what is missing stays visible
(临床输血技术规范第六条、第九条、第十四条、附件七; 医疗机构临床用血管理办法第二十一条).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_day, china_text
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.approval import EMERGENCY
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said, words_of
from bloodbank_desktop.rules.decisions import decision, limit
from bloodbank_desktop.rules.facts import Facts

MARKERS = {
    "alt": "ALT",
    "hbsag": "HBsAg",
    "anti_hbs": "抗-HBs",
    "hbeag": "HBeAg",
    "anti_hbe": "抗-HBe",
    "anti_hbc": "抗-HBc",
    "anti_hcv": "抗-HCV",
    "anti_hiv": "抗-HIV1/2",
    "syphilis": "梅毒",
}
_LABS = {
    "haemoglobin": ("血红蛋白", "g/L"),
    "haematocrit": ("红细胞压积", "%"),
    "platelets": ("血小板", "×10⁹/L"),
    "pt": ("PT", "s"),
    "aptt": ("APTT", "s"),
    "fibrinogen": ("纤维蛋白原", "g/L"),
}


@rule(
    "request-consent",
    Moment.REQUEST,
    level=Level.BLOCK,
    title="输血前须签署知情同意书，抢救时须经批准并写明依据",
    source="医疗机构临床用血管理办法第二十一条；临床输血技术规范第六条",
    says={
        "no-consent": "没有签署输血治疗知情同意书，请签署后登记；抢救时无法取得意见的，请选“紧急”并填写免签依据和批准人",
        "consent-in-future": "同意书签署日期 {on} 晚于今天，请核对",
        "consent-exempt": "免签知情同意书：{why}，批准人 {name}。请尽快告知患者或近亲属并补签",
    },
    hazard=Hazard("患者未同意而输血", "同意书未签", "签署人身份不实"),
    tables=("consent_exemption",),
)
def consented(values: Values, facts: Facts) -> Iterator[Said]:
    """Consent is signed; only an emergency goes without, approved by somebody responsible who is named, with the reason."""
    if values["consent"]:
        signed = values.get("consent_on")
        if signed is not None and signed > china_day(facts.now):
            yield said("consent-in-future", "consent_on", on=f"{signed:%Y-%m-%d}")
        return
    if values["urgency"] != EMERGENCY:
        yield said("no-consent", "consent")
        return
    why = table("consent_exemption").word(str(values.get("consent_exemption")))
    yield said("consent-exempt", "consent", Level.NOTE, why=why, name=values.get("consent_exempted_by"))


def _needs(values: Values) -> dict[str, Mapping[str, Any] | None]:
    """Return the row of the table laboratory_need for each class of component asked for, None where it has none."""
    known, components = table("laboratory_need"), table("component")
    classes = dict.fromkeys(str(components.facet(one["component"], "rule")) for one in values["components"])
    return {key: known.entries.get(key) for key in classes}


@rule(
    "request-laboratory",
    Moment.REQUEST,
    level=Level.BLOCK,
    title="申请须附与品种相应的检验结果",
    source="临床输血技术规范附件七",
    says={
        "laboratory-missing": "申请{component}须填写{wanted}（任一项），请补充检验结果",
        "laboratory-later": "申请{component}还没有{wanted}的结果，紧急用血可先登记，结果出来后补填",
        "laboratory-undated": "填写了检验结果，请同时填写检验时间",
        "laboratory-unknown": "{component}没有规定须附的检验，请联系管理员补充",
    },
    hazard=Hazard("无指征输血", "申请时没有检验结果", "结果不是该患者的"),
    tables=("laboratory_need", "component"),
)
def examined(values: Values, facts: Facts) -> Iterator[Said]:
    """Each component comes with a value that shows the need; an emergency may bring it later."""
    for key, need in _needs(values).items():
        if need is None:
            yield said("laboratory-unknown", "components", component=key)
            continue
        wanted = need["needs"]
        if wanted and all(values.get(name) is None for name in wanted):
            words = {"component": need["word"], "wanted": "或".join(_LABS[name][0] for name in wanted)}
            if values["urgency"] == EMERGENCY:
                yield said("laboratory-later", wanted[0], Level.WARN, **words)
            else:
                yield said("laboratory-missing", wanted[0], **words)
    if values.get("laboratory_at") is None and any(values.get(name) is not None for name in _LABS):
        yield said("laboratory-undated", "laboratory_at", Level.WARN)


@rule(
    "request-indication",
    Moment.REQUEST,
    level=Level.WARN,
    title="检验结果不支持输血指征时须说明理由",
    source="临床输血技术规范附件三、附件四；WS/T 622-2018；WS/T 623-2018",
    says={
        "value-too-good": "{lab} {value} {unit}，一般不需输注{component}（界限 {limit} {unit}）。确需输注请在指征中说明理由",
    },
    hazard=Hazard("无指征输血", "检验值高于输注界限", "检验后病情变化"),
    tables=("laboratory_need",),
)
def indicated(values: Values, facts: Facts) -> Iterator[Said]:
    """A value beyond the limit of its component is said, and not decided: the physician explains it."""
    for need in _needs(values).values():
        if need is None:
            continue
        for name, most in need.get("above", {}).items():
            value = values.get(name)
            if value is not None and value > Decimal(most):
                yield _too_good(name, value, most, need)
        below = need.get("below", {})
        stated = {name: values[name] for name in below if values.get(name) is not None}
        # One prolonged time is enough of a reason.
        if stated and all(value < Decimal(below[name]) for name, value in stated.items()):
            for name, value in stated.items():
                yield _too_good(name, value, below[name], need)


def _too_good(name: str, value: Decimal, border: str, need: Mapping[str, Any]) -> Said:
    lab, unit = _LABS[name]
    return said("value-too-good", name, lab=lab, value=words_of(value), unit=unit, limit=border, component=need["word"])


@rule(
    "request-markers",
    Moment.REQUEST,
    level=Level.BLOCK,
    title="输血前九项检查须有结果，紧急时须已采样",
    source="临床输血技术规范第九条、附件七",
    says={
        "markers-missing": "输血前检查还没有结果：{markers}。请等待结果后登记，紧急用血请选“紧急”并注明待报",
        "markers-pending": "输血前检查待报：{markers}，结果出来后请补填",
        "markers-not-sampled": "输血前检查未做：{markers}，请立即采样送检并改为“待报”",
        "no-sample-time": "输血前检查待报，请填写标本号和采样时间",
        "no-decision": "输血前检查结果“{marker}”没有规定如何处理，请联系管理员补充决定表",
    },
    hazard=Hazard("输血感染责任无法判定", "输血前未留检", "窗口期感染"),
    tables=("request_markers",),
)
def markers_known(values: Values, facts: Facts) -> Iterator[Said]:
    """All nine are known; an emergency may wait for them, but the sample is taken before the blood."""
    urgency = EMERGENCY if values["urgency"] == EMERGENCY else "other"
    table_ = decision("request_markers")
    outcomes = {result: table_.outcome(result, urgency) for result in {values[key] for key in MARKERS}}
    by_outcome: dict[str | None, list[str]] = {}
    for key, word in MARKERS.items():
        by_outcome.setdefault(outcomes[values[key]], []).append(word)
    for outcome, words in by_outcome.items():
        told = "、".join(words)
        if outcome is None:
            yield said("no-decision", "alt", marker=told)
        elif outcome == "block":
            yield said("markers-missing", "alt", markers=told)
        elif outcome == "warn":
            yield said("markers-not-sampled", "alt", Level.WARN, markers=told)
        elif outcome == "note":
            yield said("markers-pending", "alt", Level.NOTE, markers=told)
            if values.get("sampled_at") is None:
                yield said("no-sample-time", "sampled_at", Level.WARN)


@rule(
    "request-repeated",
    Moment.REQUEST,
    level=Level.WARN,
    title="短时间内重复申请同一品种须确认",
    source="医疗机构临床用血管理办法第二十条",
    says={"repeated": "该患者 {when} 已有申请单 {number} 申请{components}，请确认不是重复申请"},
    hazard=Hazard("重复输血、过量输血", "两个科室或两位医师为同一需要各开一单", "确有需要的再次申请"),
    tables=("limit",),
)
def not_repeated(values: Values, facts: Facts) -> Iterator[Said]:
    """A second request for the same component within hours is asked about."""
    within = timedelta(hours=float(limit("request_repeat_hours")))
    mine = {one["component"] for one in values["components"]}
    seen: set[str] = set()
    for one in facts.patient.requests:
        both = mine & one.components
        if facts.is_itself(values, "request_no", one.request_no) or one.request_no in seen or not both:
            continue
        if abs(values["requested_at"] - one.requested_at) <= within:
            seen.add(one.request_no)
            words = "、".join(table("component").word(key) for key in sorted(both))
            yield said(
                "repeated", "components", when=china_text(one.requested_at), number=one.request_no, components=words
            )


@rule(
    "request-sample",
    Moment.REQUEST,
    level=Level.BLOCK,
    title="配血标本须在输血前 3 天之内采集",
    source="临床输血技术规范第十四条",
    says={
        "sample-too-old": "标本采于 {sampled}，到预定输血时间 {planned} 超过 {hours} 小时，不能配血。请清空标本栏，届时重新采样",
        "sample-after-plan": "采样时间 {sampled} 晚于预定输血时间 {planned}，请核对",
        "sample-in-future": "采样时间 {sampled} 晚于现在，请核对采样时间和本机时间",
    },
    hazard=Hazard("溶血反应", "标本采集后患者又输过血或妊娠，新抗体未检出", "标本采集时间登记不实"),
    tables=("limit",),
)
def sample_fresh(values: Values, facts: Facts) -> Iterator[Said]:
    """A sample that is named is drawn within three days before the planned transfusion, and not in the future."""
    sampled, planned = values.get("sampled_at"), values["planned_at"]
    if sampled is None:
        return
    hours = limit("sample_age_hours")
    if sampled > facts.now:
        code = "sample-in-future"
    elif sampled > planned:
        code = "sample-after-plan"
    elif planned - sampled > timedelta(hours=float(hours)):
        code = "sample-too-old"
    else:
        return
    words = {"sampled": china_text(sampled), "planned": china_text(planned), "hours": words_of(hours)}
    yield said(code, "sampled_at", **words)
