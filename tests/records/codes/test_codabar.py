"""Codabar digits are read only where layout, frame and field leave one meaning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import codabar
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.scan import read


@pytest.mark.parametrize(
    ("text", "expecting", "number", "fields"),
    [
        ("5100123", None, "codabar-unit", {"donation_number": "5100123", "eye_readable": "GQ00123"}),
        ("d5100123a", None, "codabar-unit", {"donation_number": "5100123"}),
        ("]F0A5100123B", "donation", "codabar-unit", {"donation_number": "5100123"}),
        ("012345671", None, "codabar-facility", {"facility": "1234567"}),
        ("012345671", "donation", "codabar-facility", {"facility": "1234567"}),
        ("0123453", "product", "codabar-product", {"product_code": "0123453", "product_description_code": "12345"}),
        ("0123453", "donation", "codabar-unit", {"donation_number": "0123453"}),
        ("510", "group", "codabar-group", {"abo": "O", "rhd": "positive"}),
        ("a510b", None, "codabar-group", {"abo": "O", "rhd": "positive"}),
        ("]F0620", None, "codabar-group", {"abo": "A", "rhd": "positive"}),
        ("a730b", None, "codabar-group", {"abo": "B", "rhd": "positive"}),
        ("a840b", None, "codabar-group", {"abo": "AB", "rhd": "positive"}),
        ("a950b", None, "codabar-group", {"abo": "O", "rhd": "negative"}),
        ("a060b", None, "codabar-group", {"abo": "A", "rhd": "negative"}),
        ("a170b", None, "codabar-group", {"abo": "B", "rhd": "negative"}),
        ("a280b", None, "codabar-group", {"abo": "AB", "rhd": "negative"}),
        ("a550b", None, "codabar-group", {"abo": "O", "rhd": None}),
        ("a880b", None, "codabar-group", {"abo": "AB", "rhd": None}),
        ("112326", "expiry", "codabar-date", {"content": "112326"}),
        ("=%6200", None, "002", {"abo": "A"}),
    ],
)
def test_abc_layout(text: str, expecting: str | None, number: str, fields: dict[str, object]) -> None:
    """Each layout gives its fields, a date stays uninterpreted, and ISBT 128 codes are read as ever."""
    scan = read(text, "codabar-abc", expecting)
    assert scan.ok
    assert [structure.number for structure in scan.structures] == [number]
    assert {key: scan.structures[0].fields[key] for key in fields} == fields
    assert ("date-layout" in {problem.code for problem in scan.problems}) == (number == "codabar-date")


@pytest.mark.parametrize(
    ("text", "expecting", "code"),
    [
        ("0123453", None, "ambiguous"),
        ("510", None, "needs-field"),
        ("510", "product", "other-field"),
        ("5100123", "group", "other-field"),
        ("990", "group", "unknown-group"),
        ("51", None, "unknown"),
        ("A-51:A", None, "unknown"),
        ("GARBAGE", None, "unknown"),
    ],
)
def test_what_is_not_read(text: str, expecting: str | None, code: str) -> None:
    """Digits with two meanings, or in a field of another kind, are named and not read."""
    scan = read(text, "codabar-abc", expecting)
    assert (scan.ok, scan.structures) == (False, ())
    assert [problem.code for problem in scan.problems] == [code]


@given(st.integers(0, 9_999_999))
def test_every_unit_number_has_its_letters(number: int) -> None:
    """The first two digits become one or two letters, each pair its own, and the rest stays."""
    text = f"{number:07}"
    shown = codabar.format(text)
    assert shown.endswith(text[2:])
    assert len(shown) == (6 if number < 2_000_000 else 7)
    leads = {codabar.format(f"{lead:02}00000") for lead in range(100)}
    assert len(leads) == 100


def test_standard_functions() -> None:
    """Frames are removed, layouts verified, and other text refused."""
    assert codabar.compact("a5100123b") == codabar.compact(" 5100123 ") == codabar.validate("t5100123e") == "5100123"
    assert codabar.compact("a5100123") == "a5100123"
    assert codabar.is_valid("510")
    assert not codabar.is_valid("a5100123")
    with pytest.raises(CodeError) as caught:
        codabar.validate("<510>")
    assert caught.value.code == "unknown"
    assert codabar.format("510") == "510"
