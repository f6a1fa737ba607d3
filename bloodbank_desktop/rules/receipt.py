"""What may enter the stock: a bag in date, of a product we know, whose label was read and not merely remembered.

Receipt is the last moment at which a wrong label costs only a phone call (临床输血技术规范第十九条: 入库前核对).
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.codes import check_characters, scan
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.catalogue import Facts, Level, Moment, on_each_bag, rule

Finding = tuple[str, str, str]

#: ISBT 128 messages in place of a group: biohazard, discard, quarantine, not for transfusion, research, fractionation.
QUARANTINE_MESSAGES = frozenset({"Mb", "Md", "Mq", "Mx", "Mr", "Mf"})

#: What a scanned structure states, and the field that must say the same.
_FROM_STRUCTURE = {
    "donation_number": "donation_number",
    "product_code": "product_code",
    "abo": "abo",
    "rhd": "rhd",
    "message": "label_message",
    "expires_at": "expires_at",
    "collected_at": "collected_at",
}


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
@on_each_bag
def label_was_read(bag: Values, facts: Facts) -> Iterator[Finding]:
    """A donation number was scanned, or typed with its check character, or typed twice alike."""
    if bag["entry"] == "check_character":
        if bag["check_character"] != check_characters.character(bag["donation_number"]):
            yield "check_character", "check-character", "献血码与校验字符不符，请对照袋签重新输入"
    elif bag["entry"] == "typed_twice":
        if bag["second_entry"] != bag["donation_number"]:
            yield "second_entry", "entries-differ", "两次录入的献血码不一致，请对照袋签重新输入"
    else:
        yield from _scans_agree(bag)


def _scans_agree(bag: Values) -> Iterator[Finding]:
    """The raw scans that are kept say what the record says."""
    seen = [
        (_FROM_STRUCTURE[key], value)
        for raw in bag["scans"].splitlines()
        for structure in scan.read(raw).structures
        for key, value in structure.fields.items()
        # A label that leaves something open, such as RhD, contradicts nobody.
        if key in _FROM_STRUCTURE and value is not None
    ]
    if not any(key == "donation_number" for key, _ in seen):
        yield "scans", "no-scan", "注明为扫描录入，却没有献血码的原始扫描，请重新扫描"
    for key in dict.fromkeys(key for key, value in seen if bag.get(key) != value):
        yield key, "contradicts-scan", "与扫描到的袋签不一致，请重新扫描该袋"
