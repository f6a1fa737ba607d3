"""How a delivery arrives: dates that can be true, what the note announced, the inspection, two persons.

What is wrong here is wrong in the supplier's house or on the way; found at the door it costs a phone call, found at the
bedside a patient (医疗机构临床用血管理办法第十六条; 临床输血技术规范第十九条).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import CHINA, china_day, china_text
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said, words_of
from bloodbank_desktop.rules.decisions import limit
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.receipt import QUARANTINE_MESSAGES
from bloodbank_desktop.rules.switches import switched, value_of

_MESSAGES = {
    "Mb": "生物危害",
    "Md": "报废",
    "Mq": "隔离",
    "Mx": "不得输注",
    "Mr": "仅供科研",
    "Mf": "仅供进一步加工",
}


# -- dates that can be true ---------------------------------------------------------------------------------------


def shelf_life(bag: Values) -> timedelta | None:
    """Return how long a bag of this product keeps at most, None where no table says it."""
    hours = table("product").facet(bag["product_code"][:5], "shelf_life_hours")
    if hours is None:
        hours = table("component").facet(bag["component"], "shelf_life_hours")
    return None if hours is None else timedelta(hours=float(hours))


def latest_expiry(since: datetime, keeps: timedelta) -> datetime:
    """Return the last moment that a label may state; labels of what keeps for weeks name the end of that day.

    What keeps for days only is labelled to the minute (VistA SRS H-21: expiration accommodates the time).
    """
    ends = since + keeps
    if keeps < timedelta(hours=float(limit("expiry_end_of_day_from_hours"))):
        return ends
    return datetime.combine(china_day(ends), time(23, 59), CHINA)


@rule(
    "receipt-expiry-plausible",
    Moment.RECEIPT,
    level=Level.BLOCK,
    title="失效时间须与品种保存期相符，采血时间不得晚于现在",
    source="VistA SRS H-21: maximum storage days；WS 399-2023；临床输血技术规范第二十二条",
    says={
        "no-shelf-life": "{component}没有登记保存期，无法判断失效时间是否可信，请隔离该袋并联系管理员补充字典",
        "beyond-shelf-life": "失效时间 {when} 超过{component}的保存期（采血 {since} 起至 {latest}），请核对袋签后联系供血机构",
        "beyond-shelf-life-today": "失效时间 {when} 晚于今天入库的{component}可能的最晚时间 {latest}，请核对袋签后联系供血机构",
        "collected-in-future": "采血时间 {since} 晚于现在，请核对袋签和本机时间",
    },
    hazard=Hazard("输注实际已过期的血液", "袋签失效时间印错或录错，比保存期允许的更晚", "失效时间错误但仍在保存期内"),
    tables=("component", "product", "limit"),
)
def plausible_expiry(values: Values, facts: Facts) -> Iterator[Said]:
    """No bag lives longer than its product, counted from its collection, or from today where that is not stated."""
    for line, bag in enumerate(values["bags"], start=1):
        collected = bag.get("collected_at")
        word = table("component").word(bag["component"])
        if collected is not None and collected > facts.now:
            yield said("collected-in-future", "collected_at", None, line, since=china_text(collected))
            continue
        keeps = shelf_life(bag)
        if keeps is None:
            yield said("no-shelf-life", "component", None, line, component=word)
            continue
        # A delivery noted later does not make a bag keep longer.
        since = collected or min(values["intake_at"], facts.now)
        latest = latest_expiry(since, keeps)
        if bag["expires_at"] > latest:
            code = "beyond-shelf-life" if collected else "beyond-shelf-life-today"
            told = {"component": word, "when": china_text(bag["expires_at"]), "latest": china_text(latest)}
            yield said(code, "expires_at", None, line, since=china_text(since), **told)


# -- what the note announced ---------------------------------------------------------------------------------------

_NOTED = {"component": "血液品种", "abo": "ABO 血型", "rhd": "RhD 血型", "expires_at": "失效时间"}


@rule(
    "receipt-note",
    Moment.RECEIPT,
    level=Level.BLOCK,
    title="袋签须与血站发血单一致",
    source="临床输血技术规范第十九条（核对验收）",
    says={
        "note-differs": "{bag} 的{what}：袋签为{label}，发血单 {note} 为{noted}，请把该袋放在一边，联系供血机构核对",
        "note-supplier": "{bag} 在发血单 {note} 上由{noted}发出，登记的供血机构是{label}，请核对供血机构",
    },
    hazard=Hazard("贴错标签的血袋入库", "血站发血单与袋签对同一袋说法不同", "单据与袋签同错"),
    tables=("component", "abo", "rhd", "supplier"),
)
def agrees_with_note(values: Values, facts: Facts) -> Iterator[Said]:
    """What a label says of component, group and expiry is what the station said that it sent."""
    for line, bag in enumerate(values["bags"], start=1):
        noted = (facts.notes or {}).get(bag_key(bag))
        if noted is None:
            continue
        for key, what in _NOTED.items():
            told = getattr(noted, key)
            if told is not None and told != bag[key]:
                words = {"what": what, "note": noted.note_no, "label": _word(key, bag[key]), "noted": _word(key, told)}
                yield said("note-differs", key, None, line, **words)
        if noted.supplier and noted.supplier != values["supplier"]:
            words = {
                key: table("supplier").word(one)
                for key, one in (("label", values["supplier"]), ("noted", noted.supplier))
            }
            yield said("note-supplier", "", None, line, note=noted.note_no, **words)


def _word(key: str, value: object) -> str:
    return china_text(value) if isinstance(value, datetime) else table(key).word(str(value))


@rule(
    "receipt-not-on-note",
    Moment.RECEIPT,
    level=Level.OVERRIDE,
    least="reviewer",
    title="血袋应在血站发血单上",
    source="NHSN 57.302 PC02",
    says={"not-on-note": "{bag} 不在发血单 {note} 上，请先向供血机构核实；确认是本院的血袋再由审核人员授权入库"},
    hazard=Hazard("别院的血袋入库，本院缺少该用的血", "血站送错或漏列", "发血单尚未到达本机时不能比对"),
    per_bag=True,
)
def on_the_note(bag: Values, facts: Facts) -> Iterator[Said]:
    """A bag of a delivery that names a known note stands on it, or on another note that came along."""
    if facts.note_no and bag_key(bag) not in (facts.notes or {}):
        yield said("not-on-note", "donation_number", note=facts.note_no)


# -- what sends a bag to quarantine ---------------------------------------------------------------------------------


@rule(
    "receipt-label-message",
    Moment.RECEIPT,
    level=Level.NOTE,
    title="袋签声明须隔离的血袋入库即隔离",
    source="ICCBBA ST-001 v6.2.2 表 4 特殊信息；临床输血技术规范第二十七条第（八）项",
    says={"label-message": "{bag} 的袋签声明“{meaning}”，入库后自动隔离，只能退回或报废"},
    hazard=Hazard("声明不得输注的血袋被发出", "只看血型和品种，未看袋签声明", "声明未印成条码时须由到货检查登记"),
    per_bag=True,
)
def label_says_quarantine(bag: Values, facts: Facts) -> Iterator[Said]:
    """A label that says biohazard, discard, quarantine, not for transfusion, research or fractionation is obeyed."""
    if (message := bag.get("label_message")) in QUARANTINE_MESSAGES:
        yield said("label-message", "donation_number", meaning=_MESSAGES[str(message)])


@rule(
    "receipt-inspection",
    Moment.RECEIPT,
    level=Level.WARN,
    title="到货检查异常的血袋入库即隔离",
    source="临床输血技术规范第十九条、第二十七条；医疗机构临床用血管理办法第十六条；NHSN 57.302 PC02–PC08",
    says={"arrival-defect": "{bag} 到货检查：{defects}。入库后自动隔离，请登记退血站或报废"},
    hazard=Hazard("破损、溶血或冷链中断的血液被输注", "到货检查发现异常而仍当可用血登记", "外观正常的细菌污染"),
    per_bag=True,
    tables=("arrival_defect",),
)
def inspected(bag: Values, facts: Facts) -> Iterator[Said]:
    """A bag with any defect at arrival is set aside at once and can only be returned or discarded."""
    if defects := bag.get("arrival_defects"):
        words = "、".join(table("arrival_defect").word(key) for key in defects)
        yield said("arrival-defect", "arrival_defects", defects=words)


def boxes() -> dict[str, str]:
    """Return the transport box of each component, by the table `transport_box`."""
    known = table("transport_box")
    return {component: key for key in known for component in known.facet(key, "components")}


def strayed(values: Values, bag: Values) -> bool | None:
    """Return whether the box of a bag was too warm or too cold, None where nobody measured or no box is laid down."""
    known = table("transport_box")
    key = boxes().get(bag["component"])
    measured = values.get(known.facet(key, "field")) if key is not None else None
    if key is None or measured is None:
        return None
    low, high = known.facet(key, "low"), known.facet(key, "high")
    return (high is not None and measured > Decimal(high)) or (low is not None and measured < Decimal(low))


@rule(
    "receipt-temperature",
    Moment.RECEIPT,
    level=Level.WARN,
    title="运输温度超限的血袋入库即隔离",
    source="WS/T 400-2023；临床输血技术规范第十九条（运输条件）；NHSN 57.302 PC04",
    says={
        "temperature-out": "{bag} 的{box}温度 {measured} ℃ 超出 {range}，入库后自动隔离，请联系供血机构处理",
        "temperature-unknown": "有需{box}运输的血袋，但没有登记{box}温度，请补测后登记",
        "no-box": "{bag} 的{component}没有规定运输温度，入库后自动隔离，请联系管理员补充",
    },
    hazard=Hazard("冷链中断的血液溶血或细菌繁殖", "运输箱温度超限", "只测到货时的温度，途中曾超限未记录"),
    tables=("transport_box",),
)
def transported_right(values: Values, facts: Facts) -> Iterator[Said]:
    """Each kind of blood travels within its limits; outside of them the bag is set aside (WS/T 400)."""
    known, of = table("transport_box"), boxes()
    unmeasured: dict[str, None] = {}
    for line, bag in enumerate(values["bags"], start=1):
        key = of.get(bag["component"])
        if key is None:
            yield said("no-box", "component", None, line, component=table("component").word(bag["component"]))
            continue
        wrong = strayed(values, bag)
        if wrong is None:
            unmeasured[key] = None
        elif wrong:
            measured = values[known.facet(key, "field")]
            words = {"box": known.word(key), "measured": words_of(measured), "range": _range(key)}
            yield said("temperature-out", "component", None, line, **words)
    for key in unmeasured:
        yield said("temperature-unknown", known.facet(key, "field"), Level.NOTE, box=known.word(key))


def _range(key: str) -> str:
    low, high = (table("transport_box").facet(key, name) for name in ("low", "high"))
    return f"≤ {high} ℃" if low is None else f"{low}～{high} ℃"


def regroup_of(bag: Values) -> tuple[str, str] | None:
    """Return the group that was found again, None while it was not, or only half."""
    abo, rhd = bag.get("regroup_abo"), bag.get("regroup_rhd")
    return None if abo is None or rhd is None else (str(abo), str(rhd))


def wants_regroup(component: str, site: Mapping[str, Any]) -> bool:
    """Return whether bags of a component wait here until their group was found again; an unknown component does."""
    known = table("component")
    asked = bool(known.facet(component, "regroup")) if component in known else True
    return asked and value_of(site, "regroup") == "at_receipt"


@rule(
    "receipt-regroup",
    Moment.RECEIPT,
    level=Level.WARN,
    title="血型复检不符的血袋入库即隔离",
    source="临床输血技术规范第十五条（复查供血者 ABO 血型）；VistA: unit ABO/Rh confirmation",
    says={
        "regroup-differs": "{bag} 复检为{found}，袋签为{label}，入库后自动隔离。请重新采样复检并联系供血机构",
        "regroup-half": "{bag} 的复检只登记了 ABO 或 RhD 之一，不作数；验收时须补全",
    },
    hazard=Hazard("ABO 不合输血", "血袋标签血型错误", "两次检测取了同一错误标本"),
    per_bag=True,
    tables=("component",),
)
def regrouped(bag: Values, facts: Facts) -> Iterator[Said]:
    """A group that was found again and differs from the label sends the bag to quarantine."""
    found = regroup_of(bag)
    if found is None:
        if bag.get("regroup_abo") or bag.get("regroup_rhd"):
            yield said("regroup-half", "regroup_abo")
    elif found != (bag["abo"], bag["rhd"]):
        yield said(
            "regroup-differs", "regroup_abo", found=group_words(*found), label=group_words(bag["abo"], bag["rhd"])
        )


def group_words(abo: str, rhd: str) -> str:
    """Return a group as a sentence shows it."""
    return f"{table('abo').word(abo)} RhD{table('rhd').word(rhd)}"


def set_aside(values: Values, bag: Values) -> Mapping[str, str] | None:
    """Return why a bag of a delivery enters quarantine, as {"reason": words}, None for one that does not."""
    why: list[str] = []
    if bag.get("label_message") in QUARANTINE_MESSAGES:
        why.append(f"袋签声明“{_MESSAGES[str(bag['label_message'])]}”")
    why += [table("arrival_defect").word(key) for key in bag.get("arrival_defects") or ()]
    if strayed(values, bag) or bag["component"] not in boxes():
        why.append("运输温度超限" if bag["component"] in boxes() else "没有规定运输温度")
    found = regroup_of(bag)
    if found is not None and found != (bag["abo"], bag["rhd"]):
        why.append(f"血型复检不符（{group_words(*found)}）")
    return {"reason": "；".join(why)} if why else None


# -- two persons ----------------------------------------------------------------------------------------------------


@rule(
    "receipt-two-persons",
    Moment.RECEIPT,
    level=Level.BLOCK,
    title="入库须两人核对，或登记为单人值班并由另一人补核",
    source="临床输血技术规范第十八条、第十九条；医疗机构临床用血管理办法第十六条",
    says={
        "no-checker": "入库须由第二人核对：请核对人签名；单人值班时请勾选“单人值班”，由另一人事后补核",
        "same-person": "接收人与核对人不能是同一人，请由另一人核对",
        "solo-forbidden": "本院不允许单人值班入库，请由第二人核对签名",
        "solo-duty": "单人值班入库：血袋保持待验收，24 小时内须由另一人逐袋核对后验收，在此之前不能发出",
    },
    hazard=Hazard("一个人的差错无人发现", "接收与核对由同一人完成", "两人都未认真核对"),
    switches=("solo_duty",),
)
def two_persons(values: Values, facts: Facts) -> Iterator[Said]:
    """Who checks is not who received; alone on duty the bags wait for somebody else."""
    if values.get("checker") is not None:
        if values["checker"] == values["receiver"]:
            yield said("same-person", "checker")
    elif not values.get("solo_duty"):
        yield said("no-checker", "checker")
    elif switched(facts, "solo_duty") != "allowed":
        yield said("solo-forbidden", "solo_duty")
    else:
        yield said("solo-duty", "solo_duty", Level.NOTE)
