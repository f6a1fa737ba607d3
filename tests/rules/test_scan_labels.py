"""Every code that the parser can name has its place at a delivery: the bag's own, beside it, or another thing's."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.forms.scan_router import Router
from bloodbank_desktop.records import codes
from bloodbank_desktop.records.codes import bag_label, scan
from bloodbank_desktop.records.codes.reference import table
from bloodbank_desktop.records.codes.structures import definitions, encode
from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.stock_in import StockInBag
from bloodbank_desktop.rules import scan_labels as labels
from tests.records.codes.test_structures import SAMPLES
from tests.samples import NOW

#: One text for each structure that is not of the standard: profile, field that expects it, text.
NATIONAL: dict[str, tuple[str, str | None, str]] = {
    "CN-donation": ("cn-tolerant", None, "0030126000001"),
    "CN-product": ("cn-tolerant", None, "=<Z4382"),
    "CN-expiry": ("cn-tolerant", None, "&>202612312359"),
    "CN-collection": ("cn-tolerant", None, "&*202611010800"),
    "CN-production": ("cn-tolerant", None, "&}202611010800"),
    "codabar-unit": ("codabar-abc", None, "a5100123b"),
    "codabar-facility": ("codabar-abc", None, "012345671"),
    "codabar-product": ("codabar-abc", "product", "0123453"),
    "codabar-group": ("codabar-abc", None, "a510b"),
    "codabar-date": ("codabar-abc", "expiry", "112326"),
    "national-donor": ("cn-tolerant", None, "&;12345"),
    "national-exclusion": ("cn-tolerant", None, "&!1"),
    "national": ("cn-tolerant", None, "&aLOCAL"),
}

#: Codes of persons, consumables and consignments, and labels of unknown layout: named and refused at a delivery.
OF_OTHER_THINGS = frozenset(
    {"019", "020", "021", "022", "024", "025", "028", "035", "036", "037", "038", "039", "040"}
    | {"national-donor", "national-exclusion", "codabar-facility", "codabar-date"}
)


def emitted() -> set[str]:
    """Return the number of every structure that the parser can emit, as its tables and its source name them."""
    international = set(definitions()) - {"023"}  # the header of a compound message is no structure of its own
    national = {row["number"] for row in table("isbt128", "data_structures.json")["national"]}
    source = "".join(path.read_text(encoding="utf-8") for path in Path(codes.__path__[0]).glob("*.py"))
    return international | national | set(re.findall('"((?:CN|codabar)-[a-z]+)"', source)) - {"codabar-abc"}


def read(number: str) -> scan.Scan:
    """Return a scan of the example of a structure."""
    if number in SAMPLES:
        return scan.read(encode(number, SAMPLES[number][0]))
    profile, expecting, text = NATIONAL[number]
    return scan.read(text, profile, expecting)


def test_every_structure_is_placed_and_no_place_is_dead() -> None:
    """What the parser can emit is exactly what is the bag's own, stands beside it, or belongs to another thing."""
    places = (labels.BAG_CODES, labels.BESIDE, OF_OTHER_THINGS)
    assert sum(len(place) for place in places) == len(frozenset().union(*places))
    assert frozenset().union(*places) == emitted()
    assert labels._NAMES.keys() <= emitted()


@pytest.mark.parametrize("number", sorted(emitted()))
def test_the_parser_emits_it_and_a_delivery_answers(number: str) -> None:
    """The example of each structure is read as that structure; the delivery takes it or says what it saw and to do."""
    found = read(number)
    assert [structure.number for structure in found.structures] == [number]
    assert labels.seen(*found.structures)
    router = Router(line_type(StockInBag), lambda: NOW)
    verdict = router.accept(found)
    if number in labels.BAG_CODES or bag_label.stated(found.structures[0]):
        assert verdict.code != "wrong-label"
    else:
        assert (verdict.code, router.lines) == ("wrong-label", [])
        assert labels.seen(*found.structures) in verdict.message
    assert verdict.accepted or "请" in verdict.message


def test_the_kinds_of_codes_do_not_overlap() -> None:
    """Each structure of a bag states one thing, and each fact of a bag has a code with a Chinese name."""
    kinds = (labels.DONATION, labels.GROUP, labels.PRODUCT, labels.EXPIRY, labels.COLLECTION, labels.DIVISION)
    assert all(kinds)
    assert sum(len(kind) for kind in kinds) == len(labels.BAG_CODES)
    assert set(labels.FACTS) <= labels._CODES.keys() <= line_type(StockInBag).fields.keys()


def test_warnings_worth_saying_exist() -> None:
    """Each warning that a person is shown is one that the parser can give."""
    source = "".join(path.read_text(encoding="utf-8") for path in Path(codes.__path__[0]).glob("*.py"))
    tables = "".join(
        table("isbt128", f"{name}.json").__repr__() for name in ("blood_groups", "product_codes", "data_structures")
    )
    assert [code for code in labels.WORTH_SAYING if f'"{code}"' not in source and f"'{code}'" not in tables] == []


#: What one code brings: the values, how they are told, and the name of the code.
READ: list[tuple[dict[str, Any], str, str]] = [
    ({"donation_number": "A999926000001"}, "献血码 A9999 26 000001 8", "献血码"),
    ({"abo": "A", "rhd": "negative"}, "血型 A型 RhD阴性", "血型码"),
    ({"product_code": "E6170V00"}, "产品 悬浮红细胞 2U", "产品码"),
    ({"split": "A0"}, "分袋码 A0", "分袋码"),
    ({"label_message": "Mb"}, "隔离标记 Mb", "血型码（隔离标记）"),
    ({"expires_at": datetime(2026, 12, 31, 15, 59, tzinfo=UTC)}, "失效 2026-12-31 23:59", "失效码"),
    ({"collected_at": datetime(2026, 11, 1, 0, 0, tzinfo=UTC)}, "采血 2026-11-01 08:00", "采血时间码"),
    ({"antigens_positive": ("rh_small_c", "rh_small_e")}, "抗原阳性 c e", "红细胞抗原码"),
    ({"antigens_negative": ("kell_big_k",)}, "抗原阴性 K", "红细胞抗原码"),
]


@pytest.mark.parametrize(
    ("values", "words", "name"), READ, ids=lambda one: "+".join(one) if isinstance(one, dict) else ""
)
def test_what_a_code_says_is_told(values: dict[str, Any], words: str, name: str) -> None:
    """Every value of a label is told in words that a person compares with the label, and its code is named."""
    assert labels.told(values) == words
    assert labels.named(values) == name


def test_a_whole_label_is_told_in_the_order_of_the_label() -> None:
    """All codes of a bag are told one after the other; what no code brings is left out, each code is named once."""
    whole: dict[str, Any] = {"remark": "x", "antigens_positive": ()}
    for values, _, _ in reversed(READ):
        whole = {**values, **whole, "antigens_positive": values.get("antigens_positive") or whole["antigens_positive"]}
    assert labels.told(whole) == "，".join(words for _, words, _ in READ)
    assert sorted(labels.named(whole).split("、")) == sorted({name for _, _, name in READ})
    assert labels.told({"remark": "x", "antigens_positive": ()}) == ""
    assert labels.named({"remark": "x"}) == ""


@pytest.mark.parametrize(
    ("product", "stands_apart"),
    [
        ("E6170V99", True),
        ("E6170V00", False),
        ("E617V99", False),
        ("E6170VV99", False),
        ("99", False),
        ("E6170V9A", False),
    ],
)
def test_only_division_99_stands_in_a_code_of_its_own(product: str, stands_apart: bool) -> None:
    """A whole product code with division 99 says that the division is on the bag as a code of its own; no other does."""
    assert labels.divided(product) is stands_apart
