"""A donation number with one wrong or two exchanged characters never passes as another donation."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import check_characters, donation_number
from bloodbank_desktop.records.codes.errors import CodeError

LETTERS = string.ascii_uppercase.replace("O", "")
ALPHANUMERIC = string.digits + string.ascii_uppercase


def numbers() -> st.SearchStrategy[str]:
    """Valid donation numbers: first character without 0 and O, two letters or digits, ten digits."""
    return st.builds(
        "{}{}{}".format,
        st.sampled_from(LETTERS + "123456789"),
        st.text(LETTERS + string.digits, min_size=2, max_size=2),
        st.text(string.digits, min_size=10, max_size=10),
    )


@pytest.mark.parametrize(
    ("number", "checksum", "character"),
    [
        ("G123417654321", 10, "A"),
        ("A999818123456", 23, "N"),
        ("A999921123456", 3, "3"),
        ("4103016022038", 24, "O"),
    ],
)
def test_published_check_characters(number: str, checksum: int, character: str) -> None:
    """The checksum agrees with the published examples of the standard."""
    assert check_characters.checksum(number) == checksum
    assert check_characters.character(number) == character
    assert check_characters.flag(number) == str(60 + checksum)


@given(st.text(ALPHANUMERIC, min_size=1, max_size=20))
def test_checksum_is_the_definition_of_the_standard(text: str) -> None:
    """The checksum is 38 minus the sum of value times 2 to the place from the right, modulo 37, twice."""
    total = sum(ALPHANUMERIC.index(symbol) * 2 ** (len(text) - place) for place, symbol in enumerate(text))
    assert check_characters.checksum(text) == (38 - total % 37) % 37


@pytest.mark.parametrize("text", ["g123417654321", "G1234*7654321", "G1234 7654321", "G12341765432١"])
def test_checksum_refuses_other_characters(text: str) -> None:
    """A checksum is never computed over lower case, blanks, stars or digits of another script."""
    with pytest.raises(CodeError) as caught:
        check_characters.checksum(text)
    assert caught.value.code == "format"


def test_every_single_substitution_is_refused() -> None:
    """Of all 13 x 35 single substitutions of one number none passes with the old check character."""
    number = "G123417654321"
    passed = [
        wrong
        for place in range(13)
        for symbol in ALPHANUMERIC
        if (wrong := number[:place] + symbol + number[place + 1 :]) != number and _accepted(wrong + "A")
    ]
    assert passed == []


def test_exactly_one_check_character_is_accepted() -> None:
    """Of the 37 possible check characters exactly the right one passes."""
    accepted = [symbol for symbol in check_characters.ALPHABET if _accepted(f"G123417654321{symbol}")]
    assert accepted == ["A"]


@given(numbers(), st.integers(0, 13), st.sampled_from(check_characters.ALPHABET))
def test_one_wrong_character_never_passes(number: str, place: int, symbol: str) -> None:
    """No single wrong character in number and check character passes a typed entry."""
    right = number + check_characters.character(number)
    wrong = right[:place] + symbol + right[place + 1 :]
    assert _accepted(right)
    assert wrong == right or not _accepted(wrong)


@given(numbers(), st.integers(0, 12))
def test_exchanged_neighbours_never_pass(number: str, place: int) -> None:
    """No exchange of two different neighbours in number and check character passes a typed entry."""
    right = number + check_characters.character(number)
    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert wrong == right or not _accepted(wrong)


@given(numbers())
def test_every_written_form_is_the_same_number(number: str) -> None:
    """Scanned, bare, with flags, with check character and as shown on screen: all are the same 13 characters."""
    check, flag = check_characters.character(number), check_characters.flag(number)
    for text in (
        f"={number}{flag}",
        f"={number}00",
        number,
        number + check,
        number + flag,
        number + flag + check,
        donation_number.format(number),
        donation_number.format(number).lower(),
    ):
        assert donation_number.compact(text) == number
        assert donation_number.validate(text) == number
    assert donation_number.with_check(donation_number.format(number)) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "length"),
        ("A99991712345", "length"),
        ("=A999917123456", "length"),
        ("=A9999171234560", "length"),
        ("A9999171234567890", "length"),
        ("0999917123456", "first-character"),
        ("O999917123456", "first-character"),
        ("*999917123456", "first-character"),
        ("A9O9917123456", "letter-o"),
        ("A99A917123456", "facility"),
        ("A999917*2345", "length"),
        ("A9999X7123456", "year"),
        ("A99991712345X", "sequence"),
        ("A99991712345١", "sequence"),
        ("=A999917123456I0", "flag"),
        ("=A9999171234560O", "flag"),
        ("=G12341765432171", "check-character"),
        ("G123417654321B", "check-character"),
        ("G12341765432170B", "check-character"),
    ],
)
def test_refusals_are_named(text: str, code: str) -> None:
    """A refused number names the part that is wrong and says what to do."""
    with pytest.raises(CodeError) as caught:
        donation_number.validate(text)
    assert caught.value.code == code
    assert "请" in caught.value.message
    assert not donation_number.is_valid(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("G1234 17 654321", "check-character-missing"),
        ("G123417654321B", "check-character"),
        ("G12341765432170", "length"),
        ("=G1234176543217", "length"),
        ("", "length"),
        ("0030123999901", "check-character-missing"),
    ],
)
def test_typed_entry_needs_the_check_character(text: str, code: str) -> None:
    """A typed number without its check character, or with another, is refused with a code of its own."""
    with pytest.raises(CodeError) as caught:
        donation_number.with_check(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "text", ["g1234 17 654321 a", "G1234-17-654321-A", "Ｇ１２３４１７６５４３２１Ａ", " G123417654321A\n"]
)
def test_typed_entry_as_people_type(text: str) -> None:
    """Blanks, hyphens, small letters and full-width characters of a typed number make no difference."""
    assert donation_number.with_check(text) == "G123417654321"


def test_leading_zero_only_on_request() -> None:
    """A facility beginning with 0 is refused unless the caller accepts it, and shows no check character."""
    assert not donation_number.is_valid("0030123999901")
    assert donation_number.validate("0030123999901", leading_zero=True) == "0030123999901"
    assert not donation_number.is_valid("O030123999901", leading_zero=True)
    assert donation_number.format("0030123999901") == "00301 23 999901"


def test_format_shows_the_groups_and_the_check_character() -> None:
    """A number is shown as facility, year, sequence and check character; other text is left alone."""
    assert donation_number.format("=G12341765432170") == "G1234 17 654321 A"
    assert donation_number.format("GARBAGE") == "GARBAGE"


@pytest.mark.parametrize(
    ("flag", "meaning"),
    [
        ("00", "未使用"),
        ("01", "第1袋（一套多袋）"),
        ("19", "第9袋（一套多袋）"),
        ("09", "核酸检测样本管"),
        ("20", "机构自定义"),
        ("59", "机构自定义"),
        ("60", "校验符"),
        ("96", "校验符"),
        ("14", None),
        ("97", None),
        ("A1", None),
    ],
)
def test_flag_meanings(flag: str, meaning: str | None) -> None:
    """Each kind of flag has its meaning, and a reserved one has none."""
    assert donation_number.flag_meaning(flag) == meaning


@settings(max_examples=200)
@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    """Whatever the text is, validity is answered and never raises anything else."""
    assert donation_number.is_valid(text) in (True, False)
    assert isinstance(donation_number.compact(text), str)
    assert isinstance(donation_number.format(text), str)


def _accepted(text: str) -> bool:
    try:
        donation_number.with_check(text)
    except CodeError:
        return False
    return True
