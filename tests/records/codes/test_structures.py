"""Every data structure is recognised by its identifier, checked for length and format, and reads back as encoded."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.profiles import named
from bloodbank_desktop.records.codes.structures import compound, definitions, encode, tokenize

STRICT = named("isbt128")
REGISTRY = "9991ABC123DEF4567"
# One valid content for each structure, and one of its fields.
SAMPLES: dict[str, tuple[str, str, object]] = {
    "001": ("A99991712345600", "donation_number", "A999917123456"),
    "002": ("6200", "abo", "A"),
    "003": ("E6170V00", "product_description_code", "E6170"),
    "004": ("026042", "time_stated", False),
    "005": ("0260422359", "time_stated", True),
    "006": ("026042", "time_stated", False),
    "007": ("0260420000", "time_stated", True),
    "008": ("026042", "time_stated", False),
    "009": ("0260420000", "time_stated", True),
    "010": ("N0008", "test_code", "N0008"),
    "011": ("0" * 18, "content", "0" * 18),
    "012": ("880000008700000000", "rh_phenotype", "C-c+E-e+"),
    "013": ("9" * 18, "content", "9" * 18),
    "014": ("010208274444444400", "hla_b", "0827"),
    "015": ("1" * 18, "content", "1" * 18),
    "016": ("2" * 18, "content", "2" * 18),
    "017": ("1XX00AB12z", "manufacturer", "XX"),
    "018": ("00001234rZ", "lot_number", "00001234rZ"),
    "019": ("A99990000222244445555", "donor_number", "0000222244445555"),
    "020": ("A999900395A", "staff_number", "00395A"),
    "021": ("XX00027QzE", "catalog_number", "00027QzE"),
    "022": ("00001234rZ", "lot_number", "00001234rZ"),
    "024": ("0119491231", "birth_date", "1949-12-31"),
    "025": ("0108AB123456", "patient_number", "AB123456"),
    "026": ("202402", "time_stated", False),
    "027": ("030000000000000000", "markers", "030000000000000000"),
    "028": ("A999917123450102", "container_total", "02"),
    "029": ("0101000100350000", "count", 1),
    "030": ("002" + "0040010201" + "0060020103", "count", 2),
    "031": ("1001202611232359", "time_stated", True),
    "032": ("000012", "division", "000012"),
    "033": ("A9999AB3456", "facility_product_code", "AB3456"),
    "034": ("A9997XYZ100T0479", "product_description_code", "T0479"),
    "035": ("0000000000005434RZ", "lot_number", "0000000000005434RZ"),
    "036": ("0000000000001234RZ", "supplemental_number", "0000000000001234RZ"),
    "037": ("9991ABCDEFGHIJKLMNO", "donor_number", "9991ABCDEFGHIJKLMNO"),
    "038": ("US" + "0" * 38, "content", "US" + "0" * 38),
    "039": (f"{REGISTRY}{check_characters.checksum(REGISTRY):02}", "donor_number", REGISTRY),
    "040": ("CHA999926AB3456", "sequence", "AB3456"),
}
NATIONAL = ["&aXYZ", "&zA=B&C", "&;12345", "&!1"]


def test_every_structure_has_a_sample() -> None:
    """The table holds 001 to 040, and each but the compound header has a sample here."""
    assert sorted(definitions()) == [f"{number:03}" for number in range(1, 41)]
    assert sorted([*SAMPLES, "023"]) == sorted(definitions())


@pytest.mark.parametrize("number", sorted(SAMPLES))
def test_round_trip(number: str) -> None:
    """What is encoded is read back as the same structure with its fields and without an error."""
    content, field, value = SAMPLES[number]
    text = encode(number, content)
    reading = tokenize(text, STRICT)
    assert [structure.number for structure in reading.structures] == [number]
    assert not [problem for problem in reading.problems if problem.severity == "error"]
    structure = reading.structures[0]
    assert structure.raw == text
    assert structure.fields[field] == value
    assert (structure.name, structure.label) == (definitions()[number].name, definitions()[number].label)
    retired = "retired" in {problem.code for problem in reading.problems}
    assert retired == (number in ("011", "015", "016", "037"))


@pytest.mark.parametrize("number", sorted(SAMPLES))
def test_wrong_length_is_refused(number: str) -> None:
    """One character more or less than the structure's length leaves no value, under every profile."""
    text = encode(number, SAMPLES[number][0])
    for wrong, profile in itertools.product((text[:-1], text + "0"), ("isbt128", "cn-tolerant", "codabar-abc")):
        reading = tokenize(wrong, named(profile))
        assert reading.structures == ()
        assert [problem.severity for problem in reading.problems] == ["error"]
        assert definitions()[number].label in reading.problems[0].message


@pytest.mark.parametrize("number", sorted(SAMPLES))
def test_wrong_character_is_refused(number: str) -> None:
    """A character outside the alphabet of the structure leaves no value."""
    text = encode(number, SAMPLES[number][0])
    for wrong in (f"{text[:-1]}#", f"{text[:-1]} ", f"{text[:-1]}-", f"{text[:-1]}\n"):
        reading = tokenize(wrong, STRICT)
        assert reading.structures == ()
        assert [problem.severity for problem in reading.problems] == ["error"]


@pytest.mark.parametrize("left", sorted(SAMPLES))
def test_concatenation_in_both_orders(left: str) -> None:
    """Any two different structures follow each other in one string, in either order."""
    for right in sorted(set(SAMPLES) - {left}):
        reading = tokenize(encode(left, SAMPLES[left][0]) + encode(right, SAMPLES[right][0]), STRICT)
        assert [structure.number for structure in reading.structures] == [left, right]
        assert not [problem for problem in reading.problems if problem.severity == "error"]


@given(st.lists(st.sampled_from(sorted(SAMPLES)), min_size=1, max_size=20, unique=True), st.integers(0, 99))
def test_compound_message_counts(numbers: list[str], announced: int) -> None:
    """A compound message is read when its count is right, and nothing of it when the count is wrong."""
    codes = [encode(number, SAMPLES[number][0]) for number in numbers]
    reading = tokenize(compound(codes), STRICT)
    assert [structure.number for structure in reading.structures] == numbers
    assert reading.compound_count == len(numbers)
    wrong = tokenize(f"=+{announced:02}000" + "".join(codes), STRICT)
    if announced != len(numbers):
        assert wrong.structures == ()
        assert [problem.code for problem in wrong.problems] == ["compound-count"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("=+00000", "compound-count"),
        ("=+01000", "compound-count"),
        ("=+0100=%6200", "format"),
        ("=+", "format"),
        ("=+01000&aXYZ", "compound-national"),
        ("=+02000=%6200&;123", "compound-national"),
        ("=%6200=+01000=<E6170V00", "compound-position"),
        ("=+01000=+01000=%6200", "compound-position"),
        ("=+02000=%6200=<E6170V0", "length"),
        ("=+02000=%6200=G12341765432171", "check-character"),
        ("=+02000=%6200=%5100", "conflicting"),
    ],
)
def test_doubtful_compound_message_gives_nothing(text: str, code: str) -> None:
    """Nothing of a compound message is used when anything in it is wrong."""
    reading = tokenize(text, STRICT)
    assert reading.structures == ()
    assert code in {problem.code for problem in reading.problems}


def test_compound_message_with_a_table_warns() -> None:
    """A compound message in an order that a table prescribes is read with a warning, the table not being here."""
    reading = tokenize("=+02013=%6200=<E6170V00", STRICT)
    assert [structure.number for structure in reading.structures] == ["002", "003"]
    assert [problem.code for problem in reading.problems] == ["compound-table"]


def test_compound_builds_only_what_it_can_count() -> None:
    """A compound message holds 1 to 99 structures."""
    with pytest.raises(ValueError, match="1 to 99"):
        compound([])
    with pytest.raises(ValueError, match="1 to 99"):
        compound(["=%6200"] * 100)


@pytest.mark.parametrize("text", NATIONAL)
def test_national_structures_are_kept_and_not_interpreted(text: str) -> None:
    """A national or local structure takes the rest of the text, is kept raw, and a warning says so."""
    reading = tokenize("=%6200" + text, STRICT)
    assert reading.structures[0].number == "002"
    structure = reading.structures[1]
    assert structure.number in ("national", "national-donor", "national-exclusion")
    assert (structure.raw, structure.fields) == (text, {"identifier": text[:2], "content": text[2:]})
    assert [problem.code for problem in reading.problems] == ["national-structure"]


@pytest.mark.parametrize("text", ["=", "&", "==", "=!1234", "&,5123", "&,", "=@A", "& ", "&A123", "=~"])
def test_unknown_identifiers_are_named(text: str) -> None:
    """An identifier outside the standard is refused as such."""
    reading = tokenize(text, STRICT)
    assert reading.structures == ()
    assert {problem.code for problem in reading.problems} == {"unknown-identifier"}


def test_longest_identifier_first() -> None:
    """&,1 is the lot number although =, is the product division and & alone begins many others."""
    assert tokenize("&,1" + "0" * 18, STRICT).structures[0].number == "035"
    assert tokenize("=,000012", STRICT).structures[0].number == "032"


def test_encode_refuses_what_reading_would_refuse() -> None:
    """Nothing is encoded that would be refused when it is read."""
    for number, content in (("002", "600"), ("001", "G12341765432171"), ("999", ""), ("004", "019366")):
        with pytest.raises(CodeError):
            encode(number, content)


def test_two_different_bags_in_one_scan_are_an_error() -> None:
    """Two different donation numbers, groups, products or dates in one scan are an error; the same twice is none."""
    assert [p.code for p in tokenize("=A99991712345600=B99991712345600", STRICT).problems] == ["conflicting"]
    assert [p.code for p in tokenize("=%6200=%5100", STRICT).problems] == ["conflicting"]
    mixed = tokenize("=A99991712345600=003012399990100", named("cn-tolerant"))
    assert "conflicting" in {problem.code for problem in mixed.problems}
    assert tokenize("=%6200=%6200", STRICT).problems == ()


def test_division_in_another_code() -> None:
    """A product code that refers to data structure 032 warns until that one is there."""
    assert [p.code for p in tokenize("=<S1295V99", STRICT).problems] == ["division-elsewhere"]
    assert tokenize("=<S1295V99=,000012", STRICT).problems == ()


def test_registry_number_checksum() -> None:
    """A wrong checksum of a donor registry number is an error."""
    reading = tokenize("&:" + SAMPLES["039"][0][:-2] + "99", STRICT)
    assert [problem.code for problem in reading.problems] == ["check-character"]


@pytest.mark.parametrize("text", ["&#0108AB12345", "&#01AB", "&#0100", "&$01", "&$00", "&%000", "&%001000", "&$0Z0"])
def test_counted_structures_verify_their_count(text: str) -> None:
    """A structure that states its own length or count is refused when it holds another, or nothing."""
    reading = tokenize(text, STRICT)
    assert reading.structures == ()
    assert [problem.severity for problem in reading.problems] == ["error"]
