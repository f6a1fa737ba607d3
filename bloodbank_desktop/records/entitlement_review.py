"""用血审证 – the family shows that the patient is entitled to blood; 献血办 reviews it (上海市献血条例; 用血审证公众服务端).

Which proofs are asked for follows from the case and the work of the patient, so that nobody has to come twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.records.answer import Receipt
from bloodbank_desktop.records.codes import resident_id
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.declare import (
    Values,
    Verb,
    choice,
    code,
    day,
    files,
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

#: Cases that state the donations of the patient or a relative, and those that state where the patient works.
_WITH_PLACE = ("self_donor", "over_60", "non_mainland", "student", "military")
_WITH_WORK = ("self_donor", "family_donor", "ineligible", "student")
_FOREIGN_IDS = ("passport", "hk_macao_permit", "taiwan_permit")


def _paper_only(values: Values) -> bool:
    """Whether the proof was seen and not kept; then the pages that were seen are counted."""
    return not values.get("files")


def _family(values: Values) -> bool:
    return values.get("case") == "family_donor"


def _placed(values: Values) -> bool:
    return values.get("case") in _WITH_PLACE


def _donated(values: Values) -> bool:
    return _family(values) or (_placed(values) and values.get("donation_place") in ("local", "elsewhere"))


def _working(values: Values) -> bool:
    return values.get("case") in _WITH_WORK


def _organized(values: Values) -> bool:
    return _working(values) and values.get("employment") in ("employed", "retired", "teacher", "student")


def _resident(values: Values) -> bool:
    return _working(values) and values.get("employment") in ("employed", "retired", "unemployed")


@line()
class EntitledComponent:
    """One component that the family is to be entitled to; the unit is the component's."""

    component: str = choice("用血品种", table("component"), required=True, wire="bloodSubType")
    amount: Decimal = number("用血量", low="0.5", high="999", places=2, required=True, wire="volume")


@line()
class Evidence:
    """One proof: the files that show it, or how many pages of paper were seen of it."""

    evidence_kind: str = choice("证明材料", table("evidence_kind"), required=True, wire="type")
    pages: Decimal | None = number("页数", low="1", high="5", default=None, required=_paper_only)
    files: tuple[dict[str, Any], ...] | None = files("文件", most=5, default=None)
    remark: str | None = text("说明", most=100, default=None)


def age_fits_the_case(values: Values) -> Iterator[Problem]:
    """Case "60 or older" needs a resident ID that says so; other cases are bound to kinds of ID (审证公众服务端)."""
    case, id_type = values["case"], values.get("id_type")
    if case == "over_60":
        born = values.get("birth_date")
        if id_type == "resident_id" and born is None:
            try:
                born = resident_id.birth_date(resident_id.validate(values["id_no"]))
            except CodeError:
                return
        if id_type != "resident_id":
            yield Problem("id_type", "case-needs-id", "60 周岁以上的情况须凭居民身份证办理")
        elif born is not None and _years(born, china_day(values["applied_at"])) < 60:
            yield Problem("case", "not-60", "按证件此人未满 60 周岁，请改选用血者情况")
    if case == "non_mainland" and id_type not in _FOREIGN_IDS:
        yield Problem("id_type", "case-needs-id", "非中国大陆居民须凭护照、港澳或台湾居民通行证办理")
    if case == "military" and id_type != "military_id":
        yield Problem("id_type", "case-needs-id", "驻沪部队军人须凭军官证办理")


def donation_holds(values: Values) -> Iterator[Problem]:
    """A donation is not in the future."""
    last, applied = values.get("last_donation_on"), china_day(values["applied_at"])
    if last is None:
        return
    if last > applied:
        yield Problem("last_donation_on", "in-future", "最近献血日期不能晚于申请日期，请核对")
    elif last.year < 1950:
        yield Problem("last_donation_on", "too-early", "最近献血日期不能早于 1950 年，请核对")


def proofs_complete(values: Values) -> Iterator[Problem]:
    """Identity and the notice of use always; donation, relation, donor's identity and work as the case demands."""
    wanted = ["identity", "notice"]
    if _donated(values):
        wanted.append("donation")
    if _family(values):
        wanted += ["relation", "donor_identity"]
    if _organized(values) or values.get("employment") == "unemployed":
        wanted.append("employment")
    present = {one["evidence_kind"] for one in values["evidence"]}
    lacking = [table("evidence_kind").word(key) for key in wanted if key not in present]
    if lacking:
        yield Problem("evidence", "proof-missing", f"还缺证明材料：{'、'.join(lacking)}")


def promised(values: Values) -> Iterator[Problem]:
    """The applicant promises that everything is true."""
    if values["agreed"] is not True:
        yield Problem("agreed", "not-promised", "申请人承诺属实后才能报送")


def _years(start: date, end: date) -> int:
    return end.year - start.year - ((end.month, end.day) < (start.month, start.day))


@line()
class ReviewAnswer(Receipt):
    """What the reviewing office says."""

    state: str | None = choice("审核结果", table("review_state"), default=None)
    reviewed_at: datetime | None = moment("审核时间", default=None)
    lacking: str | None = text("需补充的材料", most=200, default=None, wire="unPassObj")
    remark: str | None = note("审核说明", most=500, default=None, wire="auditRemark")


def locked(answer: Values) -> str | None:
    """What has passed is a fact that others rely on."""
    if answer.get("state") in ("passed", "passed_directly"):
        return "审核已经通过，不能再修改或删除"
    return None


@record(
    key="entitlement_review",
    label="用血审证",
    verbs={Verb.REGISTER, Verb.AMEND, Verb.VIEW, Verb.DELETE},
    title=("review_no", "patient_name"),
    newest_by="applied_at",
    answer=ReviewAnswer,
    locked=locked,
    checks=[identity_holds, age_fits_the_case, donation_holds, proofs_complete, promised],
    sections=[
        ("申请", "review_no applied_at case notice_no notice_doctor notice_on"),
        PERSON_SECTION,
        ("联系", "phone"),
        (
            "献血",
            "donation_place donation_count last_donation_on donation_type donation_certificate_no"
            " donor_name donor_id_type donor_id_no relation",
        ),
        ("工作", "employment organization district"),
        ("用血", "components"),
        ("证明材料", "evidence agreed remark"),
    ],
    help="Ctrl+S 登记并报送审核；审核结果回来后显示在本记录。",
)
class EntitlementReview(PersonBlock):
    """An application for review."""

    review_no: str = text("审证编号", most=32, required=True, search=True, column=16, serial="SZ", links=("review",))
    applied_at: datetime = moment("申请时间", required=True, column=14, fresh="now")
    case: str = choice("用血者情况", table("entitlement_case"), required=True, column=16, wire="caseType")
    notice_no: str = code("用血通知单编号", most=32, required=True, search=True)
    notice_doctor: str = person("开单医师", required=True)
    notice_on: date = day("开单日期", required=True)
    phone: str = text("手机号", most=30, required=True)
    donation_place: str | None = choice(
        "献血地点", table("donation_place"), default=None, shown=_placed, required=_placed
    )
    donation_count: Decimal | None = number(
        "献血次数", low="0", high="1000", default=None, shown=_donated, required=_donated
    )
    last_donation_on: date | None = day("最近献血日期", default=None, shown=_donated, required=_donated)
    donation_type: str | None = choice(
        "献血类型", table("donation_type"), default=None, shown=_donated, required=_donated
    )
    donation_certificate_no: str | None = code("献血证号", most=32, default=None, shown=_donated)
    donor_name: str | None = person("献血者姓名", default=None, shown=_family, required=_family)
    donor_id_type: str | None = choice(
        "献血者证件类型", table("id_type"), default=None, shown=_family, required=_family
    )
    donor_id_no: str | None = code("献血者证件号码", most=30, default=None, shown=_family, required=_family)
    relation: str | None = choice("与献血者关系", table("relation"), default=None, shown=_family, required=_family)
    employment: str | None = choice("工作情况", table("employment"), default=None, shown=_working, required=_working)
    organization: str | None = text("单位/学校", most=70, default=None, shown=_organized, required=_organized)
    district: str | None = text("所在区", most=20, default=None, shown=_resident, required=_resident)
    agreed: bool = flag("承诺属实", words=("未承诺", "已承诺"), required=True)
    remark: str | None = note("备注", most=500, default=None)
    components: tuple[EntitledComponent, ...] = lines("用血品种", of=EntitledComponent, least=1, most=10)
    evidence: tuple[Evidence, ...] = lines("证明材料", of=Evidence, least=1, most=20)
