"""Characters outside ASCII are never taken for letters or digits; only a Chinese input method's own are turned back.

The danger is Unicode's generosity: Arabic digits pass `str.isdigit` and a Turkish dotless i becomes I in `str.upper`.
"""

from __future__ import annotations

# What an input method left switched on makes of the keys that a scanner "types".
_INPUT_METHOD = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {
    ord(full): plain for full, plain in zip("　《》〈〉【】￥“”‘’", " <><>[]$\"\"''", strict=True)
}
_UPPER = {lower: lower - 32 for lower in range(ord("a"), ord("z") + 1)}
_BLANKS = " \t\r\n\u00a0"
_TYPED_SEPARATORS = str.maketrans("", "", " \t\r\n\u00a0-\u2010\u2011\u2012\u2013\u2014\u2212")


def half_width(text: str) -> str:
    """Return the text with the full-width characters of a Chinese input method turned back to ASCII.

    >>> half_width("＝％６２００")
    '=%6200'
    """
    return text if text.isascii() else text.translate(_INPUT_METHOD)


def upper(text: str) -> str:
    """Return the text with a–z as A–Z and every other character untouched.

    >>> upper("a9ı")
    'A9ı'
    """
    return text.upper() if text.isascii() else text.translate(_UPPER)


def trim(text: str) -> str:
    """Return the text without blanks, tabs and line ends around it."""
    return text.strip(_BLANKS)


def without_separators(text: str) -> str:
    """Return the text without the blanks and hyphens with which people group long numbers.

    >>> without_separators(" G1234-17 654321 ")
    'G123417654321'
    """
    return half_width(text).translate(_TYPED_SEPARATORS)


def is_plain(text: str) -> bool:
    """Return whether every character is printable ASCII, as everything in a bag code is."""
    return all(" " <= character <= "~" for character in text)
