"""Which codes on or around a bag matter to a delivery, and what they are called where a person meets the wrong one.

Source: ICCBBA ST-001 v6.2.2 tables 2 and 3; the numbers CN-… and codabar-… are those of `records.codes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.records.codes import bag_label, donation_number
from bloodbank_desktop.records.codes.scan import Structure
from bloodbank_desktop.records.tables import table

DONATION: Final = bag_label.stating("donation_number")
GROUP: Final = bag_label.stating("abo")
PRODUCT: Final = bag_label.stating("product_code")
EXPIRY: Final = bag_label.stating("expires_at")
COLLECTION: Final = bag_label.stating("collected_at")
DIVISION: Final = bag_label.stating("split")
#: Antigens, for a record that keeps them; elsewhere it is a code that may stand beside those of a bag.
TESTED: Final = bag_label.stating("antigens_positive")
BAG_CODES: Final = DONATION | GROUP | PRODUCT | EXPIRY | COLLECTION | DIVISION

#: Codes that may stand beside those of a bag in one compound message and are kept in the raw scan only.
BESIDE: Final = frozenset(
    {"008", "009", "CN-production", "010", "011", "012", "013", "014", "015", "016", "017", "018", "026", "027"}
    | {"029", "030", "031", "033", "034", "national"}
)

NOT_ON_BAGS: Final = bag_label.NOT_ON_BAGS

#: Stored values that come from a label and that two readings of one bag must agree on.
FACTS: Final = ("donation_number", "product_code", "split", "abo", "rhd", "expires_at", "collected_at")

#: Warnings of a reading that a person must see; the others belong to every label of some suppliers.
WORTH_SAYING: Final = frozenset(
    {
        "quarantine",
        "donation-use",
        "biohazard",
        "research",
        "special-group",
        "flag-reserved",
        "collection-type",
        "short-product-code",
        "full-width",
        "letter-case",
        "confirmed-by-person",
    }
)

_NAMES = {
    "017": "容器厂商码",
    "018": "容器批号",
    "019": "献血者编号",
    "020": "工作人员编号",
    "021": "试剂耗材厂商码",
    "022": "试剂耗材批号",
    "024": "患者出生日期",
    "025": "患者编号",
}

_CODES = {
    "donation_number": "献血码",
    "product_code": "产品码",
    "split": "分袋码",
    "abo": "血型码",
    "rhd": "血型码",
    "label_message": "血型码（隔离标记）",
    "expires_at": "失效码",
    "collected_at": "采血时间码",
    "antigens_positive": "红细胞抗原码",
    "antigens_negative": "红细胞抗原码",
}


def seen(*structures: Structure) -> str:
    """Return what was scanned, by name."""
    return "和".join(dict.fromkeys(_NAMES.get(s.number, s.label) for s in structures))


def named(values: Iterable[str] | dict[str, Any]) -> str:
    """Return the names of the codes that bring these values."""
    return "、".join(dict.fromkeys(_CODES[key] for key in values if key in _CODES))


def told(values: Mapping[str, Any]) -> str:
    """Return what was read from a label as a person compares it with the label."""
    words = []
    if "donation_number" in values:
        words.append(f"献血码 {donation_number.format(values['donation_number'])}")
    if "abo" in values:
        words.append(f"血型 {table('abo').word(values['abo'])} RhD{table('rhd').word(values['rhd'])}")
    if "product_code" in values:
        words.append(f"产品 {table('product').word(values['product_code'][:5])}")
    for key, word in (("split", "分袋码"), ("label_message", "隔离标记")):
        if key in values:
            words.append(f"{word} {values[key]}")
    for key, word in (("expires_at", "失效"), ("collected_at", "采血")):
        if key in values:
            words.append(f"{word} {china_text(values[key])}")
    for key, word in (("antigens_positive", "抗原阳性"), ("antigens_negative", "抗原阴性")):
        if values.get(key):
            words.append(f"{word} {' '.join(table('antigen').word(one) for one in values[key])}")
    return "，".join(words)


def divided(product: str) -> bool:
    """Return whether this product code says that its division stands in a code of its own (division 99)."""
    return len(product) == 8 and product.endswith("99")
