"""A Chinese word is found by the first letters of its pinyin, because scanning dialogs keep the input method off.

GB 2312 orders its 3,755 common characters by pinyin, so a character's code tells the letter; others give none.
"""

from __future__ import annotations

# The first character of each letter in GB 2312 level 1; no pinyin syllable begins with i, u or v.
_FIRST = tuple(zip("啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝", "abcdefghjklmnopqrstwxyz", strict=True))
_STARTS = tuple((character.encode("gb2312"), letter) for character, letter in _FIRST)
_LEVEL_1_END = b"\xd7\xf9"


def initials(word: str) -> str:
    """Return one letter per character: pinyin initial for common Chinese, lower case for Latin letters and digits.

    >>> initials("悬浮红细胞"), initials("A型"), initials("去白细胞 2U")
    ('xfhxb', 'ax', 'qbxb2u')
    """
    return "".join(_letter(character) for character in word)


def _letter(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    try:
        code = character.encode("gb2312")
    except UnicodeEncodeError:
        return ""
    if not _STARTS[0][0] <= code <= _LEVEL_1_END:
        return ""
    return next(letter for start, letter in reversed(_STARTS) if start <= code)
