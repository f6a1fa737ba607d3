"""A scan is classified, named, kept raw, and never corrected in silence."""

import json
from datetime import datetime

import pytest

from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.scan import LONGEST, Scan, read, scan_as_json


def codes(scan: Scan) -> list[str]:
    """The codes of everything reported, problems first."""
    return [problem.code for problem in (*scan.problems, *scan.repairs)]


@pytest.mark.parametrize(
    ("text", "number", "fields"),
    [
        ("=G12341765432170", "001", {"donation_number": "G123417654321", "flag": "70", "check_character": "A"}),
        ("=A99991712345600", "001", {"facility": "A9999", "year": "17", "sequence": "123456", "flag": "00"}),
        ("=410301602203855", "001", {"facility": "41030", "year": "16", "sequence": "022038", "check_character": "O"}),
        ("=410301602203855", "001", {"flag_meaning": "机构自定义"}),
        ("A999921123456", "001", {"donation_number": "A999921123456", "flag": None, "check_character": "3"}),
        ("A9999211234563", "001", {"donation_number": "A999921123456", "flag": None, "check_character": "3"}),
        ("G12341765432170", "001", {"donation_number": "G123417654321", "flag": "70"}),
        ("G12341765432101A", "001", {"donation_number": "G123417654321", "flag": "01"}),
        ("=%6200", "002", {"abo": "A", "rhd": "positive", "group_code": "6200", "message": None, "quarantine": False}),
        ("=%0600", "002", {"abo": "A", "rhd": "negative"}),
        ("=%5100", "002", {"abo": "O", "rhd": "positive"}),
        ("=%9500", "002", {"abo": "O", "rhd": "negative"}),
        ("=%7300", "002", {"abo": "B", "rhd": "positive"}),
        ("=%1700", "002", {"abo": "B", "rhd": "negative"}),
        ("=%8400", "002", {"abo": "AB", "rhd": "positive"}),
        ("=%2800", "002", {"abo": "AB", "rhd": "negative", "phenotype": None}),
        ("=%62B0", "002", {"abo": "A", "phenotype": "C+c+E-e+ K-"}),
        ("=<E6170V00", "003", {"product_code": "E6170V00", "product_description_code": "E6170", "division": "00"}),
        ("=<E0869VA0", "003", {"collection_type": "V", "division": "A0"}),
        ("=<E5445000", "003", {"product_description_code": "E5445", "collection_type": "0"}),
        ("=<S12954A0", "003", {"product_description_code": "S1295", "collection_type": "4", "division": "A0"}),
        ("&>0260422359", "005", {"expires_at": datetime.fromisoformat("2026-02-11T23:59:00+08:00")}),
        ("&>0251712359", "005", {"expires_at": datetime.fromisoformat("2025-06-20T23:59:00+08:00")}),
        ("=>019031", "004", {"expires_at": datetime.fromisoformat("2019-01-31T23:59:00+08:00")}),
        ("=>019032", "004", {"expires_at": datetime.fromisoformat("2019-02-01T23:59:00+08:00")}),
        ("=*019031", "006", {"collected_at": datetime.fromisoformat("2019-01-31T00:00:00+08:00")}),
        ("&}0190310830", "009", {"produced_at": datetime.fromisoformat("2019-01-31T08:30:00+08:00")}),
        ("=/A9997XYZ100T0479", "034", {"facility": "A9997", "facility_product_code": "XYZ100"}),
        ("=\\880000008700000000", "012", {"positive": "K k Fya Fyb Jka", "negative": "Jkb"}),
    ],
)
def test_clean_scans(text: str, number: str, fields: dict[str, object]) -> None:
    """A clean code gives its structure and fields with nothing to report, under both ISBT profiles."""
    for profile in ("isbt128", "cn-tolerant"):
        scan = read(text, profile)
        assert scan.ok
        assert codes(scan) == []
        assert (scan.raw, scan.text, scan.profile) == (text, text, profile)
        assert [structure.number for structure in scan.structures] == [number]
        assert {key: scan.structures[0].fields[key] for key in fields} == fields


def test_structures_in_one_string() -> None:
    """Concatenated structures and a compound message of four are read in their order."""
    assert [s.number for s in read("=A99991712345600=,000012").structures] == ["001", "032"]
    scan = read("=+04000=/A9997XYZ100T0479=A99991712345600=,000012=>019031")
    assert scan.ok
    assert scan.compound_count == 4
    assert [structure.number for structure in scan.structures] == ["034", "001", "032", "004"]
    short = read("=+05000=/A9997XYZ100T0479=A99991712345600=,000012=>019031")
    assert (short.ok, short.structures, codes(short)) == (False, (), ["compound-count"])


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", ["empty"]),
        (" \r\n", ["empty", "terminator", "surrounding-blanks"]),
        ("GARBAGE", ["unknown"]),
        ("=A999917123456", ["length"]),
        ("=A9O991712345600", ["letter-o"]),
        ("=A99991x12345600", ["year"]),
        ("=O99991712345600", ["first-character"]),
        ("A9O9917123456", ["letter-o"]),
        ("A9999211234564", ["check-character"]),
        ("=%6201", ["reserved-character"]),
        ("=%0100", ["unknown-group"]),
        ("=<e6170v00", ["letter-case"]),
        ("=>019366", ["day-of-year"]),
        ("&>0260422460", ["time"]),
        ("&>202613010000", ["date"]),
        ("=\x00", ["unknown"]),
        ("=%62\ud80000", ["unknown"]),
        ("=%62🩸0", ["unknown"]),
        ("=%٦٢00", ["unknown"]),
        ("=%6200 trailing", ["length"]),
        ("=<Z4382---", ["format"]),
        ("=%6 00", ["format"]),
        ("6200", ["needs-field"]),
        ("P0056V00", ["needs-field"]),
        ("20160422", ["needs-field"]),
        ("E5445", ["needs-field"]),
        ("12345", ["unknown"]),
        ("]C0", ["empty", "aim-prefix"]),
    ],
)
def test_what_is_not_read(text: str, reported: list[str]) -> None:
    """What breaks a rule is named, gives no value, and keeps the raw scan."""
    scan = read(text)
    assert not scan.ok
    assert scan.structures == () or "check-character" in reported
    assert codes(scan) == reported
    assert scan.raw == text
    assert all("请" in problem.message for problem in scan.problems)


def test_damaged_check_character_is_flagged_with_what_was_scanned() -> None:
    """A wrong checksum is an error of its own code, and the screen can still show what was scanned."""
    scan = read("=G12341765432171")
    assert not scan.ok
    assert codes(scan) == ["check-character"]
    assert scan.structures[0].fields["donation_number"] == "G123417654321"
    assert scan.structures[0].fields["check_character"] == "A"


def test_directed_use_is_valid_with_a_warning() -> None:
    """0200 is A negative for directed use only: valid, with a warning."""
    scan = read("=%0200")
    assert scan.ok
    assert codes(scan) == ["donation-use"]
    assert scan.structures[0].fields["donation_use"] == "directed-only"


@pytest.mark.parametrize("gg", ["Mb", "Md", "Mq", "Mx", "Mr", "Mf"])
def test_quarantine_messages(gg: str) -> None:
    """A label that forbids use is read, marked for quarantine and warned about."""
    scan = read(f"=%{gg}00")
    assert scan.ok
    assert codes(scan) == ["quarantine"]
    assert scan.structures[0].fields["quarantine"] is True
    assert scan.structures[0].fields["message"] == gg


@pytest.mark.parametrize("text", ["=%5500", "=%6600", "=%7700", "=%8800"])
def test_rhd_not_stated(text: str) -> None:
    """A label without RhD gives none, and a warning."""
    scan = read(text)
    assert scan.structures[0].fields["rhd"] is None
    assert codes(scan) == ["rhd-not-stated"]


@pytest.mark.parametrize(
    ("text", "clean", "repairs"),
    [
        ("=%6200\r", "=%6200", ["terminator"]),
        ("=%6200\r\n", "=%6200", ["terminator"]),
        ("=%6200\t", "=%6200", ["terminator"]),
        ("  =%6200 ", "=%6200", ["surrounding-blanks"]),
        ("]C0=%6200", "=%6200", ["aim-prefix"]),
        ("]C4=%6200", "=%6200", ["aim-prefix"]),
        ("]d1=%6200\r", "=%6200", ["terminator", "aim-prefix"]),
        ("＝％６２００", "=%6200", ["full-width"]),
        ("＆》0260422359", "&>0260422359", ["full-width"]),
        ("=《E6170V00", "=<E6170V00", ["full-width"]),
        ("　=%6200", "=%6200", ["full-width", "surrounding-blanks"]),
        ("=g12341765432170", "=g12341765432170", ["letter-case"]),
        ("g123417654321a\r\n", "g123417654321a", ["terminator", "letter-case"]),
    ],
)
def test_repairs_are_reported(text: str, clean: str, repairs: list[str]) -> None:
    """What was stripped or converted is reported as a repair, and the raw scan is kept."""
    scan = read(text)
    assert scan.ok
    assert scan.problems == ()
    assert [repair.code for repair in scan.repairs] == repairs
    assert {repair.severity for repair in scan.repairs} == {"warning"}
    assert (scan.raw, scan.text) == (text, clean)


def test_lower_case_donation_number_is_raised() -> None:
    """A donation number in small letters is stored in capitals, and its checksum still counts."""
    assert read("=g12341765432170").structures[0].fields["donation_number"] == "G123417654321"
    assert codes(read("=g12341765432171")) == ["check-character", "letter-case"]


@pytest.mark.parametrize(
    ("text", "number", "fields", "reported"),
    [
        ("0030123999901", "CN-donation", {"facility": "00301", "year": "23", "sequence": "999901"}, ["leading-zero"]),
        ("=003012399990100", "CN-donation", {"donation_number": "0030123999901", "flag": "00"}, ["leading-zero"]),
        ("=<P0056V00", "003", {"product_code": "P0056V00", "product_class": None}, ["class-letter"]),
        ("=<D6686000", "003", {"product_description_code": "D6686"}, ["class-letter"]),
        ("=<Z4382", "CN-product", {"product_code": "Z4382"}, ["class-letter", "short-product-code"]),
        ("&>201604220950", "CN-expiry", {"expires_at": datetime.fromisoformat("2016-04-22T09:50+08:00")}, None),
        ("=>20160422", "CN-expiry", {"expires_at": datetime.fromisoformat("2016-04-22T23:59+08:00")}, None),
        ("=*20160422", "CN-collection", {"collected_at": datetime.fromisoformat("2016-04-22T00:00+08:00")}, None),
        (
            "201604220950",
            "CN-expiry",
            {"expires_at": datetime.fromisoformat("2016-04-22T09:50+08:00")},
            ["no-identifier", "calendar-date"],
        ),
    ],
)
def test_chinese_labels(text: str, number: str, fields: dict[str, object], reported: list[str] | None) -> None:
    """The default profile reads with a warning what Chinese labels do beside the standard; the strict one refuses."""
    scan = read(text)
    assert scan.ok
    assert scan.structures[0].number == number
    assert {key: scan.structures[0].fields[key] for key in fields} == fields
    assert codes(scan) == (reported or ["calendar-date"])
    strict = read(text, "isbt128")
    if number == "003":
        assert strict.structures[0].fields["product_class"] in ("regenerated tissue", "national or local")
    else:
        assert (strict.ok, strict.structures) == (False, ())


@pytest.mark.parametrize(
    ("text", "expecting", "number", "fields"),
    [
        ("6200", "group", "002", {"abo": "A", "rhd": "positive"}),
        ("E5445V00", "product", "003", {"product_description_code": "E5445"}),
        ("Z4382", "product", "CN-product", {"product_code": "Z4382"}),
        ("0260422359", "expiry", "005", {"expires_at": datetime.fromisoformat("2026-02-11T23:59+08:00")}),
        ("026042", "expiry", "004", {"expires_at": datetime.fromisoformat("2026-02-11T23:59+08:00")}),
        ("026042", "collection", "006", {"collected_at": datetime.fromisoformat("2026-02-11T00:00+08:00")}),
        ("20260211", "production", "CN-production", {"produced_at": datetime.fromisoformat("2026-02-11T00:00+08:00")}),
    ],
)
def test_bare_codes_in_their_field(text: str, expecting: str, number: str, fields: dict[str, object]) -> None:
    """A code without identifier is read in the field that expects it, with a warning, and refused elsewhere."""
    scan = read(text, expecting=expecting)
    assert scan.ok
    assert scan.structures[0].number == number
    assert {key: scan.structures[0].fields[key] for key in fields} == fields
    assert codes(scan)[0] == "no-identifier"
    assert codes(read(text)) == ["needs-field"]


@pytest.mark.parametrize(
    ("text", "expecting"),
    [
        ("Z43-82", "product"),
        ("62-00", "group"),
        ("620A", "group"),
        ("2016-04-22", "expiry"),
        ("1234567", "collection"),
        ("20160422", "donation"),
        ("201604220950", "donation"),
        ("20160422", "group"),
    ],
)
def test_a_field_does_not_bend_the_rules(text: str, expecting: str) -> None:
    """A code with foreign characters, or of another kind, is refused in a field too."""
    scan = read(text, expecting=expecting)
    assert (scan.ok, scan.structures) == (False, ())


@pytest.mark.parametrize("expecting", [None, "donation", "group", "product", "expiry", "collection", "production"])
def test_an_identifier_outweighs_the_field(expecting: str | None) -> None:
    """A code with identifier, and a bare donation number, is the same in every field."""
    for text in ("=%6200", "=G12341765432170", "A9999211234563"):
        assert read(text, expecting=expecting).structures == read(text).structures


def test_lost_zero_waits_for_a_person() -> None:
    """600 is never a group: it is an error with a suggestion, and becomes A negative only when a person confirms it."""
    for text, suggestion in (("600", "0600"), ("=%600", "=%0600")):
        scan = read(text)
        assert (scan.ok, scan.structures, scan.suggestion) == (False, (), suggestion)
        assert codes(scan) == ["lost-zero"]
        for confirmed in (suggestion, "0600"):
            again = read(text, confirmed=confirmed)
            assert again.ok
            assert (again.raw, again.structures[0].fields["rhd"]) == (text, "negative")
            assert "confirmed-by-person" in codes(again)
    assert read("=A99991712345600=%600").suggestion == "=A99991712345600=%0600"
    assert read("600", expecting="group").suggestion == "0600"
    assert read("600", "isbt128").suggestion is None
    assert read("600", expecting="product").suggestion is None


@pytest.mark.parametrize(("text", "confirmed"), [("600", "6200"), ("=%6200", "0600"), ("GARBAGE", ""), ("500", "0600")])
def test_confirming_something_else_is_an_error(text: str, confirmed: str) -> None:
    """A confirmation that is not the suggestion of this very scan changes nothing and is an error."""
    scan = read(text, confirmed=confirmed)
    assert not scan.ok
    assert codes(scan)[-1] == "confirmation"
    assert scan.structures == read(text).structures


def test_too_long() -> None:
    """A text longer than any code is refused whole and kept."""
    scan = read("=%6200" * LONGEST)
    assert (scan.ok, scan.structures, codes(scan)) == (False, (), ["too-long"])
    assert len(scan.raw) == 6 * LONGEST
    assert codes(read("x" * LONGEST)) == ["unknown"]


def test_wrong_settings_are_errors_of_the_caller() -> None:
    """An unknown profile or field is refused before anything is read."""
    for arguments, code in (({"profile": "moon"}, "unknown-profile"), ({"expecting": "moon"}, "unknown-field")):
        with pytest.raises(CodeError) as caught:
            read("=%6200", **arguments)
        assert caught.value.code == code


def test_json() -> None:
    """The JSON of a scan holds everything that was found and reported, with times in ISO 8601."""
    as_json = json.loads(json.dumps(scan_as_json(read(" &>201604220950\r"))))
    assert as_json["ok"] is True
    assert as_json["raw"] == " &>201604220950\r"
    assert as_json["suggestion"] is None
    assert as_json["structures"][0]["number"] == "CN-expiry"
    assert as_json["structures"][0]["fields"] == {"expires_at": "2016-04-22T09:50:00+08:00", "time_stated": True}
    assert [(problem["code"], problem["severity"]) for problem in as_json["problems"]] == [
        ("calendar-date", "warning"),
        ("terminator", "warning"),
        ("surrounding-blanks", "warning"),
    ]
    assert scan_as_json(read("600"))["problems"][0]["severity"] == "error"
