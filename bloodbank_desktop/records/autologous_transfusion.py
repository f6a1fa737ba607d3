"""医院自体输血 – the patient's own blood: deposited, diluted, salvaged or by apheresis (临床输血技术规范附件二; WS/T 866).

The form unfolds by the kind: each has its own facts, and what belongs to another kind has no meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise

from bloodbank_desktop.records.answer import PlainAnswer
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    code,
    day,
    flag,
    line,
    lines,
    moment,
    note,
    number,
    person,
    record,
    text,
)
from bloodbank_desktop.records.patient import PERSON_SECTION, PersonBlock, identity_holds
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import table


def _deposited(values: Values) -> bool:
    return values.get("autologous_type") in ("predeposit", "apheresis")


def _diluted(values: Values) -> bool:
    return values.get("autologous_type") == "haemodilution"


def _salvaged(values: Values) -> bool:
    return values.get("autologous_type") == "salvage"


def _cleaned(values: Values) -> bool:
    return _salvaged(values) and values.get("contraindication") not in (None, "none")


@line()
class Collection:
    """One collection before the operation."""

    bag_no: str = code("血袋号", most=32, required=True, search=True)
    collected_at: datetime = moment("采血时间", required=True)
    volume: Decimal = number("采血量", low="10", high="500", unit="ml", required=True)
    haemoglobin: Decimal = number("采前血红蛋白", low="10", high="250", unit="g/L", required=True)
    anticoagulant: str = choice("抗凝剂", table("anticoagulant"), required=True)
    expires_at: datetime = moment("失效时间", required=True)
    location: str | None = text("储存位置", most=40, default=None)
    collector: str = person("采血者", required=True)


def collections_hold(values: Values) -> Iterator[Problem]:
    """Collections are at least three days apart, the last three days before the operation, from 110 g/L (附件二)."""
    if not _deposited(values):
        return
    if not values["collections"]:
        yield Problem("collections", "required", "贮存式自体输血请填写每次采血")
    ordered = sorted(enumerate(values["collections"], start=1), key=lambda one: one[1]["collected_at"])
    for (_, before), (index, one) in pairwise(ordered):
        if (one["collected_at"] - before["collected_at"]).days < 3:
            yield Problem("collections.collected_at", "interval", "两次采血间隔不得少于 3 天，请核对", index)
    for index, one in enumerate(values["collections"], start=1):
        if one["haemoglobin"] < 110:
            yield Problem("collections.haemoglobin", "too-low", "采前血红蛋白低于 110 g/L，不宜采血，请核对", index)
        if one["collected_at"] >= one["expires_at"]:
            yield Problem("collections.collected_at", "time-order", "采血时间应早于失效时间", index)


def reinfused_not_more(values: Values) -> Iterator[Problem]:
    """Not more is given back than was collected."""
    given = values.get("reinfused_ml")
    collected = values.get("diluted_ml") if _diluted(values) else values.get("salvaged_ml")
    if _deposited(values):
        collected = sum((one["volume"] for one in values["collections"]), Decimal(0))
    if given is not None and collected is not None and given > collected:
        yield Problem("reinfused_ml", "more-than-collected", "回输量大于采集或回收的量，请核对")


def returned_after_start(values: Values) -> Iterator[Problem]:
    """Blood is given back after it was taken."""
    began, back = values.get("procedure_at"), values.get("reinfused_at")
    if began is not None and back is not None and back < began:
        yield Problem("reinfused_at", "time-order", "回输时间不能早于采集或回收时间，请核对")


@record(
    key="autologous_transfusion",
    label="医院自体输血",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE},
    title=("record_no", "patient_name"),
    newest_by="registered_at",
    answer=PlainAnswer,
    checks=[identity_holds, collections_hold, reinfused_not_more, returned_after_start],
    sections=[
        ("登记", "record_no registered_at autologous_type consent"),
        PERSON_SECTION,
        ("手术", "surgery_name surgery_level surgery_on"),
        ("贮存式", "collections"),
        (
            "稀释与回收",
            "procedure_at diluted_ml haematocrit_before haematocrit_after replacement device anticoagulant salvaged_ml"
            " wash_ml contraindication contraindication_reason",
        ),
        ("回输", "reinfused_ml reinfused_units reinfused_at not_reinfused"),
        ("经办", "operator physician registrar reaction_no remark"),
    ],
    help="先选自体输血种类，表单随种类展开；Ctrl+S 登记。",
)
class AutologousTransfusion(PersonBlock):
    """A record."""

    record_no: str = text("登记号", most=32, required=True, search=True, column=16, serial="ZT", links=("autologous",))
    registered_at: datetime = moment("登记时间", required=True, column=14, fresh="now")
    autologous_type: str = choice("自体输血种类", table("autologous_type"), required=True, column=8)
    consent: bool = flag("知情同意书", words=("未签", "已签"), required=True)
    surgery_name: str = text("手术名称", required=True)
    surgery_level: str = choice("手术级别", table("surgery_level"), required=True)
    surgery_on: date = day("手术日期", required=True, column=10)
    procedure_at: datetime | None = moment(
        "采集/回收时间",
        default=None,
        shown=lambda v: _diluted(v) or _salvaged(v),
        required=lambda v: _diluted(v) or _salvaged(v),
    )
    diluted_ml: Decimal | None = number(
        "稀释采血量", low="50", high="3000", unit="ml", default=None, shown=_diluted, required=_diluted
    )
    haematocrit_before: Decimal | None = number(
        "采前红细胞压积", low="3", high="75", places=1, unit="%", default=None, shown=_diluted, required=_diluted
    )
    haematocrit_after: Decimal | None = number(
        "采后红细胞压积", low="3", high="75", places=1, unit="%", default=None, shown=_diluted
    )
    replacement: str | None = text("置换液及用量", most=100, default=None, shown=_diluted, required=_diluted)
    device: str | None = text("回收设备", most=60, default=None, shown=_salvaged, required=_salvaged)
    anticoagulant: str | None = choice(
        "抗凝剂", table("anticoagulant"), default=None, shown=_salvaged, required=_salvaged
    )
    salvaged_ml: Decimal | None = number(
        "回收原血量", low="0", high="50000", unit="ml", default=None, shown=_salvaged, required=_salvaged
    )
    wash_ml: Decimal | None = number("清洗液量", low="0", high="50000", unit="ml", default=None, shown=_salvaged)
    contraindication: str | None = choice(
        "禁忌核查", table("contraindication"), default=None, shown=_salvaged, required=_salvaged
    )
    contraindication_reason: str | None = text(
        "有禁忌仍回收的理由", most=200, default=None, shown=_cleaned, required=_cleaned
    )
    reinfused_ml: Decimal | None = number("回输量", low="0", high="50000", unit="ml", default=None)
    reinfused_units: Decimal | None = number("折算单位", low="0", high="250", places=1, unit="U", default=None)
    reinfused_at: datetime | None = moment("回输时间", default=None)
    not_reinfused: str | None = text("未回输处理", most=100, default=None)
    operator: str = person("操作者", required=True)
    physician: str = person("麻醉/手术医师", required=True)
    registrar: str = person("登记人", required=True, fresh="operator")
    reaction_no: str | None = text("不良反应报告单号", most=32, default=None, search=True, links=("reaction",))
    remark: str | None = note("备注", most=500, default=None)
    collections: tuple[Collection, ...] = lines("采血", of=Collection, most=12, shown=_deposited)
