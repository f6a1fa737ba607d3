"""A resident identity number is 17 digits and a check character (MOD 11-2, X for ten); digits 7–14 are the birth date.

The danger is another person's history: a number that fails its check or holds an impossible date must not find anybody.
Source: GB 11643; residence permits of 港澳台 (81 82 83 …) and the new permit for foreigners (9 …) follow the same rule.

>>> validate("11010519491231002x")
'11010519491231002X'
>>> birth_date("11010519491231002X").isoformat(), sex("11010519491231002X"), sex("440524188001010014")
('1949-12-31', 'female', 'male')
>>> is_valid("110105194912310021"), is_valid("310101190002290010")
(False, False)
>>> format("440524188001010014")
'440524 18800101 0014'
"""

from __future__ import annotations

import re
from datetime import date
from operator import mul
from typing import Literal, NamedTuple

from bloodbank_desktop.records.codes.characters import upper, without_separators
from bloodbank_desktop.records.codes.errors import CodeError

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_OBSOLETE_LENGTH = 15
_OBSOLETE = re.compile("[1-9][0-9]{14}")
_NUMBER = re.compile("[1-9][0-9]{16}[0-9X]")
_DIGITS = re.compile("[0-9]{17}")

Sex = Literal["male", "female"]


class Meaning(NamedTuple):
    """What a valid number says: itself in its compact form, the birth date and the sex."""

    number: str
    birth_date: date
    sex: Sex


def compact(text: str) -> str:
    """Return the number in upper case without blanks and hyphens."""
    return upper(without_separators(text))


def validate(text: str, *, today: date | None = None, accept_obsolete: bool = False) -> str:
    """Return the 18 characters; with `accept_obsolete` also the 15 digits issued before 1999.

    `today` refuses birth dates after it. Raises `CodeError`: "length", "obsolete", "format", "date", "future",
    "check-character".
    """
    return _validated(text, today, accept_obsolete)[0]


def meaning(text: str) -> Meaning:
    """Return all that a number of 18 characters says, validated once; raises what `validate` raises."""
    number, born = _validated(text, None, False)
    return Meaning(number, born, _sex(number))


def _validated(text: str, today: date | None, accept_obsolete: bool) -> tuple[str, date]:
    number = compact(text)
    if len(number) == _OBSOLETE_LENGTH:
        if not accept_obsolete:
            raise CodeError("obsolete", "15位身份证号已停用。请输入18位号码；确需使用时须单独确认。")
        if not _OBSOLETE.fullmatch(number):
            raise CodeError("format", "15位身份证号只能是数字。请照证件逐位核对。")
        return number, _birth_date(number, today)
    if len(number) != 18:
        raise CodeError("length", f"身份证号应为18位，这里有{len(number)}位。请照证件逐位核对。")
    if not _NUMBER.fullmatch(number):
        raise CodeError("format", "身份证号前17位应为数字，末位为数字或X。请照证件逐位核对。")
    born = _birth_date(number, today)
    if number[17] != check_character(number[:17]):
        raise CodeError("check-character", "身份证号校验不符，至少有一位有误。请照证件逐位核对。")
    return number, born


def is_valid(text: str, *, today: date | None = None, accept_obsolete: bool = False) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text, today=today, accept_obsolete=accept_obsolete)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return the number in its groups: area, birth date, sequence with check character."""
    number = compact(value)
    return f"{number[:6]} {number[6:14]} {number[14:]}" if len(number) == 18 else number


def check_character(digits: str) -> str:
    """Return the check character (0–9 or X) of the first 17 digits.

    >>> check_character("31010119900307123"), check_character("31010419850615002"), check_character("31010120000229001")
    ('0', '3', '5')
    """
    if not _DIGITS.fullmatch(digits):
        raise CodeError("format", "身份证号前17位应为数字。请照证件逐位核对。")
    return _CHECK_CHARACTERS[sum(map(mul, _WEIGHTS, map(int, digits))) % 11]


def birth_date(value: str) -> date:
    """Return the birth date of a valid number; raises what `validate` raises."""
    return _validated(value, None, True)[1]


def sex(value: str) -> Sex:
    """Return the sex coded in the sequence number, odd for male; raises what `validate` raises."""
    return _sex(validate(value, accept_obsolete=True))


def _sex(number: str) -> Sex:
    digit = number[-1] if len(number) == _OBSOLETE_LENGTH else number[16]
    return "male" if int(digit) % 2 else "female"


def age(value: str, on: date) -> int:
    """Return the age in completed years on a day; raises what `validate` raises, and "future" before the birth.

    >>> age("11010519491231002X", date(2026, 12, 30)), age("11010519491231002X", date(2026, 12, 31))
    (76, 77)
    """
    born = _birth_date(validate(value, accept_obsolete=True), on)
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _birth_date(number: str, today: date | None) -> date:
    digits = f"19{number[6:12]}" if len(number) == _OBSOLETE_LENGTH else number[6:14]
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    try:
        born = date(year, month, day)
    except ValueError:
        message = f"身份证号中的出生日期{digits[:4]}年{month}月{day}日不存在。请照证件逐位核对。"
        raise CodeError("date", message) from None
    if today is not None and born > today:
        raise CodeError("future", "身份证号中的出生日期晚于今天。请照证件逐位核对。")
    return born
