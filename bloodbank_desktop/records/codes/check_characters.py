"""A donation number carries one check character over its 13 characters: ISO/IEC 7064 MOD 37-2, as ISBT 128 uses it.

The danger it guards against is one mistyped or two exchanged characters: they name another donor's blood.
Source: ICCBBA ST-001 v6.2.2, appendix A; JPAC Red Book annex 2.

>>> checksum("G123417654321"), character("G123417654321"), flag("G123417654321")
(10, 'A', '70')
>>> character("A999818123456"), character("A999921123456"), character("4103016022038")
('N', '3', 'O')
"""

from __future__ import annotations

from bloodbank_desktop.records.codes.errors import CodeError

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_FLAG_BASE = 60


def checksum(text: str) -> int:
    """Return the checksum 0–36 over characters 0–9 A–Z, usually the 13 of a donation number.

    Raises `CodeError` "format" for any other character. Source: ISO/IEC 7064, ST-001 appendix A.
    """
    total = 0
    for symbol in text:
        if symbol not in _VALUES or symbol == "*":
            raise CodeError("format", "只有数字和大写字母可以计算校验符，请核对标签后重新输入。")
        total = (total + _VALUES[symbol]) * 2
    return (38 - total % 37) % 37


def character(text: str) -> str:
    """Return the keyboard check character K (0–9, A–Z or *) that is printed in a box beside the number."""
    return ALPHABET[checksum(text)]


def flag(text: str) -> str:
    """Return the two flag digits "60"–"96" that carry the checksum inside data structure 001."""
    return str(_FLAG_BASE + checksum(text))


def is_check_flag(text: str) -> bool:
    """Return whether two flag characters are a checksum (60–96) and not a label number.

    >>> is_check_flag("70"), is_check_flag("55"), is_check_flag("97")
    (True, False, False)
    """
    return len(text) == 2 and text.isascii() and text.isdigit() and _FLAG_BASE <= int(text) <= _FLAG_BASE + 36
