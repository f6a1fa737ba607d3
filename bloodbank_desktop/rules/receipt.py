"""What may enter the stock: a bag in date, of a product we know, whose label was read and not merely remembered.

Receipt is the last moment at which a wrong label costs only a phone call (临床输血技术规范第十九条: 入库前核对).
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.codes import bag_label, check_characters, scan
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Facts, Level, Moment, on_each_bag, rule

Finding = tuple[str, str, str]

#: ISBT 128 messages in place of a group: biohazard, discard, quarantine, not for transfusion, research, fractionation.
QUARANTINE_MESSAGES = frozenset({"Mb", "Md", "Mq", "Mx", "Mr", "Mf"})


@rule("receipt-expired", moment=Moment.RECEIPT, level=Level.BLOCK, source="临床输血技术规范第十九条、第二十七条")
@on_each_bag
def not_expired(bag: Values, facts: Facts) -> Iterator[Finding]:
    """An expired bag does not enter the stock."""
    if bag["expires_at"] <= facts.now:
        yield "expires_at", "expired", f"已于 {china_text(bag['expires_at'])} 过期，不能入库，请退回供血机构"


@rule(
    "receipt-product",
    moment=Moment.RECEIPT,
    level=Level.BLOCK,
    source="VistA SRS H-21: component only from the product table",
)
@on_each_bag
def known_product(bag: Values, facts: Facts) -> Iterator[Finding]:
    """The product code is in the supplier's dictionary and means the component and amount of the record."""
    products = table("product")
    description = bag["product_code"][:5]
    if description not in products:
        yield (
            "product_code",
            "unknown-product",
            f"产品码 {bag['product_code']} 不在产品字典中，请隔离该袋并联系管理员补充字典",
        )
        return
    if products.facet(description, "component") != bag["component"]:
        yield "component", "contradicts-product", f"与产品码不符（产品码是{products.word(description)}），请核对袋签"
    elif str(products.facet(description, "amount")) != f"{bag['amount'].normalize():f}":
        yield "amount", "contradicts-product", f"与产品码不符（产品码是{products.word(description)}），请核对袋签"


@rule(
    "receipt-evidence",
    moment=Moment.RECEIPT,
    level=Level.BLOCK,
    source="ISBT 128 ST-001 9.1: manual entry carries the check character",
)
@rule(
    "leaving-evidence",
    moment=Moment.LEAVING,
    level=Level.BLOCK,
    source="临床输血技术规范第二十六条; ISBT 128 ST-001 9.1: manual entry carries the check character",
)
@on_each_bag
def label_was_read(bag: Values, facts: Facts) -> Iterator[Finding]:
    """A donation number was scanned, or typed with its check character, or typed twice alike; no kept scan objects."""
    if bag["entry"] == "check_character":
        if bag["check_character"] != check_characters.character(bag["donation_number"]):
            yield "check_character", "check-character", "献血码与校验字符不符，请对照袋签重新输入"
    elif bag["entry"] == "typed_twice" and bag["second_entry"] != bag["donation_number"]:
        yield "second_entry", "entries-differ", "两次录入的献血码不一致，请对照袋签重新输入"
    yield from _scans_agree(bag)


def _scans_agree(bag: Values) -> Iterator[Finding]:
    """The raw scans that are kept can each be read without a problem, are the bag's own, and say what the record says.

    Scans beside a typed entry prove nothing and may not object either. A code without identifier is no evidence,
    because several readings fit it and one that fits the record would always be found.
    """
    stated: list[tuple[str, object]] = []
    raws = [raw for raw in (bag.get("scans") or "").split("\n") if raw.strip()]
    for place, raw in enumerate(raws, start=1):
        read = _read(raw)
        if not read.ok:
            yield "scans", "scan-unreadable", f"第 {place} 条原始扫描不能作为依据：{_why(read)}"
        for structure in read.structures if read.ok else ():
            if structure.fields.get("flag") in bag_label.NOT_ON_BAGS:
                meaning = structure.fields["flag_meaning"]
                yield "scans", "other-label", f"第 {place} 条原始扫描是{meaning}，不是血袋标签，请扫描血袋上的献血码"
            else:
                stated.extend(bag_label.stated(structure).items())
    if bag["entry"] == "scanned" and not any(key == "donation_number" for key, _ in stated):
        yield "scans", "no-scan", "注明为扫描录入，却没有献血码的原始扫描，请重新扫描"
    for key in dict.fromkeys(key for key, value in stated if bag.get(key) != value):
        yield key, "contradicts-scan", "与扫描到的袋签不一致，请重新扫描该袋"


def _why(read: scan.Scan) -> str:
    problem = next(problem for problem in read.problems if problem.severity == "error")
    if problem.code == "needs-field":
        return "没有数据标识符，无法断定是哪一种码。请打开扫描枪的数据标识符，重新扫描该袋"
    return problem.message


def _read(raw: str) -> scan.Scan:
    """Return what a kept scan says, with a lost zero put back: the record itself states what a person confirmed.

    600 can only mean 0600; a record that states another group then contradicts its scan.
    """
    read = scan.read(raw)
    return scan.read(raw, confirmed=read.suggestion) if read.suggestion is not None else read
