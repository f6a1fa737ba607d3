"""The codes of real bags enter a record as they are: classified, never corrected, and nothing wrong among them."""

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.codes import bag_label, donation_number, product_code, profiles, scan
from bloodbank_desktop.records.declare import line_type
from bloodbank_desktop.records.kinds import Code, Unreadable
from bloodbank_desktop.records.stock_in import StockInBag
from tests import chinese_bags
from tests.samples import check_character

BAG = line_type(StockInBag)
LETTERS = string.ascii_uppercase.replace("O", "")
SYMBOLS = string.digits + string.ascii_uppercase + "*"


def numbers() -> st.SearchStrategy[str]:
    """Donation numbers as bags bear them, also such that begin with 0."""
    return st.builds(
        "{}{}{}".format,
        st.sampled_from(LETTERS + string.digits),
        st.text(LETTERS + string.digits, min_size=2, max_size=2),
        st.text(string.digits, min_size=10, max_size=10),
    )


def read(key: str, text: str) -> str:
    """Return what a field of the bag makes of a text; the code of its refusal in angle brackets."""
    kind = BAG.fields[key].kind
    assert isinstance(kind, Code)
    try:
        value: Any = kind.parse(text)
    except Unreadable as problem:
        assert "请" in problem.message
        return f"<{problem.code}>"
    assert list(kind.check(value)) == []
    assert kind.from_wire(kind.to_wire(value)) == value
    assert kind.parse(kind.format(value)) == value
    return str(value)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0030123999901", "0030123999901"),
        ("0160723000001", "0160723000001"),
        ("=003012399990100", "0030123999901"),
        ("00301 23 999901", "0030123999901"),
        ("４１０３０１６０２２０３８", "4103016022038"),
        ("=410301602203855", "4103016022038"),
        ("G123417654321A", "G123417654321"),
    ],
)
def test_donation_numbers_of_real_labels(text: str, stored: str) -> None:
    """A donation number of 13 characters is stored whole, zeros and all, however it was written."""
    assert read("donation_number", text) == stored


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("30123999901", "length"),
        ("030123999901", "length"),
        ("003012399990", "length"),
        ("O030123999901", "first-character"),
        ("0O30123999901", "letter-o"),
        ("00301239999O1", "sequence"),
        ("0030123999901A", "check-character"),
        ("=003012399990161", "check-character"),
        ("00301239999 1", "length"),
        ("0030123٩٩٩٩01", "sequence"),
    ],
)
def test_a_donation_number_is_never_corrected(text: str, code: str) -> None:
    """A lost zero, a letter O, a missing digit or a wrong check is named and leaves no value."""
    assert read("donation_number", text) == f"<{code}>"


@pytest.mark.parametrize("product", ["P0056V00", "P0065H00", "P0147VA0", "P0173V00", "D6686000", "Z4382", "E5445000"])
def test_product_codes_of_real_labels(product: str) -> None:
    """Codes of the classes P, D and Z, of eight characters and of five, are stored as they are."""
    assert read("product_code", product) == product
    assert read("product_code", f"=<{product}") == product


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I4382", "class-letter"),
        ("Z4382V0", "length"),
        ("z4382", "letter-case"),
        ("Z43A2", "format"),
        ("P0056v0A", "format"),
        ("0056V000", "format"),
        ("=%6200", "length"),
    ],
)
def test_a_product_code_is_never_corrected(text: str, code: str) -> None:
    """An unknown class, a small letter or a wrong length is named and leaves no value."""
    assert read("product_code", text) == f"<{code}>"


@given(numbers(), st.integers(0, 13), st.sampled_from(SYMBOLS))
def test_one_wrong_character_never_passes(number: str, place: int, symbol: str) -> None:
    """No single wrong character in a number typed with its check character enters a record, also after a leading 0."""
    right = number + check_character(number)
    wrong = right[:place] + symbol + right[place + 1 :]
    assert read("donation_number", right) == number
    assert wrong == right or read("donation_number", wrong).startswith("<")


@given(numbers(), st.integers(0, 12))
def test_exchanged_neighbours_never_pass(number: str, place: int) -> None:
    """No exchange of two different neighbours in a number typed with its check character enters a record."""
    right = number + check_character(number)
    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert wrong == right or read("donation_number", wrong).startswith("<")


@settings(max_examples=300)
@given(
    st.sampled_from(["donation_number", "product_code"]),
    st.text() | st.text(LETTERS + string.digits + "=<0PDZ ", max_size=17) | numbers(),
)
def test_any_text_is_a_code_or_a_problem(key: str, text: str) -> None:
    """Arbitrary text never raises anything else and never gives a value that its own standard would refuse."""
    if not text.strip():
        return
    stored = read(key, text)
    if not stored.startswith("<"):
        standard = bag_label.DONATION_NUMBER if key == "donation_number" else bag_label.PRODUCT_CODE
        assert standard.validate(stored) == standard.compact(text) == stored


@given(numbers(), st.sampled_from(["P0056V00", "D6686000", "Z4382", "E6170V00", "A0321000"]))
def test_what_the_scanner_reads_the_record_holds(number: str, product: str) -> None:
    """Every donation number and product code that a scan gives without error fits the fields of a bag."""
    for text in (number, number + check_character(number), f"={number}00", f"=<{product}", f"={number}00=<{product}"):
        read_scan = scan.read(text)
        assert read_scan.ok
        for structure in read_scan.structures:
            for key, value in bag_label.stated(structure).items():
                assert list(BAG.fields[key].kind.check(value)) == []


def test_the_record_and_the_default_profile_tolerate_the_same() -> None:
    """The fields of a bag accept exactly the departures from the standard that the default profile of scans reads."""
    profile = profiles.named(profiles.DEFAULT)
    assert (profile.leading_zero_facility, profile.short_product_codes) == (True, True)
    assert profile.local_product_classes == bag_label.LOCAL_CLASSES


def test_a_leading_zero_is_said_and_no_check_character_is_invented() -> None:
    """A scan with a leading 0 is its own structure with a warning, keeps its raw text, and is shown without K."""
    found = scan.read("0030123999901\r")
    assert (found.raw, found.structures[0].number) == ("0030123999901\r", "CN-donation")
    assert "leading-zero" in {problem.code for problem in found.problems}
    assert bag_label.DONATION_NUMBER.format("0030123999901") == "00301 23 999901"
    assert donation_number.format("G123417654321").endswith(" A")


def test_a_bag_with_chinese_codes_has_a_key_and_a_name() -> None:
    """Donation number and product code identify and name such a bag like any other, five characters included."""
    bag = chinese_bags.bag_values(5)
    assert bag_key(bag) == ("0000026000005", "Z4382", "")
    assert bag_name(bag_key(bag)) == "00000 26 000005 Z4382"
    assert product_code.format("Z4382") == "Z4382"


def test_a_structure_states_fields_of_the_bag_and_nothing_else() -> None:
    """What a structure states are declared fields of a bag; RhD left open is not stated, another thing's code states none."""
    every = {key for number in scan_numbers() for key in BAG.fields if number in bag_label.stating(key)}
    assert every == {"donation_number", "product_code", "split", "abo", "rhd", "label_message"} | {
        "expires_at",
        "collected_at",
        "antigens_positive",
        "antigens_negative",
    }
    assert bag_label.stated(scan.read("=%6600").structures[0]) == {"abo": "A"}
    assert bag_label.stated(scan.read("=%Mq00").structures[0]) == {"label_message": "Mq"}
    assert bag_label.stated(scan.read("=]202612").structures[0]) == {}
    tested = bag_label.stated(scan.read("=\\880000008700000000").structures[0])
    assert tested == {
        "antigens_positive": (
            "rh_small_c",
            "rh_small_e",
            "kell_big_k",
            "kell_small_k",
            "duffy_fya",
            "duffy_fyb",
            "kidd_jka",
        ),
        "antigens_negative": ("rh_big_c", "rh_big_e", "kidd_jkb"),
    }


def scan_numbers() -> set[str]:
    """Return the numbers of all structures that state something of a bag."""
    return set().union(*(bag_label.stating(key) for key in BAG.fields))
