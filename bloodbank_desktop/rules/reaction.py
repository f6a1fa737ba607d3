"""What a report of a reaction must hold: a class that the facts bear out, the phone call, the checks, the station told.

A reaction is reported while the patient is being treated, so nothing here stops the first report; what is missing stays
open until it is done (临床输血技术规范第三十三至三十五条; 医疗机构临床用血管理办法第二十五条).
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.decisions import decision
from bloodbank_desktop.rules.facts import Facts
from bloodbank_desktop.rules.reaction_classes import classify, in_time, onset_after, weigh

_STATION = "station"


@rule(
    "reaction-class",
    Moment.REACTION,
    level=Level.WARN,
    title="反应类型须有诊断条件支持",
    source="WS/T 624-2018；ISBT/IHN 定义",
    says={
        "criteria-missing": "“{type}”的诊断条件还缺：{missing}。请补充检查所见或核对类型",
        "criteria-against": "“{type}”与所填情况不符：{against}。请核对类型",
        "others-fit": "所填情况符合：{fits}。请核对是否应为该类型",
    },
    hazard=Hazard("错过溶血、细菌污染等致命反应的处理和追溯", "把严重反应当成常见反应", "早期表现不典型"),
    tables=("reaction_criteria", "measured_criterion", "limit"),
)
def class_borne_out(values: Values, facts: Facts) -> Iterator[Said]:
    """The class that a person chose meets its criteria, and no graver one fits unseen."""
    chosen = values["reaction_type"]
    types = table("reaction_type")
    mine = weigh(chosen, values)
    word = types.word(chosen)
    if mine.missing:
        yield said("criteria-missing", "reaction_type", type=word, missing="；".join(mine.missing))
    if mine.against:
        yield said("criteria-against", "reaction_type", type=word, against="、".join(mine.against))
    others = [types.word(one.reaction_type) for one in classify(values) if one.fits and one.reaction_type != chosen]
    if others and not mine.fits:
        yield said("others-fit", "reaction_type", fits="、".join(others))


@rule(
    "reaction-window",
    Moment.REACTION,
    level=Level.WARN,
    title="反应出现时间须在该类型的时间范围内",
    source="WS/T 624-2018；ISBT/IHN 定义的时间范围",
    says={"outside-window": "{type}应在输血开始后 {low}～{high} 小时内出现，本例为 {after} 小时，请核对时间或类型"},
    hazard=Hazard("归错类型，漏查真正的原因", "出现时间与类型不符", "输血开始时间登记不准"),
    tables=("reaction_type",),
)
def onset_in_window(values: Values, facts: Facts) -> Iterator[Said]:
    """An onset outside the window of the class is asked about; both ends belong to the window."""
    chosen = values["reaction_type"]
    after = onset_after(values)
    if after is not None and in_time(chosen, values) is False:
        low, high = table("reaction_type").facet(chosen, "window")
        hours = f"{after.total_seconds() / 3600:.1f}".removesuffix(".0")
        yield said(
            "outside-window", "onset_at", type=table("reaction_type").word(chosen), low=low, high=high, after=hours
        )


@rule(
    "reaction-call-first",
    Moment.REACTION,
    level=Level.BLOCK,
    title="严重反应先打电话",
    source="临床输血技术规范第三十三条、第三十四条（立即通知）",
    says={
        "call-first": "{severity}反应：请先打电话报告{phones}，再补登记，并填写电话报告时间",
        "called-before-onset": "电话报告时间 {called} 早于反应出现时间 {onset}，请核对",
        "called-in-future": "电话报告时间 {called} 晚于现在，请核对",
    },
    hazard=Hazard("患者得不到及时抢救，同一献血者的其他血袋继续使用", "先填表后报告", "电话无人接听"),
    tables=("severity", "alarm_phone"),
)
def called_first(values: Values, facts: Facts) -> Iterator[Said]:
    """What is severe, life-threatening or deadly is told by phone at once; the form comes after."""
    called = values.get("called_at")
    if called is not None:
        if called < values["onset_at"]:
            yield said(
                "called-before-onset", "called_at", called=china_text(called), onset=china_text(values["onset_at"])
            )
        elif called > facts.now:
            yield said("called-in-future", "called_at", called=china_text(called))
    elif values["severity"] != "non_severe":
        phones = table("alarm_phone")
        words = [f"{phones.word(key)}（{phones.facet(key, 'number') or '号码未登记'}）" for key in phones]
        yield said(
            "call-first",
            "called_at",
            Level.NOTE,
            severity=table("severity").word(values["severity"]),
            phones="、".join(words),
        )


def outstanding_checks(values: Values) -> tuple[str, ...]:
    """Return what the class demands and the report lacks: keys of the table investigation, and "station"."""
    needed = decision("reaction_checks")
    done = set(values.get("investigations") or ())
    if values.get("station_informed_at") is not None:
        done.add(_STATION)
    wanted = (item for item in needed.inputs["item"] if needed.outcome(values["reaction_type"], item) != "optional")
    return tuple(item for item in wanted if item not in done)


def outstanding(values: Values) -> tuple[str, ...]:
    """Return the duties that a report leaves."""
    return ("reaction_checks",) if outstanding_checks(values) else ()


def _item_words(items: tuple[str, ...]) -> str:
    return "、".join("通知供血机构" if item == _STATION else table("investigation").word(item) for item in items)


@rule(
    "reaction-checks",
    Moment.REACTION,
    level=Level.BLOCK,
    title="溶血、细菌污染、急性肺损伤须完成核对检查并通知供血机构",
    source="临床输血技术规范第三十四条、第三十五条",
    says={
        "checks-open": "{type}还须完成：{items}。已列入待办，完成后在本记录补填",
        "not-complete": "{type}还没有完成：{items}，不能填写审核人结案。请完成后再审核",
        "station-before-onset": "通知血站时间 {informed} 早于反应出现时间 {onset}，请核对",
    },
    hazard=Hazard(
        "原因未查清，同一献血者的其他血袋继续使用", "报告结案时核对检查未做、血站未通知", "标本已丢弃无法复查"
    ),
    tables=("reaction_checks", "investigation"),
)
def checks_done(values: Values, facts: Facts) -> Iterator[Said]:
    """A report is complete when the checks of article 34 are done and the station knows; until then a duty is open."""
    informed = values.get("station_informed_at")
    if informed is not None and informed < values["onset_at"]:
        words = {"informed": china_text(informed), "onset": china_text(values["onset_at"])}
        yield said("station-before-onset", "station_informed_at", **words)
    if open_ := outstanding_checks(values):
        words = {"type": table("reaction_type").word(values["reaction_type"]), "items": _item_words(open_)}
        if values.get("reviewer") is not None:
            yield said("not-complete", "reviewer", **words)
        else:
            yield said("checks-open", "investigations", Level.NOTE, **words)


@rule(
    "reaction-grading",
    Moment.REACTION,
    level=Level.WARN,
    title="严重反应的相关性须有依据",
    source="ISBT/IHN 血液预警量表（严重程度、相关性）",
    says={
        "explain-exclusion": "{severity}反应判为“{imputability}”，请在结论中写明排除输血的依据",
        "inquire": "{severity}反应的相关性为“{imputability}”，请继续调查后更新",
        "not-decided": "严重程度与相关性的这一组合没有规定，请联系管理员补充决定表",
    },
    hazard=Hazard("严重反应未被追溯", "没有依据就排除输血因素", "调查条件有限"),
    tables=("reaction_grading",),
)
def graded(values: Values, facts: Facts) -> Iterator[Said]:
    """A severe reaction is not put aside as unrelated without a conclusion that says why."""
    outcome = decision("reaction_grading").outcome(values["severity"], values["imputability"])
    words = {
        "severity": table("severity").word(values["severity"]),
        "imputability": table("imputability").word(values["imputability"]),
    }
    if outcome is None:
        yield said("not-decided", "imputability")
    elif outcome == "inquire":
        yield said("inquire", "imputability", **words)
    elif outcome == "explain" and not values.get("conclusion"):
        yield said("explain-exclusion", "conclusion", **words)
