"""What may enter the stock: each rule of receipt, in both directions and at its border."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.stock_in import StockIn
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.rules import receipt
from bloodbank_desktop.rules.catalogue import RULES, Level, Moment, findings
from bloodbank_desktop.rules.facts import Facts
from tests import chinese_bags
from tests.samples import NOW, bag_values, check_character, donation_number, stock_in_values

LABELS = ("receipt-expired", "receipt-product", "label-evidence", "bag-twice-in-stock")
"""The rules that this file is about; those of arrival have tests of their own."""
ENTRIES = ("scanned", "check_character", "typed_twice")
SYMBOLS = "0123456789ABCDEFGHIJKLMNPQRSTUVWXYZ*"


def found(*bags: dict[str, Any]) -> list[Problem]:
    """Return what the rules of labels, products and expiry find in a delivery of these bags."""
    whole = tidy(line_type(StockIn), stock_in_values(1, bags=bags))
    return [one for one in findings(Moment.RECEIPT, whole, Facts(NOW)) if one.rule in LABELS]


def codes(bag: dict[str, Any]) -> list[tuple[str, str]]:
    """Return field and code of what is found in one bag."""
    return [(problem.field.removeprefix("bags."), problem.code) for problem in found(bag)]


def scanned(index: int = 0, *extra: str, without: str = "no such scan", **changes: Any) -> dict[str, Any]:
    """Return a scanned bag with further raw scans, without those that begin with `without`."""
    bag = bag_values(index, entry="scanned")
    kept = [raw for raw in bag["scans"].split("\n") if not raw.startswith(without)]
    return {**bag, "scans": "\n".join((*kept, *extra)), **changes}


def test_every_rule_is_catalogued_with_level_and_source() -> None:
    """Receipt knows exactly these rules, each blocks, names its source and says in its docstring what it demands."""
    rules = {id_: rule for id_, rule in RULES.items() if Moment.RECEIPT in rule.moments}
    assert rules.keys() >= {"receipt-expired", "receipt-product", "label-evidence", "bag-twice-in-stock"}
    assert all(rules[id_].level is Level.BLOCK for id_ in LABELS)
    assert all(rule.source and rule.find.__doc__ for rule in rules.values())


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("make", [bag_values, chinese_bags.bag_values], ids=["isbt128", "chinese"])
def test_a_right_bag_enters(make: Any, entry: str) -> None:
    """A bag in date, of a known product, scanned, typed with its check character or typed twice, is not stopped."""
    for index in range(12):
        bag = make(index, entry=entry)
        whole = tidy(line_type(StockIn), stock_in_values(1, bags=(bag,)))
        assert problems(line_type(StockIn), whole) == []
        assert found(bag) == []


# -- receipt-expired --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "stopped"), [(-1, True), (0, True), (1, False)])
def test_expiry_to_the_second(seconds: int, stopped: bool) -> None:
    """A bag is expired at the very second of its expiry and after it, and not one second before."""
    bag = bag_values(0, entry="typed_twice", expires_at=NOW + timedelta(seconds=seconds))
    assert codes(bag) == ([("expires_at", "expired")] if stopped else [])


def test_an_expired_bag_is_named_by_its_line() -> None:
    """Of three bags the expired one is named with its line, its China time and what to do."""
    bags = [bag_values(index) for index in range(3)]
    bags[1]["expires_at"] = NOW - timedelta(minutes=1)
    (problem,) = found(*bags)
    assert (problem.field, problem.line) == ("bags.expires_at", 2)
    assert "第 2 袋" in problem.message
    assert "2026-11-23 08:59" in problem.message
    assert "退回" in problem.message


# -- receipt-product --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", ["E9999V00", "P9999V00", "Z9999"])
def test_an_unknown_product_is_stopped(product: str) -> None:
    """A product code that the dictionary does not know enters under no component."""
    bag = bag_values(0, product_code=product)
    assert codes(bag) == [("product_code", "unknown-product")]
    assert product in found(bag)[0].message


def test_the_product_decides_component_and_amount() -> None:
    """Component and amount must be those of the product code; each contradiction is named at its field."""
    assert codes(bag_values(0, component="FFP")) == [("component", "contradicts-product")]
    assert codes(bag_values(0, amount=Decimal(1))) == [("amount", "contradicts-product")]
    assert codes(bag_values(0, component="FFP", amount=Decimal(1))) == [("component", "contradicts-product")]
    assert codes(bag_values(0, amount=Decimal("2.0"))) == []
    assert codes(chinese_bags.bag_values(4, amount=Decimal("0.50"))) == []


# -- receipt-evidence, typed ------------------------------------------------------------------------------------------


@given(st.integers(0, 99_999_999), st.booleans(), st.sampled_from(SYMBOLS))
def test_only_the_right_check_character_proves_a_number(index: int, chinese: bool, symbol: str) -> None:
    """Of all characters exactly the check character of the number is accepted as its proof."""
    number = (chinese_bags.donation_number if chinese else donation_number)(index)
    bag = bag_values(0, donation_number=number, check_character=symbol)
    assert codes(bag) == ([] if symbol == check_character(number) else [("check_character", "check-character")])


def test_the_check_character_of_another_number_proves_nothing() -> None:
    """A number with one wrong character does not enter with the check character of the right one."""
    right, wrong = "G123417654321", "G123417654322"
    assert codes(bag_values(0, donation_number=wrong, check_character=check_character(right))) != []


@pytest.mark.parametrize("second", ["G123417654322", "G12341765432", "g123417654321", "G1234176543210"])
def test_two_different_entries_are_stopped(second: str) -> None:
    """A number typed twice must be the same both times, character for character."""
    bag = bag_values(0, entry="typed_twice", donation_number="G123417654321", second_entry=second)
    assert codes(bag) == [("second_entry", "entries-differ")]
    assert codes({**bag, "second_entry": "G123417654321"}) == []


# -- receipt-evidence, scanned ----------------------------------------------------------------------------------------


def test_a_scanned_bag_needs_a_scan_of_its_number() -> None:
    """Other codes of the bag are no evidence of its donation number."""
    assert codes(scanned(without="=A")) == [("scans", "no-scan")]
    assert codes(scanned(without="=A", scans="")) == [("scans", "no-scan")]
    assert codes(scanned(without="=%")) == []
    assert codes(scanned(scans=f"={donation_number(0)}00")) == []


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ("=G12341765432170", "donation_number"),
        ("=%7300", "abo"),
        ("=%0600", "rhd"),
        ("=<E0869V00", "product_code"),
        ("&>0263652359", "expires_at"),
        ("=>026365", "expires_at"),
        ("202612312359", "expires_at"),
        ("&*0260010000", "collected_at"),
        ("=*026001", "collected_at"),
        ("=,000012", "split"),
    ],
)
@pytest.mark.parametrize("beside", [True, False], ids=["beside", "instead"])
def test_a_scan_that_says_something_else_is_stopped(raw: str, field: str, beside: bool) -> None:
    """Every kept scan must say what the record says; a contradiction is named at the field that differs."""
    instead = "no such scan" if beside else raw[:2]
    assert (field, "contradicts-scan") in codes(scanned(0, raw, without=instead))


def test_a_quarantine_mark_on_the_label_cannot_be_left_out() -> None:
    """A label that was scanned with a quarantine mark enters only with that mark in the record."""
    bag = scanned(0, "=%Mq00", without="=%")
    assert codes(bag) == [("label_message", "contradicts-scan")]
    assert codes({**bag, "label_message": "Mq"}) == []
    assert codes({**bag, "label_message": "Mb"}) == [("label_message", "contradicts-scan")]


def test_what_a_label_leaves_open_contradicts_nobody() -> None:
    """A group label without RhD, and a record with more than the scans say, are no contradiction."""
    assert codes(scanned(0, "=%6600", without="=%")) == []
    assert codes(scanned(0, location="2号冰箱", split=None)) == []


@pytest.mark.parametrize(
    "raw",
    [
        "=G12341765432171",
        "G123417654321B",
        "=A999917123456",
        "=%620",
        "=%6201",
        "=<E6170V0",
        "GARBAGE",
        "=A99991712345600=B99991712345600",
        "=+03000=%6200",
        "=%6200=%7300",
        "=%6200\ud800",
    ],
)
def test_a_damaged_or_conflicting_scan_is_no_evidence(raw: str) -> None:
    """A kept scan that cannot be read without a problem stops the bag, alone or beside good ones."""
    assert ("scans", "scan-unreadable") in codes(scanned(0, raw))
    alone = codes(scanned(scans=raw))
    assert ("scans", "scan-unreadable") in alone
    assert ("scans", "no-scan") in alone


@pytest.mark.parametrize("flag", ["70", "71"])
def test_a_number_with_a_wrong_checksum_proves_nothing(flag: str) -> None:
    """The scan whose flags do not fit states a number all the same, and that number is not taken for proven."""
    bag = bag_values(0, entry="scanned", donation_number="G123417654321", scans=f"=G123417654321{flag}")
    assert codes(bag) == ([] if flag == "70" else [("scans", "scan-unreadable"), ("scans", "no-scan")])


@pytest.mark.parametrize("raw", ["6200", "P0056V00", "E6170V00", "20261231", "026365"])
def test_a_code_without_identifier_is_no_evidence(raw: str) -> None:
    """A bare code that fits several fields is not weighed, whether it would fit the record or not."""
    bag = scanned(0, raw)
    assert codes(bag) == [("scans", "scan-unreadable")]
    assert "数据标识符" in found(bag)[0].message


@pytest.mark.parametrize("number", ["G123417654321", "G123417654321A", "0005026000000"])
def test_a_bare_donation_number_is_evidence(number: str) -> None:
    """Thirteen characters of a donation number have one meaning, with and without identifier."""
    bag = bag_values(0, entry="scanned", donation_number=number[:13], scans=number)
    assert codes(bag) == []


@pytest.mark.parametrize("flag", ["06", "07", "08", "09", "10", "11"])
def test_the_label_of_a_tube_is_no_evidence(flag: str) -> None:
    """A donation number scanned from a tube, a record or a match label does not prove that the bag was there."""
    bag = bag_values(0, entry="scanned", scans=f"={donation_number(0)}{flag}")
    assert codes(bag) == [("scans", "other-label"), ("scans", "no-scan")]


def test_codes_of_other_things_on_the_bag_do_not_object() -> None:
    """A container lot, a production date, an expiry month or a typed time beside the bag's codes says nothing of it."""
    beside = ("&)1234567890", "&}0263200800", "=]202612", "=(1001202611232359", "=\\880000008700000000", "&aLOCAL")
    assert codes(scanned(0, *beside)) == []


def test_a_lost_zero_counts_as_what_the_record_says() -> None:
    """The raw 600 stays; it supports A negative, which a person confirmed, and contradicts every other group."""
    bag = scanned(0, "600", without="=%")
    assert (bag["abo"], bag["rhd"]) == ("A", "positive")
    assert codes(bag) == [("rhd", "contradicts-scan")]
    assert codes({**bag, "rhd": "negative"}) == []
    assert codes({**bag, "abo": "B", "rhd": "negative"}) == [("abo", "contradicts-scan")]
    assert codes(scanned(0, "=%600", without="=%", rhd="negative")) == []


def test_scans_beside_a_typed_number_may_not_object() -> None:
    """A proven number does not make a contradicting or damaged scan of the same bag disappear."""
    typed = bag_values(0)
    assert codes({**typed, "scans": "=%6200"}) == []
    assert codes({**typed, "scans": "=%7300"}) == [("abo", "contradicts-scan")]
    assert codes({**typed, "scans": "=%62"}) == [("scans", "scan-unreadable")]


def test_every_bad_scan_is_counted() -> None:
    """Each unusable scan is named by its place, blank lines between them do no harm."""
    bag = scanned(scans=f"={donation_number(0)}00\n\nGARBAGE\n=%62")
    messages = [problem.message for problem in found(bag)]
    assert len(messages) == 2
    assert "第 2 条" in messages[0]
    assert "第 3 条" in messages[1]
    assert all("请" in message for message in messages)


@given(st.text(max_size=40))
def test_any_kept_text_is_answered(text: str) -> None:
    """Whatever stands in the raw scans, the rules answer and never raise; without a readable number the bag stays out."""
    answer = codes(scanned(scans=text))
    assert answer or donation_number(0) in text


def test_the_quarantine_messages_are_those_of_the_standard() -> None:
    """Biohazard, discard, quarantine, not for transfusion, research and fractionation quarantine a bag."""
    assert {"Mb", "Md", "Mq", "Mx", "Mr", "Mf"} == receipt.QUARANTINE_MESSAGES
