"""What may enter the stock: a bag in date, of a product we know, whose label was read and not merely remembered.

Receipt is the last moment at which a wrong label costs only a phone call (临床输血技术规范第十九条: 入库前核对).
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.codes import bag_label, check_characters, scan
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Hazard, Level, Moment, Said, rule, said
from bloodbank_desktop.rules.facts import Facts

#: ISBT 128 messages in place of a group: biohazard, discard, quarantine, not for transfusion, research, fractionation.
QUARANTINE_MESSAGES = frozenset({"Mb", "Md", "Mq", "Mx", "Mr", "Mf"})


_TESTED = ("antigens_positive", "antigens_negative")


@rule(
    "receipt-expired",
    Moment.RECEIPT,
    level=Level.BLOCK,
    title="过期血液不得入库",
    source="临床输血技术规范第十九条、第二十七条",
    says={"expired": "已于 {when} 过期，不能入库，请退回供血机构"},
    hazard=Hazard("输注过期血液，疗效丧失或细菌污染", "送来的血袋已过失效时间", "袋签失效时间印错而无人察觉"),
    per_bag=True,
)
def not_expired(bag: Values, facts: Facts) -> Iterator[Said]:
    """An expired bag does not enter the stock."""
    if bag["expires_at"] <= facts.now:
        yield said("expired", "expires_at", when=china_text(bag["expires_at"]))


@rule(
    "receipt-product",
    Moment.RECEIPT,
    level=Level.BLOCK,
    title="产品码须在产品字典中并与品种、数量一致",
    source="VistA SRS H-21: component only from the product table",
    says={
        "unknown-product": "产品码 {code} 不在产品字典中，请隔离该袋并联系管理员补充字典",
        "retired-product": "产品码 {code}（{product}）已停用，请隔离该袋并联系管理员",
        "contradicts-product": "与产品码不符（产品码是{product}），请核对袋签",
    },
    hazard=Hazard("按错误的品种发血", "产品码未知或与登记品种不符", "供血机构的字典本身有误"),
    per_bag=True,
    tables=("product",),
)
def known_product(bag: Values, facts: Facts) -> Iterator[Said]:
    """The product code is in the supplier's dictionary and means the component and amount of the record."""
    products = table("product")
    description = bag["product_code"][:5]
    if description not in products:
        yield said("unknown-product", "product_code", code=bag["product_code"])
        return
    if products.retired(description):
        yield said("retired-product", "product_code", code=bag["product_code"], product=products.word(description))
        return
    if products.facet(description, "component") != bag["component"]:
        yield said("contradicts-product", "component", product=products.word(description))
    elif str(products.facet(description, "amount")) != f"{bag['amount'].normalize():f}":
        yield said("contradicts-product", "amount", product=products.word(description))


@rule(
    "label-evidence",
    Moment.RECEIPT,
    Moment.LEAVING,
    level=Level.BLOCK,
    title="献血码须扫描，或键入并带校验字符，或两次键入一致",
    source="临床输血技术规范第十九条、第二十六条；ISBT 128 ST-001 9.1",
    says={
        "check-character": "献血码与校验字符不符，请对照袋签重新输入",
        "entries-differ": "两次录入的献血码不一致，请对照袋签重新输入",
        "scan-unreadable": "第 {place} 条原始扫描不能作为依据：{why}",
        "other-label": "第 {place} 条原始扫描是{meaning}，不是血袋标签，请扫描血袋上的献血码",
        "no-scan": "注明为扫描录入，却没有献血码的原始扫描，请重新扫描",
        "contradicts-scan": "与扫描到的袋签不一致，请重新扫描该袋",
    },
    hazard=Hazard("另一袋血以本袋的身份入库或发出", "献血码键入错误，或标签与血袋不是同一袋", "两次键入犯同一个错误"),
    per_bag=True,
)
def label_was_read(bag: Values, facts: Facts) -> Iterator[Said]:
    """A donation number was scanned, or typed with its check character, or typed twice alike; no kept scan objects."""
    if bag["entry"] == "check_character":
        if bag["check_character"] != check_characters.character(bag["donation_number"]):
            yield said("check-character", "check_character")
    elif bag["entry"] == "typed_twice" and bag["second_entry"] != bag["donation_number"]:
        yield said("entries-differ", "second_entry")
    yield from _scans_agree(bag)


def _scans_agree(bag: Values) -> Iterator[Said]:
    """The raw scans that are kept can each be read without a problem, are the bag's own, and say what the record says.

    Scans beside a typed entry prove nothing and may not object either. A code without identifier is no evidence,
    because several readings fit it and one that fits the record would always be found.
    """
    stated: list[tuple[str, object]] = []
    raws = [raw for raw in (bag.get("scans") or "").split("\n") if raw.strip()]
    for place, raw in enumerate(raws, start=1):
        read = _read(raw)
        if not read.ok:
            yield said("scan-unreadable", "scans", place=place, why=_why(read))
        for structure in read.structures if read.ok else ():
            if structure.fields.get("flag") in bag_label.NOT_ON_BAGS:
                yield said("other-label", "scans", place=place, meaning=structure.fields["flag_meaning"])
            else:
                stated.extend(bag_label.stated(structure).items())
    if bag["entry"] == "scanned" and not any(key == "donation_number" for key, _ in stated):
        yield said("no-scan", "scans")
    # What a record leaves out of a special test counts as untested and objects to nothing.
    silent = {key for key in _TESTED if bag.get(key) is None}
    for key in dict.fromkeys(key for key, value in stated if key not in silent and bag.get(key) != value):
        yield said("contradicts-scan", key)


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
