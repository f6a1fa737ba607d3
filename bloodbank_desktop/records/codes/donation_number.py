"""A donation number (献血码, DIN) is facility αpppp, year yy and sequence nnnnnn: 13 characters, no letter O anywhere.

The danger is a number that names another donation: typed numbers must carry the right check character, and a scan whose
flags hold a checksum must agree with it. A flag outside 60–96 carries no checksum and proves nothing.
Source: ICCBBA ST-001 v6.2.2 section 2.4.1; a leading 0 is seen on Chinese bags and accepted only on request.

>>> validate("=G12341765432170")
'G123417654321'
>>> format("G123417654321")
'G1234 17 654321 A'
>>> with_check("g1234 17-654321 a")
'G123417654321'
>>> is_valid("=G12341765432171"), is_valid("A9O9917123456"), is_valid("0030123999901")
(False, False, False)
>>> validate("0030123999901", leading_zero=True)
'0030123999901'
"""

from __future__ import annotations

import re

from bloodbank_desktop.frozen import dataclass
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.codes.characters import upper, without_separators
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.reference import table

LENGTH = 13
_FLAG = re.compile(r"[0-9A-HJ-NPR-Y]{2}")


@dataclass(frozen=True)
class Parts:
    """A donation number taken apart: 13 characters, two flag characters or None, check character K or None."""

    donation_number: str
    flag: str | None
    check_character: str | None


def parts(text: str) -> Parts:
    """Take a number apart by its length: "=" + 15, or 13, 14 (with K), 15 (with flags), 16 (with flags and K).

    Nothing is verified beyond the length. Raises `CodeError` "length".
    """
    bare = upper(without_separators(text))
    scanned = bare.startswith("=")
    bare = bare.removeprefix("=")
    number, rest = bare[:LENGTH], bare[LENGTH:]
    if len(bare) == LENGTH + 2:
        return Parts(number, rest, None)
    if not scanned and len(bare) == LENGTH:
        return Parts(number, None, None)
    if not scanned and len(bare) == LENGTH + 1:
        return Parts(number, None, rest)
    if not scanned and len(bare) == LENGTH + 3:
        return Parts(number, rest[:2], rest[2])
    raise CodeError("length", f"献血码应为13位，这里有{len(bare)}位。请重新扫描，或照标签逐位输入。")


def compact(text: str) -> str:
    """Return the 13 characters of the number in upper case, without separators, "=", flags and K.

    A text of any other length comes back cleaned but whole, so that `validate` can name what is wrong with it.
    """
    try:
        return parts(text).donation_number
    except CodeError:
        return upper(without_separators(text))


def validate(text: str, *, leading_zero: bool = False) -> str:
    """Return the 13-character number; flags and K are verified where they are present.

    `leading_zero` accepts a facility that begins with 0. Raises `CodeError`: "length", "first-character", "letter-o",
    "facility", "year", "sequence", "flag", "check-character".
    """
    found = parts(text)
    number = check_number(found.donation_number, leading_zero=leading_zero)
    if found.flag is not None:
        check_flag(number, found.flag)
    if found.check_character is not None:
        _check_character(number, found.check_character)
    return number


def is_valid(text: str, *, leading_zero: bool = False) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text, leading_zero=leading_zero)
    except CodeError:
        return False
    return True


def with_check(text: str, *, leading_zero: bool = False) -> str:
    """Return the 13-character number of a typed entry, which must be the number and its check character K.

    Raises `CodeError` "check-character-missing" for 13 characters, "length" for any other length than 14, and what
    `validate` raises. Source: ST-001 section 7.5, keyboard entry.
    """
    typed = upper(without_separators(text))
    if len(typed) == LENGTH:
        raise CodeError("check-character-missing", "缺少校验符：请把献血码后方框内的那一位也输入。")
    if len(typed) != LENGTH + 1 or typed.startswith("="):
        raise CodeError("length", f"请输入13位献血码和方框内的校验符，共14位；这里有{len(typed)}位。")
    return validate(typed, leading_zero=leading_zero)


def format(value: str) -> str:
    """Return the number as the label shows it: facility, year, sequence and K, separated by blanks.

    A number that begins with 0 shows no K, because its label does not print one. Other text comes back unchanged.
    """
    if not is_valid(value, leading_zero=True):
        return value
    number = compact(value)
    shown = f"{number[:5]} {number[5:7]} {number[7:]}"
    return shown if number[0] == "0" else f"{shown} {check_characters.character(number)}"


def check_number(number: str, *, leading_zero: bool = False) -> str:
    """Return the 13 characters if each stands in its alphabet; raises `CodeError` named after the wrong part."""
    if len(number) != LENGTH:
        raise CodeError("length", f"献血码应为13位，这里有{len(number)}位。请重新扫描，或照标签逐位输入。")
    if number[0] in "0O" and not (leading_zero and number[0] == "0"):
        raise CodeError("first-character", f"献血码首位不能是“{number[0]}”。请核对标签；国内血袋码请选用国内配置。")
    if not re.fullmatch("[A-Z0-9]", number[0]):
        raise CodeError("first-character", "献血码首位应为数字或大写字母。请重新扫描，或照标签逐位输入。")
    if "O" in number[1:3]:
        raise CodeError("letter-o", "献血码中不会出现字母O。请核对是否为数字0，并重新扫描。")
    if not re.fullmatch("[A-Z0-9]{2}[0-9]{2}", number[1:5]):
        raise CodeError("facility", "献血码第2至5位（采血机构）有误。请重新扫描，或照标签逐位输入。")
    if not re.fullmatch("[0-9]{2}", number[5:7]):
        raise CodeError("year", "献血码第6、7位（年份）应为数字。请重新扫描，或照标签逐位输入。")
    if not re.fullmatch("[0-9]{6}", number[7:]):
        raise CodeError("sequence", "献血码后6位（顺序号）应为数字。请重新扫描，或照标签逐位输入。")
    return number


def check_flag(number: str, flag: str) -> None:
    """Raise `CodeError` "flag" for characters outside the flag alphabet, "check-character" for a wrong checksum."""
    if not _FLAG.fullmatch(flag):
        raise CodeError("flag", "献血码标志位有误。请重新扫描。")
    if check_characters.is_check_flag(flag) and flag != check_characters.flag(number):
        raise CodeError("check-character", "献血码校验不符，可能读错一位。请重新扫描；仍不符请勿使用并核对标签。")


def flag_meaning(flag: str) -> str | None:
    """Return the Chinese meaning of two flag characters, None when the standard reserves them.

    >>> flag_meaning("07"), flag_meaning("55"), flag_meaning("70"), flag_meaning("97")
    ('试管标签', '机构自定义', '校验符', None)
    """
    if check_characters.is_check_flag(flag):
        return "校验符"
    if re.fullmatch("[2-5][0-9]", flag):
        return "机构自定义"
    return _flag_labels().get(flag)


def _flag_labels() -> dict[str, str]:
    return {row["flag"]: row["label"] for row in table("isbt128", "donation_flags.json")["flags"]}


def _check_character(number: str, entered: str) -> None:
    if entered != check_characters.character(number):
        raise CodeError("check-character", "校验符不符：献血码至少有一位输入有误。请照标签逐位核对后重新输入。")
