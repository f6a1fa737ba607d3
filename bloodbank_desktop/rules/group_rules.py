"""Which blood fits whom: the patient's group as far as it is proven, and the group and antigens of the bag.

Red cells and plasma have tables of their own; whatever no table names is blocked. A group that is not proven – forward
and reverse differ, only one determination, records that contradict each other – leaves the emergency with its narrow
choices: O red cells and AB plasma (临床输血技术规范第十条、第十五至十七条).
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules import recipient
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.crossmatching import needed
from bloodbank_desktop.rules.decisions import decision
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.recipient import UNKNOWN, emergency

_COMPONENTS = table("component")
_WITH_RED_CELLS = frozenset({"red_cells", "whole_blood", "granulocytes"})


def _class(component: str) -> str:
    return str(_COMPONENTS.facet(component, "rule") or "")


def _group(abo: str, rhd: str) -> str:
    return f"{table('abo_patient').word(abo)} RhD{table('rhd_patient').word(rhd)}"


@rule(
    "issue-grouping",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="本次标本正反定型一致，两次定型一致",
    source="临床输血技术规范第十五条",
    says={
        "grouping-differs": "本次标本正定型{forward}、反定型{reverse}不符，请复查或送检；紧急时只能发 O 型红细胞、AB 型血浆",
        "grouping-incomplete": "本次标本的正反定型没有做全，请做完再发血；紧急时只能发 O 型红细胞、AB 型血浆",
        "second-differs": "第二次定型（{second}）与本次标本（{first}）不符，请重新采样定型，可能采错患者",
    },
    hazard=Hazard("ABO 不合的急性溶血反应，可致死", "定型错误，或标本采自另一患者", "两次标本都采自同一错误患者"),
    tables=("grouping",),
)
def grouping(values: Values, facts: Facts) -> Iterator[Said]:
    """Today's sample says one group, forward, reverse and a second time."""
    forward, reverse = values.get("forward_group"), values.get("reverse_group")
    if forward is not None and reverse is not None:
        outcome = decision("grouping").outcome(forward, reverse)
        words = table("forward_group")
        level = Level.WARN if emergency(values) else None
        if outcome == "differ":
            yield said(
                "grouping-differs",
                "reverse_group",
                level,
                forward=words.word(forward),
                reverse=words.word(reverse),
            )
        elif outcome != "agree":
            yield said("grouping-incomplete", "forward_group", level)
    abo, rhd = recipient.sample_abo(values), recipient.sample_rhd(values)
    second_abo, second_rhd = values.get("second_abo"), values.get("second_rhd")
    differs = second_abo in table("abo") and abo != UNKNOWN and second_abo != abo
    if differs or (second_rhd in table("rhd") and rhd != UNKNOWN and second_rhd != rhd):
        second = _group(second_abo or UNKNOWN, second_rhd or UNKNOWN)
        yield said("second-differs", "second_abo", first=_group(abo, rhd), second=second)


@rule(
    "issue-group-history",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="本次血型与既往血型一致，合并的病案一并核对",
    source="VistA LRBLPUS（R2）；SHOT 2009 p. 63（R35）；临床输血技术规范第十五条",
    says={
        "group-differs": "患者血型与{kind} {name}（{when}）记录的{known}不一致，请停止发血，重新采样核实身份与血型，"
        "并更正写错的记录",
        "group-differs-emergency": "患者血型与{kind} {name}（{when}）记录的{known}不一致，本次按血型未定处理，请尽快核实",
    },
    hazard=Hazard("ABO 不合的急性溶血反应，可致死", "标本采错患者，或病案号填错", "患者从未在本院定过型"),
)
def history_agrees(values: Values, facts: Facts) -> Iterator[Said]:
    """No record of this patient, under any number of hers, states another group than today's."""
    for known, what in (
        (recipient.abo_contradicted(values, facts), "abo_patient"),
        (recipient.rhd_contradicted(values, facts), "rhd_patient"),
    ):
        if known is None:
            continue
        word = table(what).word(known.abo) if what == "abo_patient" else f"RhD{table(what).word(known.rhd)}"
        urgent = emergency(values)
        yield said(
            "group-differs-emergency" if urgent else "group-differs",
            "patient_abo" if what == "abo_patient" else "patient_rhd",
            Level.WARN if urgent else None,
            kind=_kind_word(known.kind),
            name=known.name,
            when=china_text(known.at),
            known=word,
        )


def _kind_word(kind: str) -> str:
    declared = all_records().get(kind)
    return declared.label if declared is not None else "记录"


@rule(
    "issue-determinations",
    Moment.ISSUE,
    level=Level.BLOCK,
    title="ABO 与 RhD 各有两次一致的定型和有效的抗体筛查，否则只能紧急发血",
    source="Hematos 授权级别（R38）；临床输血技术规范第十五条、第十七条；BSH 2013 两份标本规则",
    says={
        "one-determination": "{what}只有 {count} 次有效定型，请另采一份标本或由另一人再定一次；确属紧急时取血类型选“紧急用血”",
        "emergency-mode": "{what}没有两次一致的定型，本次按血型未定处理：只能发 O 型红细胞、AB 型血浆",
        "screen-missing": "本次标本没有做抗体筛查，请补做；确属紧急时取血类型选“紧急用血”",
        "screen-pending": "本次没有抗体筛查结果，请立即补做，阳性时马上通知病房",
    },
    hazard=Hazard("按错误的血型发血", "只有一次定型而标本采错", "两次定型用了同一份错误标本"),
)
def determined_twice(values: Values, facts: Facts) -> Iterator[Said]:
    """A group counts when it was found twice; blood with red cells also wants a screen of today's sample."""
    urgent = emergency(values)
    level = Level.WARN if urgent else None
    for what, count in zip(("ABO 血型", "RhD 血型"), recipient.determinations(values, facts), strict=True):
        if count < 2:
            code = "emergency-mode" if urgent else "one-determination"
            yield said(code, "second_abo" if what.startswith("ABO") else "second_rhd", level, what=what, count=count)
    if values.get("antibody_screen") not in ("negative", "positive") and any(
        needed(bag["component"]) for bag in values["bags"]
    ):
        yield said("screen-pending" if urgent else "screen-missing", "antibody_screen", level)


@rule(
    "issue-abo",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="血袋 ABO 与患者相容（红细胞与血浆各有其表）",
    source="临床输血技术规范第十条、第十六条；VistA LRBLPUS1（R3）；特殊情况紧急抢救输血推荐方案",
    says={
        "abo-never": "{bag} 是{donor}{component}，不能给{recipient}患者，请另选",
        "abo-emergency-only": "患者血型未定，{donor}{component}只能在紧急用血时发出；请先定型",
        "abo-approval": "{bag} 是{donor}{component}，患者为{recipient}，须科主任与经治医师商定后批准",
        "abo-alternative": "{bag} 是{donor}{component}，患者为{recipient}：相容但非同型，请与经治医师商定",
        "abo-emergency": "患者血型未定，按紧急发出{donor}{component}；定型后改用同型血",
    },
    hazard=Hazard("ABO 不合的急性溶血反应，可致死", "选错血袋，或把红细胞的规则用于血浆", "袋签血型本身贴错"),
    tables=("abo_compatibility", "component"),
    least="director",
)
def abo_fits(values: Values, facts: Facts) -> Iterator[Said]:
    """The table of the component's class says whether this group may get that bag."""
    abo = recipient.proven_abo(values, facts)
    for line, bag in enumerate(values["bags"], start=1):
        outcome = decision("abo_compatibility").outcome(_class(bag["component"]), abo, bag["abo"])
        words = {
            "donor": table("abo").word(bag["abo"]),
            "component": _COMPONENTS.word(bag["component"]),
            "recipient": table("abo_patient").word(abo) if abo != UNKNOWN else "血型未定的",
        }
        if outcome == "first":
            continue
        if outcome == "alternative":
            yield said("abo-alternative", "abo", Level.WARN, line, **words)
        elif outcome == "approval":
            yield said("abo-approval", "abo", Level.OVERRIDE, line, **words)
        elif outcome == "emergency_only" and emergency(values):
            yield said("abo-emergency", "abo", Level.WARN, line, **words)
        else:
            code = "abo-emergency-only" if outcome == "emergency_only" else "abo-never"
            yield said(code, "abo", None, line, **words)


@rule(
    "issue-rhd",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="血袋 RhD 与患者相容，按抗-D 和育龄女性区分",
    source="临床输血技术规范第十条、第十五条；VistA LRBLPUS1（R4、R5）；特殊情况紧急抢救输血推荐方案",
    says={
        "anti-d": "{bag} 是 RhD 阳性，患者有抗-D，不得发出，请选 RhD 阴性血",
        "rhd-never": "{bag} 是 RhD{donor}，不能给 RhD{recipient}患者，请另选",
        "rhd-emergency-only": "患者 RhD 未定，RhD 阳性血只能在紧急用血时发出；请先定型或选 RhD 阴性血",
        "rhd-approval": "{bag} 是 RhD 阳性，患者 RhD{recipient}{who}，须科主任批准并由第二人签名；请确认已知情同意，"
        "并考虑抗-D 免疫球蛋白",
        "rhd-alternative": "{bag} 是 RhD 阳性，患者 RhD{recipient}，请确认已知情同意",
        "rhd-scarce": "{bag} 是 RhD 阴性，患者为 RhD 阳性：阴性血稀缺，有阳性血请改选",
        "rhd-emergency": "患者 RhD 未定，按紧急发出 RhD 阳性血；定型后改用同型血",
    },
    hazard=Hazard(
        "抗-D 引起的溶血反应；女性日后胎儿新生儿溶血病", "RhD 阴性患者得到 RhD 阳性血", "抗-D 史未录入本系统"
    ),
    tables=("rhd_compatibility", "component", "limit"),
    least="director",
    second=True,
)
def rhd_fits(values: Values, facts: Facts) -> Iterator[Said]:
    """The table decides by class, RhD of both, anti-D ever found, and whether later children could be harmed."""
    rhd = recipient.proven_rhd(values, facts)
    anti_d = "anti_d" in recipient.antibodies(values, facts)
    female = recipient.may_bear(values, facts)
    for line, bag in enumerate(values["bags"], start=1):
        outcome = decision("rhd_compatibility").outcome(
            _class(bag["component"]), rhd, "yes" if anti_d else "no", "yes" if female else "no", bag["rhd"]
        )
        words = {
            "donor": table("rhd").word(bag["rhd"]),
            "recipient": table("rhd_patient").word(rhd),
            "who": "，且为女童或育龄女性" if female else "",
        }
        if outcome == "first":
            continue
        if outcome == "scarce":
            yield said("rhd-scarce", "rhd", Level.NOTE, line, **words)
        elif outcome == "alternative":
            yield said("rhd-alternative", "rhd", Level.WARN, line, **words)
        elif outcome == "approval":
            yield said("rhd-approval", "rhd", Level.OVERRIDE, line, **words)
        elif outcome == "emergency_only" and emergency(values):
            yield said("rhd-emergency", "rhd", Level.WARN, line, **words)
        elif outcome == "emergency_only":
            yield said("rhd-emergency-only", "rhd", None, line, **words)
        else:
            yield said("anti-d" if anti_d and bag["rhd"] == "positive" else "rhd-never", "rhd", None, line, **words)


@rule(
    "issue-antibodies",
    Moment.SELECTION,
    level=Level.BLOCK,
    title="有临床意义的抗体须选抗原阴性血，未检测不等于阴性",
    source="临床输血技术规范第十七条；VistA LRBLPUS1（R6）；SHOT 2009 p. 62",
    says={
        "antigen-positive": "{bag} {antigen} 抗原阳性，患者有{antibody}，不得发出，请选抗原阴性血",
        "antigen-untested": "{bag} {antigen} 抗原未检测，患者有{antibody}；请检测为阴性后再发，来不及时须科主任批准",
        "antibody-unidentified": "患者有{antibody}，不能确定应避开哪种抗原；请鉴定后再发，来不及时须科主任批准",
        "antibody-noted": "患者有{antibody}（一般无临床意义），{bag} 未标明抗原阴性，请以配血结果为准",
    },
    hazard=Hazard("迟发或急性溶血反应", "血袋带有患者抗体所针对的抗原", "抗体已消退到检不出且从未登记"),
    tables=("antibody_antigen", "antibody", "antigen"),
    least="director",
)
def antigens_fit(values: Values, facts: Facts) -> Iterator[Said]:
    """Blood with red cells lacks each antigen to which the patient ever had an antibody; anti-D is the RhD table's."""
    known = recipient.antibodies(values, facts)
    # A positive screen that nothing known explains is an antibody, too.
    found = [key for key in known if key != "anti_d"]
    if not known and values.get("antibody_screen") == "positive":
        found = ["unidentified"]
    for line, bag in enumerate(values["bags"], start=1):
        if _class(bag["component"]) not in _WITH_RED_CELLS:
            continue
        for antibody in found:
            yield from _against(antibody, line, facts, bag)


def _against(antibody: str, line: int, facts: Facts, bag: Values) -> Iterator[Said]:
    antibodies = table("antibody")
    antigen = antibodies.facet(antibody, "antigen")
    known = facts.bag(bag_key(bag))
    # Positive wherever anything says so; negative only where a test says so and nothing contradicts it.
    result = "untested"
    if antigen in known.antigens_positive:
        result = "positive"
    elif antigen in known.antigens_negative:
        result = "negative"
    significant = "yes" if antibodies.facet(antibody, "significant") is not False else "no"
    outcome = decision("antibody_antigen").outcome(significant, result)
    words = {
        "antibody": antibodies.word(antibody),
        "antigen": table("antigen").word(antigen) if antigen else "",
    }
    if outcome == "fits":
        return
    if outcome == "warn":
        yield said("antibody-noted", "donation_number", Level.WARN, line, **words)
    elif outcome == "approval":
        code = "antigen-untested" if antigen else "antibody-unidentified"
        yield said(code, "donation_number", Level.OVERRIDE, line, **words)
    else:
        yield said("antigen-positive", "donation_number", None, line, **words)
