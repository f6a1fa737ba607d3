"""A unified social credit code is 18 characters without I O S V Z; the last one checks the others, modulo 31.

The danger is a report under another institution's name.
Source: GB 32100; weights are the powers of 3 modulo 31.

>>> validate("91350100m000100y43")
'91350100M000100Y43'
>>> is_valid("91350100M000100Y44"), is_valid("91350100I000100Y43")
(False, False)
>>> format("91350100M000100Y43")
'91 350100 M000100Y4 3'
"""

from __future__ import annotations

from bloodbank_desktop.records.codes.characters import upper, without_separators
from bloodbank_desktop.records.codes.errors import CodeError

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def compact(text: str) -> str:
    """Return the code in upper case without blanks and hyphens."""
    return upper(without_separators(text))


def validate(text: str) -> str:
    """Return the 18 characters; raises `CodeError`: "length", "format", "check-character"."""
    code = compact(text)
    if len(code) != 18:
        raise CodeError("length", f"统一社会信用代码应为18位，这里有{len(code)}位。请照证书逐位核对。")
    if any(character not in ALPHABET for character in code):
        raise CodeError("format", "统一社会信用代码不含字母I、O、S、V、Z。请核对是否与1、0、5、U、2混淆。")
    if not code[2:8].isdigit():
        raise CodeError("format", "统一社会信用代码第3至8位应为数字。请照证书逐位核对。")
    if code[17] != check_character(code[:17]):
        raise CodeError("check-character", "统一社会信用代码校验不符，至少有一位有误。请照证书逐位核对。")
    return code


def is_valid(text: str) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return the code in its groups: authority and kind, area, organisation, check character."""
    code = compact(value)
    return f"{code[:2]} {code[2:8]} {code[8:17]} {code[17]}" if len(code) == 18 else code


def check_character(characters: str) -> str:
    """Return the check character of the first 17 characters; raises `CodeError` "format" for any other alphabet."""
    if len(characters) != 17 or any(character not in ALPHABET for character in characters):
        raise CodeError("format", "统一社会信用代码前17位有误。请照证书逐位核对。")
    total = sum(ALPHABET.index(character) * pow(3, place, 31) for place, character in enumerate(characters))
    return ALPHABET[-total % 31]
