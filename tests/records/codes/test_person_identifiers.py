"""An identity number or credit code with one wrong character finds nobody."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.records.codes import credit_code, resident_id
from bloodbank_desktop.records.codes.errors import CodeError

IDS = st.builds(
    lambda area, born, sequence: f"{area:06}{born:%Y%m%d}{sequence:03}",
    st.integers(110000, 999999),
    st.dates(date(1900, 1, 1), date(2026, 12, 31)),
    st.integers(0, 999),
).map(lambda digits: digits + resident_id.check_character(digits))
CREDIT = st.builds(
    lambda head, area, rest: f"{head}{area:06}{rest}",
    st.text(credit_code.ALPHABET, min_size=2, max_size=2),
    st.integers(0, 999999),
    st.text(credit_code.ALPHABET, min_size=9, max_size=9),
).map(lambda text: text + credit_code.check_character(text))


@pytest.mark.parametrize(
    ("text", "born", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), "female"),
        ("11010519491231002x", date(1949, 12, 31), "female"),
        ("440524188001010014", date(1880, 1, 1), "male"),
        ("310101199003071230", date(1990, 3, 7), "male"),
        ("310104198506150023", date(1985, 6, 15), "female"),
        ("310101200002290015", date(2000, 2, 29), "male"),
        ("310101 20000229 0015", date(2000, 2, 29), "male"),
    ],
)
def test_published_numbers(text: str, born: date, sex: str) -> None:
    """The published numbers are valid and give birth date and sex; a small x becomes X."""
    number = resident_id.validate(text)
    assert number == resident_id.compact(text)
    assert number.isupper() or number.isdigit()
    assert resident_id.birth_date(text) == born
    assert resident_id.sex(text) == sex
    assert resident_id.meaning(text) == (number, born, sex)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("310101190002290010", "date"),
        ("110105194912310021", "check-character"),
        ("110105194913310021", "date"),
        ("11010519491231002", "length"),
        ("", "length"),
        ("X10105194912310021", "format"),
        ("010105194912310021", "format"),
        ("11010519491231002٢", "format"),
        ("110105491231002", "obsolete"),
    ],
)
def test_refusals_are_named(text: str, code: str) -> None:
    """A refused identity number names what is wrong and says what to do."""
    with pytest.raises(CodeError) as caught:
        resident_id.validate(text)
    assert caught.value.code == code
    assert "请" in caught.value.message
    assert not resident_id.is_valid(text)
    with pytest.raises(CodeError) as again:
        resident_id.meaning(text)
    assert (again.value.code, again.value.message) == (code, caught.value.message)


def test_future_birth_dates() -> None:
    """A birth date after the given day is refused, on that day it is not."""
    number = "31010120260101001"
    number += resident_id.check_character(number)
    assert resident_id.is_valid(number)
    assert resident_id.is_valid(number, today=date(2026, 1, 1))
    with pytest.raises(CodeError) as caught:
        resident_id.validate(number, today=date(2025, 12, 31))
    assert caught.value.code == "future"


def test_obsolete_numbers_only_on_request() -> None:
    """Fifteen digits are accepted only on request, and still need a possible date."""
    assert resident_id.validate("110105491231002", accept_obsolete=True) == "110105491231002"
    assert resident_id.birth_date("110105491231002") == date(1949, 12, 31)
    assert resident_id.sex("110105491231002") == "female"
    assert resident_id.format("110105491231002") == "110105491231002"
    assert not resident_id.is_valid("110105491331002", accept_obsolete=True)
    assert not resident_id.is_valid("11010549123100X", accept_obsolete=True)


@given(IDS, st.integers(0, 17), st.sampled_from("0123456789X"))
def test_one_wrong_character_is_refused(number: str, place: int, symbol: str) -> None:
    """No single wrong character of an identity number passes."""
    wrong = number[:place] + symbol + number[place + 1 :]
    assert resident_id.is_valid(number)
    assert wrong == number or not resident_id.is_valid(wrong)


@given(IDS, st.integers(0, 16))
def test_exchanged_neighbours_are_refused(number: str, place: int) -> None:
    """No exchange of two different neighbours of an identity number passes."""
    wrong = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert wrong == number or not resident_id.is_valid(wrong)


def test_age_counts_completed_years() -> None:
    """The age grows on the birthday, and before the birth there is none."""
    assert resident_id.age("310101200002290015", date(2026, 2, 28)) == 25
    assert resident_id.age("310101200002290015", date(2026, 3, 1)) == 26
    with pytest.raises(CodeError):
        resident_id.age("310101200002290015", date(1999, 1, 1))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("91350100M000100Y44", "check-character"),
        ("91350100M000100Y4", "length"),
        ("91350100I000100Y43", "format"),
        ("913501O0M000100Y43", "format"),
        ("9135010AM000100Y43", "format"),
    ],
)
def test_credit_code_refusals(text: str, code: str) -> None:
    """A refused credit code names what is wrong."""
    with pytest.raises(CodeError) as caught:
        credit_code.validate(text)
    assert caught.value.code == code


@given(CREDIT, st.integers(0, 17), st.sampled_from(credit_code.ALPHABET))
def test_one_wrong_character_of_a_credit_code_is_refused(code: str, place: int, symbol: str) -> None:
    """No single wrong character of a credit code passes."""
    wrong = code[:place] + symbol + code[place + 1 :]
    assert credit_code.is_valid(code)
    assert credit_code.validate(credit_code.format(code).lower()) == code
    assert wrong == code or not credit_code.is_valid(wrong)


def test_check_characters_need_their_alphabet() -> None:
    """A check character is computed over the right number of characters of the right alphabet only."""
    with pytest.raises(CodeError):
        resident_id.check_character("3101011990030712")
    with pytest.raises(CodeError):
        credit_code.check_character("91350100I000100Y4")


@given(st.text())
def test_any_text_is_answered(text: str) -> None:
    """Whatever the text is, validity is answered."""
    assert not resident_id.is_valid(text) or len(resident_id.compact(text)) == 18
    assert not credit_code.is_valid(text) or len(credit_code.compact(text)) == 18
    assert isinstance(resident_id.format(text) + credit_code.format(text), str)
