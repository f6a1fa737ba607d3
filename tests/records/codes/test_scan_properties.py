"""No text at all crashes the reader, and no value leaves it with a fault unreported."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import blood_group, check_characters, donation_number, moments, product_code
from bloodbank_desktop.records.codes.scan import EXPECTED, Scan, read, scan_as_json

PROFILES = st.sampled_from(["isbt128", "cn-tolerant", "codabar-abc"])
FIELDS = st.none() | st.sampled_from(sorted(EXPECTED))
LETTERS = string.ascii_uppercase.replace("O", "")
SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# Text that looks like codes finds more than text of any kind.
ALMOST = st.lists(
    st.sampled_from(
        ["=", "&", "=%", "=<", "&>", "=>", "=+01000", "=+02000", "=G12341765432170", "=%6200", "=<E6170V00"]
    )
    | st.sampled_from(["&>0260422359", "600", "0030123999901", "&a", "]C0", "\r\n", "＝", " ", "\x00", "\ud800", "A"])
    | st.text(string.digits, max_size=6)
    | st.text("AEPZMbq=%<>&+,-", max_size=4),
    max_size=8,
).map("".join)
TEXT = ALMOST | st.text() | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


def numbers() -> st.SearchStrategy[str]:
    """Valid donation numbers of 13 characters."""
    return st.builds(
        "{}{}{}".format,
        st.sampled_from(LETTERS + "123456789"),
        st.text(LETTERS + string.digits, min_size=2, max_size=2),
        st.text(string.digits, min_size=10, max_size=10),
    )


def valid(scan: Scan) -> bool:
    """Whether every value of a scan obeys its own standard, asked of the modules and not of the reader."""
    good = True
    for structure in scan.structures:
        fields = structure.fields
        if structure.number in ("001", "CN-donation"):
            number, flag = str(fields["donation_number"]), fields["flag"] or ""
            good &= donation_number.is_valid(number + str(flag), leading_zero=True)
        if structure.number == "002":
            good &= blood_group.is_valid(str(fields["group_code"]))
        if structure.number in ("003", "CN-product"):
            good &= product_code.is_valid(str(fields["product_code"]), local_classes="PDZ", short=True)
        if structure.number in ("004", "005", "006", "007", "008", "009"):
            good &= moments.is_valid(structure.raw[2:]) or moments.is_valid(structure.raw)
    return good


@settings(max_examples=600)
@given(TEXT, PROFILES, FIELDS)
def test_any_text_is_answered(text: str, profile: str, expecting: str | None) -> None:
    """Any text gives a scan that keeps it; either something was read or an error says why not."""
    scan = read(text, profile, expecting)
    assert scan.raw == text
    assert scan.structures or any(problem.severity == "error" for problem in scan.problems)
    assert all(problem.message and problem.code for problem in (*scan.problems, *scan.repairs))
    assert {repair.severity for repair in scan.repairs} <= {"warning"}
    assert scan.text == text or scan.repairs
    assert len(scan_as_json(scan)["problems"]) == len(scan.problems) + len(scan.repairs)


@settings(max_examples=600)
@given(TEXT, PROFILES, FIELDS)
def test_no_fault_goes_unreported(text: str, profile: str, expecting: str | None) -> None:
    """A scan without an error holds only values that obey their standard."""
    scan = read(text, profile, expecting)
    assert valid(scan) or not scan.ok


@given(TEXT, PROFILES)
def test_every_structure_stands_in_the_text(text: str, profile: str) -> None:
    """What a structure was read from stands in the cleaned text, character for character."""
    scan = read(text, profile)
    assert all(structure.raw in scan.text for structure in scan.structures)


@given(TEXT, PROFILES, FIELDS, st.text(max_size=6) | st.just("0600"))
def test_no_confirmation_crashes_or_widens(text: str, profile: str, expecting: str | None, confirmed: str) -> None:
    """A confirmation gives a value only where the scan suggested exactly that."""
    before, after = read(text, profile, expecting), read(text, profile, expecting, confirmed=confirmed)
    assert after.raw == text
    assert not after.ok or before.suggestion in (confirmed, f"=%{confirmed}")


@given(numbers(), st.integers(1, 13), st.sampled_from(SYMBOLS))
def test_one_wrong_character_is_caught_by_the_flags(number: str, place: int, symbol: str) -> None:
    """With flags 60-96 no single wrong character of a scanned donation number passes, under any profile."""
    right = f"={number}{check_characters.flag(number)}"
    wrong = right[:place] + symbol + right[place + 1 :]
    assert read(right, "isbt128").ok
    for profile in ("isbt128", "cn-tolerant"):
        assert wrong == right or not read(wrong, profile).ok


@given(numbers(), st.integers(60, 96))
def test_only_one_checksum_passes(number: str, flag: int) -> None:
    """Of the flags 60-96 only the right one passes."""
    scan = read(f"={number}{flag}", "isbt128")
    assert scan.ok == (str(flag) == check_characters.flag(number))
    assert scan.ok or [problem.code for problem in scan.problems] == ["check-character"]


@given(numbers(), st.integers(1, 14))
def test_exchanged_neighbours_are_caught_by_the_flags(number: str, place: int) -> None:
    """With flags 60-96 no exchange of two different neighbours passes as long as the flags remain a checksum."""
    right = f"={number}{check_characters.flag(number)}"
    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    if wrong != right and check_characters.is_check_flag(wrong[14:]):
        assert not read(wrong, "isbt128").ok
        assert not read(wrong, "cn-tolerant").ok


@given(numbers(), st.sampled_from(["6200", "0600", "Mq00", "5500"]), st.sampled_from(["E6170V00", "S12954A0"]))
def test_concatenation_keeps_each_value(number: str, group: str, product: str) -> None:
    """Donation number, group and product in one string give the same values in every order."""
    parts = [f"={number}00", f"=%{group}", f"=<{product}"]
    alone = [read(part).structures[0] for part in parts]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        scan = read("".join(parts[index] for index in order))
        assert scan.ok
        assert list(scan.structures) == [alone[index] for index in order]
