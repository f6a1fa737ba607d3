"""The tables of the label standards in full, written down here a second time, so that a slip in a data file is found."""

from __future__ import annotations

import itertools
import string
from datetime import UTC, datetime

import pytest

from bloodbank_desktop.records.codes import blood_group, donation_number, product_code
from bloodbank_desktop.records.codes.profiles import named
from bloodbank_desktop.records.codes.scan import Scan, read
from bloodbank_desktop.records.codes.structures import definitions, tokenize
from tests.records.codes.test_structures import SAMPLES

#: ISBT 128 ST-001 table 4: default, directed only, emergency, directed biohazard, directed crossover, autologous
#: crossover, autologous only, autologous biohazard.
GROUPS = {
    ("O", "negative"): "95 91 92 93 94 96 97 98",
    ("O", "positive"): "51 47 48 49 50 52 53 54",
    ("A", "negative"): "06 02 03 04 05 07 08 09",
    ("A", "positive"): "62 58 59 60 61 63 64 65",
    ("B", "negative"): "17 13 14 15 16 18 19 20",
    ("B", "positive"): "73 69 70 71 72 74 75 76",
    ("AB", "negative"): "28 24 25 26 27 29 30 31",
    ("AB", "positive"): "84 80 81 82 83 85 86 87",
    ("O", None): "55 P2 P3 P4 P5 P7 P8 P9",
    ("A", None): "66 A2 A3 A4 A5 A7 A8 A9",
    ("B", None): "77 B2 B3 B4 B5 B7 B8 B9",
    ("AB", None): "88 C2 C3 C4 C5 C7 C8 C9",
}
USES = ["unspecified", "directed-only", "emergency", "directed-biohazard", "directed-crossover"]
USES += ["autologous-crossover", "autologous-only", "autologous-biohazard"]

#: ST-001 table 5: neither K, K negative, K positive, and the Rh phenotype they stand for.
PHENOTYPES = {
    "1AJ": "C-c+E-e+",
    "2BK": "C+c+E-e+",
    "3CL": "C+c+E+e+",
    "4DM": "C+c+E+e-",
    "5EN": "C-c+E+e+",
    "6FO": "C-c+E+e-",
    "7GP": "C+c-E-e+",
    "8HQ": "C+c-E+e+",
    "9IR": "C+c-E+e-",
    "XYZ": "C-E-",
}

#: ST-001 table 3: number, data identifier, length of the content (None = stated in the content).
IDENTIFIERS = {
    "001": ("=", 15), "002": ("=%", 4), "003": ("=<", 8), "004": ("=>", 6), "005": ("&>", 10),
    "006": ("=*", 6), "007": ("&*", 10), "008": ("=}", 6), "009": ("&}", 10), "010": ("&(", 5),
    "011": ("={", 18), "012": ("=\\", 18), "013": ("&\\", 18), "014": ("&{", 18), "015": ("=[", 18),
    "016": ('="', 18), "017": ("=)", 10), "018": ("&)", 10), "019": ("=;", 21), "020": ("='", 11),
    "021": ("=-", 10), "022": ("&-", 10), "023": ("=+", 5), "024": ("=#", 10), "025": ("&#", None),
    "026": ("=]", 6), "027": ('&"', 18), "028": ("=$", 16), "029": ("&$", None), "030": ("&%", None),
    "031": ("=(", 16), "032": ("=,", 6), "033": ("&+", 11), "034": ("=/", 16), "035": ("&,1", 18),
    "036": ("&,2", 18), "037": ("&,3", 19), "038": ("&,4", 40), "039": ("&:", 19), "040": ("&/", 15),
}  # fmt: skip

FLAG_ALPHABET = string.digits + "ABCDEFGHJKLMNPRSTUVWXY"


def codes(scan: Scan) -> list[str]:
    """Return the codes of everything reported."""
    return [problem.code for problem in (*scan.problems, *scan.repairs)]


@pytest.mark.parametrize("number", sorted(IDENTIFIERS))
def test_identifiers_and_lengths(number: str) -> None:
    """Each data structure has the identifier and the length of the standard."""
    definition = definitions()[number]
    assert (definition.identifier, definition.length) == IDENTIFIERS[number]


@pytest.mark.parametrize("number", sorted(SAMPLES))
def test_content_without_its_identifier_is_not_decoded(number: str) -> None:
    """Without data identifier the strict profile reads no content; only a donation number is known by its own shape."""
    found = read(SAMPLES[number][0], "isbt128")
    assert found.ok == (number == "001")
    assert {structure.number for structure in found.structures} <= {"001"}


@pytest.mark.parametrize(("abo", "rhd"), list(GROUPS))
def test_group_codes(abo: str, rhd: str | None) -> None:
    """Every code of the table names its ABO and RhD and its intended use, and RhD is never supplied where it is open."""
    for gg, use in zip(GROUPS[abo, rhd].split(), USES, strict=True):
        fields = read(f"=%{gg}00").structures[0].fields
        assert (fields["abo"], fields["rhd"], fields["donation_use"]) == (abo, rhd, use)
    every = [gg for row in GROUPS.values() for gg in row.split()]
    assert len(set(every)) == len(every) == 96


@pytest.mark.parametrize("row", list(PHENOTYPES))
def test_phenotype_codes(row: str) -> None:
    """The third character gives the Rh phenotype and whether K is not stated, negative or positive."""
    for symbol, kell in zip(row, ("", " K-", " K+"), strict=True):
        assert blood_group.interpret(f"62{symbol}0").phenotype == PHENOTYPES[row] + kell


@pytest.mark.parametrize(
    ("text", "abo", "rhd"),
    [
        ("=%6200", "A", "positive"),
        ("=%6600", "A", None),
        ("=%7300", "B", "positive"),
        ("=%7700", "B", None),
        ("=%1700", "B", "negative"),
        ("=%5100", "O", "positive"),
        ("=%5500", "O", None),
        ("=%9500", "O", "negative"),
        ("=%8400", "AB", "positive"),
        ("=%8800", "AB", None),
        ("=%2800", "AB", "negative"),
    ],
)
def test_a_hospital_system_s_reading_is_not_copied(text: str, abo: str, rhd: str | None) -> None:
    """Some systems here take 66, 77, 55 and 88 for RhD positive; the standard leaves RhD open, and so does a scan."""
    fields = read(text).structures[0].fields
    assert (fields["abo"], fields["rhd"]) == (abo, rhd)


@pytest.mark.parametrize("first", FLAG_ALPHABET)
def test_flags_are_no_part_of_the_number(first: str) -> None:
    """With any two flag characters the number is the same 13 characters; only 60 to 96 are compared with a checksum."""
    number = "G123417654321"
    for second in FLAG_ALPHABET:
        found = read(f"={number}{first}{second}", "isbt128")
        assert found.structures[0].fields["donation_number"] == number
        is_checksum = (first + second).isdigit() and 60 <= int(first + second) <= 96
        assert found.ok == (not is_checksum or first + second == "70")
        assert ("check-character" in codes(found)) == (is_checksum and first + second != "70")


@pytest.mark.parametrize("wrong", ["I0", "0I", "O0", "0O", "Q1", "Z9", "0*", "a0"])
def test_flags_outside_their_alphabet_are_refused(wrong: str) -> None:
    """I, O, Q, Z and signs are no flags; a small letter is one only after it was raised and reported."""
    found = read(f"=G123417654321{wrong}", "isbt128")
    if wrong == "a0":
        assert "letter-case" in codes(found)
    else:
        assert (found.ok, found.structures, codes(found)) == (False, (), ["flag"])


def test_flag_meanings_in_full() -> None:
    """00 to 13 and 15 to 19 have a meaning of their own, 20 to 59 are local, 60 to 96 a checksum, the rest reserved."""
    for value in range(100):
        meaning = donation_number.flag_meaning(f"{value:02}")
        if 20 <= value <= 59:
            assert meaning == "机构自定义"
        elif 60 <= value <= 96:
            assert meaning == "校验符"
        else:
            assert (meaning is None) == (value == 14 or value >= 97)


@pytest.mark.parametrize("kind", ["0", "V", "A", "1", "X", "D", "2", "C", "F", "G", "4", "5", "P"])
def test_kinds_of_collection_have_words(kind: str) -> None:
    """Each kind of collection of the standard is named in Chinese."""
    assert product_code.collection_type_label(kind)


@pytest.mark.parametrize(
    ("left", "right"),
    [("001", "002"), ("003", "005"), ("001", "003"), ("001", "019"), ("017", "018"), ("021", "022"), ("024", "025")],
)
def test_usual_pairs_in_one_scan(left: str, right: str) -> None:
    """The pairs that the standard lets a scanner concatenate are two structures, in either direction."""
    for pair in ((left, right), (right, left)):
        text = "".join(definitions()[number].identifier + SAMPLES[number][0] for number in pair)
        assert [structure.number for structure in read(text).structures] == list(pair)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=A99991712345600", "=003012399990100"),
        ("=A99991712345600", "=A99991712345607"),
        ("=%6200", "=%0600"),
        ("=<E6170V00", "=<Z4382"),
        ("=<E6170V00", "=<E6170VA0"),
        ("=>026042", "&>0260521200"),
        ("=>026042", "&>202602120950"),
        ("&>0260422359", "&>202602120950"),
        ("=*026042", "&*0260421200"),
        ("&}0260420800", "&}202602120950"),
        ("=,000012", "=,000013"),
    ],
)
def test_two_statements_that_differ_are_an_error(one: str, other: str) -> None:
    """Two numbers, groups, products, divisions or times of one kind that differ are an error, however each is written."""
    for text in (one + other, other + one):
        assert codes(read(text)).count("conflicting") == 1
        assert not read(text).ok
    assert "conflicting" not in codes(read(one + one))


def test_the_same_moment_in_two_writings_is_no_conflict() -> None:
    """A day without time and the last minute of that day, or the calendar's writing of it, say the same."""
    for other in ("&>0260422359", "&>202602112359", "=>20260211"):
        assert read(f"=>026042{other}").ok


@pytest.mark.parametrize("prefix", ["]C0", "]C1", "]C4", "]d1", "]d2", "]F0"])
@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n", "\t"])
def test_what_a_scanner_adds_is_taken_off_and_said(prefix: str, end: str) -> None:
    """The symbology in front and the terminator behind are removed, reported, and stay in the raw scan."""
    found = read(f"{prefix}=%6200{end}")
    assert (found.ok, found.text, found.raw) == (True, "=%6200", f"{prefix}=%6200{end}")
    assert codes(found) == (["terminator"] if end else []) + ["aim-prefix"]


@pytest.mark.parametrize("text", ["=G12341765432170", "=%62B0", "=<E6170V00", "&>0260422359", "=A99991712345600=%6200"])
def test_an_input_method_s_full_width_scan_is_the_same(text: str) -> None:
    """A scan that an input method turned into full-width characters means the same and says so."""
    wide = "".join(chr(ord(character) + 0xFEE0) for character in text)
    found = read(wide)
    assert found.structures == read(text).structures
    assert (codes(found), found.raw) == (["full-width"], wide)


@pytest.mark.parametrize(
    ("text", "reported"),
    [("=g12341765432170", ["letter-case"]), ("=<e6170v00", ["letter-case"]), ("=%mQ00", ["unknown-group"])],
)
def test_caps_lock_is_noticed(text: str, reported: list[str]) -> None:
    """Caps Lock turns letters over: a donation number is raised and said, where case has meaning nothing is read."""
    found = read(text)
    assert codes(found) == reported
    assert found.ok == text.startswith("=g")


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("G123417654321", []),
        ("G123417654321A", []),
        ("G123417654321B", ["check-character"]),
        ("G12341765432170", []),
        ("G12341765432171", ["check-character"]),
        ("G12341765432170A", []),
        ("G12341765432170B", ["check-character"]),
        ("G1234176543217", ["check-character"]),
        ("G12341765432170AA", ["unknown"]),
        ("0030123999901", ["leading-zero"]),
        ("003012399990100", ["leading-zero"]),
    ],
)
def test_bare_donation_numbers_by_their_length(text: str, reported: list[str]) -> None:
    """13 characters are the number, 14 end with K, 15 with flags, 16 with both; K and checksums are verified."""
    found = read(text)
    assert codes(found) == reported
    assert found.ok == (reported in ([], ["leading-zero"]))


@pytest.mark.parametrize(
    ("start", "stop"), [*itertools.product("ABCDTNE*", repeat=2), ("a", "b"), ("t", "e"), ("n", "*")]
)
def test_codabar_frames(start: str, stop: str) -> None:
    """Start and stop characters in both alphabets that readers send are taken off; without a frame 510 stays unread."""
    found = read(f"{start}510{stop}", "codabar-abc")
    assert (found.ok, found.structures[0].number) == (True, "codabar-group")
    assert codes(read("510", "codabar-abc")) == ["needs-field"]


@pytest.mark.parametrize(
    ("digits", "abo", "rhd"),
    [
        ("510", "O", "positive"),
        ("620", "A", "positive"),
        ("730", "B", "positive"),
        ("840", "AB", "positive"),
        ("950", "O", "negative"),
        ("060", "A", "negative"),
        ("170", "B", "negative"),
        ("280", "AB", "negative"),
        ("550", "O", None),
        ("660", "A", None),
        ("770", "B", None),
        ("880", "AB", None),
    ],
)
def test_codabar_groups(digits: str, abo: str, rhd: str | None) -> None:
    """The three digits of a Codabar group are those of ISBT 128, and group only means RhD not stated."""
    fields = read(f"a{digits}b", "codabar-abc").structures[0].fields
    assert (fields["abo"], fields["rhd"]) == (abo, rhd)


@pytest.mark.parametrize("text", ["0123453", "510", "a510b", "]F0510", "112326", "012345671"])
def test_codabar_is_read_only_where_its_profile_is_chosen(text: str) -> None:
    """Digits of the American layout mean nothing under the profiles for ISBT 128 and for Chinese labels."""
    for profile in ("isbt128", "cn-tolerant"):
        assert read(text, profile).structures == ()


def test_the_chinese_expiry_is_china_time() -> None:
    """201604220950 is 2016-04-22 09:50 in China, the epoch millisecond that the hospital's own system stored."""
    for text in ("201604220950", "&>201604220950", "&>0161130950"):
        found = read(text).structures[0].fields["expires_at"]
        assert isinstance(found, datetime)
        assert found == datetime.fromtimestamp(1461289800, UTC)


@pytest.mark.parametrize(
    ("text", "strict", "tolerant"),
    [
        ("=003012399990100", ["first-character"], ["leading-zero"]),
        ("=<Z4382V00", ["class-letter"], ["class-letter"]),
        ("=<Z4382", ["length"], ["class-letter", "short-product-code"]),
        ("&>201604220950", ["length"], ["calendar-date"]),
        ("=%600", ["length"], ["lost-zero"]),
        ("600", ["unknown"], ["lost-zero"]),
        ("=O99991712345600", ["first-character"], ["first-character"]),
        ("=%6201", ["reserved-character"], ["reserved-character"]),
    ],
)
def test_tolerance_is_a_choice_and_is_said(text: str, strict: list[str], tolerant: list[str]) -> None:
    """What the strict profile refuses, the Chinese one reads with a warning or refuses by name; nothing passes unsaid."""
    assert codes(read(text, "isbt128")) == strict
    assert codes(read(text, "cn-tolerant")) == tolerant
    assert not read(text, "isbt128").ok


def test_strict_rules_come_before_tolerance() -> None:
    """What the standard reads by itself is read the same under the tolerant profile, without any warning of tolerance."""
    for number, (content, _, _) in SAMPLES.items():
        text = definitions()[number].identifier + content
        strict, tolerant = (tokenize(text, named(profile)) for profile in ("isbt128", "cn-tolerant"))
        assert (strict.structures, strict.problems) == (tolerant.structures, tolerant.problems)
