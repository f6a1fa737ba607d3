"""用血审证: what stands in the way of an application – a donation that no longer counts, a quota used up, a paper used twice.

Shanghai alone knows this review, and the office decides; what is refused here is only what it must refuse, so that the
family does not come twice (上海市献血条例; 用血审证公众服务端).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.codes import resident_id
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.approval import volume
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said, words_of
from bloodbank_desktop.rules.decisions import limit
from bloodbank_desktop.rules.facts import Facts, KnownReview

CASES = table("certificate_rule")


def years_between(start: date, end: date) -> int:
    """Return the whole years from one day to another."""
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


@rule(
    "certificate-expired",
    Moment.CERTIFICATE,
    level=Level.BLOCK,
    title="献血须在有效年限内，用血通知单须在有效期内",
    source="用血审证公众服务端：家庭成员 5 年内在上海市献过血",
    says={
        "older-than-years": "最近献血 {on} 距申请已满 {years} 年，不能按“{case}”办理，请改选用血者情况",
        "notice-expired": "用血通知单 {number} 开于 {on}，已超过 {days} 天，请医师重新开具",
        "notice-in-future": "用血通知单的开单日期 {on} 晚于申请日期，请核对",
        "no-such-case": "用血者情况“{case}”没有规定，请联系管理员补充",
    },
    hazard=Hazard("无权益者占用血液，有权益者得不到", "以过期的献血或旧通知单申请", "献血记录在外地无法核对"),
    tables=("certificate_rule", "limit"),
)
def in_force(values: Values, facts: Facts) -> Iterator[Said]:
    """A donation counts for the years of its case; a notice of the ward for its days."""
    case, applied = values["case"], china_day(values["applied_at"])
    word = table("entitlement_case").word(case)
    if case not in CASES:
        yield said("no-such-case", "case", case=word)
        return
    years, last = CASES.facet(case, "years"), values.get("last_donation_on")
    if years is not None and last is not None and years_between(last, applied) >= years:
        yield said("older-than-years", "last_donation_on", on=f"{last:%Y-%m-%d}", years=years, case=word)
    on, days = values["notice_on"], limit("notice_days")
    if on > applied:
        yield said("notice-in-future", "notice_on", on=f"{on:%Y-%m-%d}")
    elif applied - on > timedelta(days=int(days)):
        words = {"number": values["notice_no"], "on": f"{on:%Y-%m-%d}", "days": words_of(days)}
        yield said("notice-expired", "notice_on", **words)


@rule(
    "certificate-relation",
    Moment.CERTIFICATE,
    level=Level.BLOCK,
    title="献血者与用血者的关系须与情况相符",
    source="用血审证公众服务端（家庭成员：父母、子女、岳父母、公婆、配偶）",
    says={
        "own-certificate": "献血者与用血者是同一人，请改选“{case}”",
        "relation-impossible": "献血者与用血者相差 {years} 岁，不可能是{relation}，请核对关系和证件号码",
        "relation-unknown": "关系“{relation}”不在可办理的家庭成员之列，请核对",
    },
    hazard=Hazard("冒用他人献血权益", "关系登记错误或冒名", "证件号码无出生日期时不能比对"),
    tables=("relation_age", "certificate_rule"),
)
def related(values: Values, facts: Facts) -> Iterator[Said]:
    """A relative's donation is a relative's: another person, of an age at which the relation is possible."""
    if CASES.facet(values["case"], "donor") != "other":
        return
    if values.get("id_no") is not None and values.get("id_no") == values.get("donor_id_no"):
        yield said("own-certificate", "donor_id_no", case=table("entitlement_case").word("self_donor"))
        return
    relation = str(values.get("relation"))
    word = table("relation").word(relation)
    if relation not in table("relation_age"):
        yield said("relation-unknown", "relation", relation=word)
        return
    mine, theirs = _born(values, "id_type", "id_no"), _born(values, "donor_id_type", "donor_id_no")
    if mine is not None and theirs is not None:
        apart = years_between(min(mine, theirs), max(mine, theirs))
        if apart < table("relation_age").facet(relation, "least_years"):
            yield said("relation-impossible", "relation", years=apart, relation=word)


def _born(values: Values, id_type: str, id_no: str) -> date | None:
    if values.get(id_type) != "resident_id":
        return None
    try:
        return resident_id.birth_date(str(values.get(id_no)))
    except CodeError:
        return None


def _others(values: Values, facts: Facts) -> list[KnownReview]:
    return [
        one
        for one in facts.reviews
        if not facts.is_itself(values, "review_no", one.review_no) and one.review_state != "not_passed"
    ]


@rule(
    "certificate-quota",
    Moment.CERTIFICATE,
    level=Level.OVERRIDE,
    least="reviewer",
    title="申请用血量不超过献血权益",
    source="上海市献血条例（免费用血量）",
    says={
        "over-quota": "申请 {asked} ml{before}，超过献血权益 {quota} ml（{count} 次），请减少用血量，或核实后由审核人员授权",
        "no-conversion": "{component}没有用血量折算，无法核对权益，请联系管理员补充",
    },
    hazard=Hazard("超出权益用血，挤占他人", "同一献血证多次申请累计超额", "每次献血量未登记，按最少量计"),
    tables=("certificate_rule", "tier_volume"),
)
def within_quota(values: Values, facts: Facts) -> Iterator[Said]:
    """What is asked, together with earlier applications on the same certificate, is within what was donated."""
    each, count = CASES.facet(values["case"], "quota_ml"), values.get("donation_count")
    if each is None or count is None:
        return
    asked = volume(values["components"], "all")
    if asked is None:
        unknown = next(one["component"] for one in values["components"] if one["component"] not in table("tier_volume"))
        yield said("no-conversion", "components", Level.OVERRIDE, component=table("component").word(unknown))
        return
    number = values.get("donation_certificate_no")
    before = sum((one.ml for one in _others(values, facts) if number and one.certificate_no == number), Decimal(0))
    quota = Decimal(each) * count
    if asked + before > quota:
        earlier = f"，同一献血证此前已申请 {words_of(before)} ml" if before else ""
        words = {"asked": words_of(asked), "before": earlier, "quota": words_of(quota), "count": words_of(count)}
        yield said("over-quota", "components", **words)


@rule(
    "certificate-twice",
    Moment.CERTIFICATE,
    level=Level.BLOCK,
    title="同一用血通知单、同一患者不得重复申请",
    source="用血审证公众服务端（还有未审核的审证申请）",
    says={
        "notice-used": "用血通知单 {notice} 已用于审证申请 {number}，不能再次申请，请在原申请上补充材料",
        "still-open": "该患者的审证申请 {number} 还在审核，请等待结果或在原申请上补充材料",
        "certificate-used": "献血证 {certificate} 已用于 {name} 的审证申请 {number}，请确认权益没有重复使用",
    },
    hazard=Hazard("同一权益用两次", "重复申请，或几家医院同时申请", "他院的申请不可见"),
)
def used_once(values: Values, facts: Facts) -> Iterator[Said]:
    """A notice serves one application, a patient has one open, and a certificate that serves another is asked about."""
    for one in _others(values, facts):
        if one.notice_no == values["notice_no"]:
            yield said("notice-used", "notice_no", notice=one.notice_no, number=one.review_no)
        elif one.same_patient and one.review_state in ("", "reviewing"):
            yield said("still-open", "medical_record_no", number=one.review_no)
        elif one.certificate_no and one.certificate_no == values.get("donation_certificate_no"):
            words = {"certificate": one.certificate_no, "name": one.patient_name, "number": one.review_no}
            yield said("certificate-used", "donation_certificate_no", Level.WARN, **words)
