"""A scan is what its field asks for, or it is refused by name; and it belongs to the bag that is being scanned.

The decision and its sentence stand here once: the scan router, a field with the cursor in it and the self-check ask the
same functions. The dangers are a group taken for a number and the label of one bag beside that of another
(CAP 2001: a blood type bar code is not entered for a donation identification number; ICCBBA ST-001 10.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bloodbank_desktop.records.codes import bag_label, scan
from bloodbank_desktop.records.codes.scan import Scan
from bloodbank_desktop.records.codes.structures import Structure
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.rules import scan_labels as labels
from bloodbank_desktop.rules.catalogue import RULES, Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts

#: What fills a field, and what the code is called.
FIELDS: Mapping[str, tuple[frozenset[str], str]] = {
    "donation_number": (labels.DONATION, "献血码"),
    "product_code": (labels.PRODUCT, "产品码"),
    "split": (labels.DIVISION, "分袋码"),
    "abo": (labels.GROUP, "血型码"),
    "expires_at": (labels.EXPIRY, "失效码"),
    "collected_at": (labels.COLLECTION, "采血时间码"),
}
ANY_CODE = "入库要扫的血袋码"


def brought(read: Scan, kept: frozenset[str], wanted: str, ask: str, fills: str = "") -> dict[str, Any] | Said:
    """Return the stored values that a scan brings, or why it is refused; nothing is guessed.

    `kept` are the structures that the record takes, `wanted` what was asked for in words and `ask` what to scan now;
    `fills` is the one field that must be among the values, "" for any.
    """
    if read.suggestion is not None:
        # A confirmation that did not fit stands behind it: then it is asked for again.
        problem = next(p for p in read.problems if p.code == "lost-zero")
        return said("lost-zero", why=problem.message.partition("。")[0])
    if not read.ok:
        return _unreadable(read)
    foreign = [s for s in read.structures if s.number not in kept and s.number not in labels.BESIDE]
    mine = [s for s in read.structures if s.number in kept]
    if fills and not any(s.number in FIELDS[fills][0] for s in mine):
        foreign = foreign or list(read.structures)
    if foreign or not mine:
        return said("wrong-label", seen=labels.seen(*(foreign or read.structures)), wanted=wanted, ask=ask)
    found: dict[str, Any] = {}
    for structure in mine:
        values = _values(structure)
        if isinstance(values, Said):
            return values
        if any(found.get(key, value) != value for key, value in values.items()):
            return said("two-bags", codes=labels.named(values))
        found |= values
    return found or said("no-antigen", ask=ask)


def _unreadable(read: Scan) -> Said:
    problem = next(p for p in (*read.problems, *read.repairs) if p.severity == "error")
    if problem.code == "needs-field":
        return said("no-identifier")
    slug = "check-character" if problem.code == "check-character" else "unreadable"
    return said(slug, why=problem.message)


def _values(structure: Structure) -> dict[str, Any] | Said:
    number, fields = structure.number, structure.fields
    if number in labels.TESTED:
        return dict(bag_label.stated(structure))
    if number in labels.DONATION:
        if fields.get("flag") in labels.NOT_ON_BAGS:
            return said("control-label", seen=fields["flag_meaning"])
        return {"donation_number": fields["donation_number"]}
    if number in labels.GROUP:
        return _group(fields)
    if number in labels.PRODUCT:
        return {"product_code": fields["product_code"]}
    if number in labels.DIVISION:
        return {"split": fields["division"]}
    key = "expires_at" if number in labels.EXPIRY else "collected_at"
    value = fields[key]
    return {key: value.astimezone(UTC) if isinstance(value, datetime) else value}


def _group(fields: Mapping[str, Any]) -> dict[str, Any] | Said:
    message = fields.get("message")
    if message is not None and fields.get("quarantine") and str(message).startswith("M"):
        return {"label_message": message}
    if fields.get("abo") is None:
        return said("group-without-abo")
    if fields.get("rhd") is None:
        return said("group-without-rhd")
    return {"abo": fields["abo"], "rhd": fields["rhd"]}


def for_field(raw: str, key: str, label: str) -> str | Said:
    """Return the text that a scan puts into a field of a form, or why it is refused.

    A field of a bag takes its own code and no other; a field of something else (a sample, a paper) takes what it is
    given, unless that names itself as a code of a bag.
    """
    text = "".join(c for c in raw if c.isprintable()).strip()
    read = scan.read(raw.strip())
    if key not in FIELDS:
        named = text[:1] in ("=", "&") and any(s.number in labels.BAG_CODES for s in read.structures)
        return (
            said("wrong-label", seen=labels.seen(*read.structures), wanted=label, ask=f"请扫{label}") if named else text
        )
    if not read.structures and text[:1] not in ("=", "&"):
        # Typed by a keyboard that types fast: the field itself judges what it holds.
        return text
    _, name = FIELDS[key]
    values = brought(read, labels.BAG_CODES, name, f"请扫{name}", key)
    return values if isinstance(values, Said) else str(values[key])


@rule(
    "scan-code",
    Moment.SCAN,
    level=Level.BLOCK,
    title="扫到的码须是所要的码",
    source="ICCBBA ST-001 v6.2.2 2.4、7.5、10.3；CAP Today 2001",
    says={
        "wrong-label": "这是{seen}，不是{wanted}。{ask}",
        "control-label": "这是{seen}，不是血袋标签。请扫血袋上的献血码",
        "group-without-abo": "这张血型码没有写明 ABO 血型，不能入库。请隔离此袋，联系供血机构",
        "group-without-rhd": "袋签未标明 RhD，不能入库，更不能当作阳性。请隔离此袋，联系供血机构",
        "no-antigen": "这个红细胞抗原码没有写明任何抗原，没有采用。{ask}",
        "two-bags": "一次扫描中有两个不同的{codes}，不是同一袋的标签，没有采用。请逐个重扫",
        "no-identifier": "这个码没有数据标识符，无法断定是哪一种，没有采用。"
        "请让管理员在扫描枪上打开“ISBT 128 数据标识符”，或按 F3 手工录入",
        "check-character": "没有采用：{why}",
        "unreadable": "没有采用：{why}",
        "lost-zero": "{why}。袋签上确是如此请按 F9 确认，否则请重扫",
    },
    hazard=Hazard("血型或献血码登记错误，按错误的标签发血", "把另一种码扫进了这一栏，或码已损坏", "袋签印刷本身错误"),
    per_bag=True,
)
def is_asked_for(bag: Values, facts: Facts) -> Iterator[Said]:
    """Each data structure fills its own field and no other; what is damaged, ambiguous or of no bag fills none."""
    _, name = FIELDS.get(facts.expects, (frozenset(), ANY_CODE))
    found = brought(scan.read(str(bag.get("scans") or "")), labels.BAG_CODES, name, f"请扫{name}", facts.expects)
    if isinstance(found, Said):
        level = Level.WARN if found.code == "lost-zero" else None
        yield Said(found.code, "scans", level, found.words)


@rule(
    "scan-one-bag",
    Moment.SCAN,
    level=Level.BLOCK,
    title="扫到的码须属于正在扫的这一袋",
    source="ICCBBA ST-001 v6.2.2 10.3（拼接码证明两张标签同属一袋）",
    says={
        "other-bag": "还没扫齐（缺{lacking}），这却是另一袋的{codes}。请先扫齐，或按 Ctrl+Del 删除该行重扫",
    },
    hazard=Hazard("一袋的号码配上另一袋的血型", "扫到一半去扫旁边的血袋", "两袋的同一种码内容相同"),
    per_bag=True,
)
def of_this_bag(bag: Values, facts: Facts) -> Iterator[Said]:
    """What a bag already holds is never overwritten: a second code that says otherwise is the label of another bag."""
    found = brought(scan.read(str(bag.get("scans") or "")), labels.BAG_CODES, ANY_CODE, "")
    if not isinstance(found, Said) and (other := differing(bag, found)):
        yield another_bag("其余的码", other)


def differing(line: Values, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a scan says otherwise than the bag that is being scanned."""
    return {key: value for key, value in found.items() if line.get(key) not in (None, "", value)}


def another_bag(lacking: str, other: Mapping[str, Any]) -> Said:
    """Return that a scan is of another bag than the one that still lacks these codes."""
    return said("other-bag", "scans", lacking=lacking, codes=labels.named(dict(other)))


def sentence(rule_id: str, one: Said) -> str:
    """Return the sentence of what a rule of scanning said."""
    return RULES[rule_id].says[one.code].format_map(one.words)
