"""Data structure 012 gives red-cell antigens in 18 digits: one for the Rh phenotype, one for each pair, two in reserve.

The danger is "not tested" taken for "negative": only a digit that says so makes an antigen negative.
Source: ICCBBA ST-001 v6.2.2 table 9; the last two digits (table 12) are kept as they are, other structures too.

>>> found = interpret("880000008700000000")
>>> found["rh_phenotype"], found["positive"], found["negative"]
('C-c+E-e+', 'K k Fya Fyb Jka', 'Jkb')
>>> is_valid("88000000870000000")
False
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bloodbank_desktop.records.codes.characters import without_separators
from bloodbank_desktop.records.codes.errors import CodeError
from bloodbank_desktop.records.codes.reference import table

# Digit of a pair → results of its first and second antigen; None is "not tested" (or 9, no information).
_RESULTS: tuple[tuple[str | None, str | None], ...] = (
    (None, None),
    (None, "negative"),
    (None, "positive"),
    ("negative", None),
    ("negative", "negative"),
    ("negative", "positive"),
    ("positive", None),
    ("positive", "negative"),
    ("positive", "positive"),
    (None, None),
)
_NO_RH_INFORMATION = "9"
# Pairs 13–15 (Jsa C, c E, e CMV) may state the same Rh antigens as the first digit.
_RH_ANTIGENS = ("C", "c", "E", "e")


def compact(text: str) -> str:
    """Return the 18 digits without data identifier, blanks and hyphens."""
    return without_separators(text).removeprefix("=\\")


def validate(text: str) -> str:
    """Return the 18 digits; raises `CodeError`: "length", "format", "rh-twice".

    "rh-twice": the phenotype digit and the single antigens both speak about C c E e, which the standard forbids.
    """
    content = compact(text)
    if len(content) != 18:
        raise CodeError("length", f"红细胞抗原码应为18位，这里有{len(content)}位。请重新扫描。")
    if not re.fullmatch("[0-9]{18}", content):
        raise CodeError("format", "红细胞抗原码只能是数字。请重新扫描。")
    if content[0] != _NO_RH_INFORMATION and any(antigen in _RH_ANTIGENS for antigen in _stated(content)):
        raise CodeError("rh-twice", "红细胞抗原码两处写了Rh抗原。请重新扫描，仍如此时按标签人工核对。")
    return content


def is_valid(text: str) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return what was tested, such as "C-c+E-e+ K+ k+ Jkb-"; text that is no antigen code comes back unchanged."""
    if not is_valid(value):
        return value
    content = compact(value)
    phenotype = _rh(content)
    shown = [phenotype] if phenotype else []
    shown += [f"{antigen}{'+' if result == 'positive' else '-'}" for antigen, result in _stated(content).items()]
    return " ".join(shown) or "未检测"


def interpret(text: str) -> Mapping[str, str | None]:
    """Return content, rh_phenotype, positive and negative antigens (names separated by blanks) and the reserve digits.

    An antigen that stands in neither list was not tested. Raises what `validate` raises.
    """
    content = validate(text)
    stated = _stated(content)
    return {
        "content": content,
        "rh_phenotype": _rh(content),
        "positive": " ".join(antigen for antigen, result in stated.items() if result == "positive"),
        "negative": " ".join(antigen for antigen, result in stated.items() if result == "negative"),
        "additional": content[16:],
    }


def _rh(content: str) -> str | None:
    phenotype: str | None = table("isbt128", "red_cell_antigens.json")["rh"][int(content[0])]
    return phenotype


def _stated(content: str) -> dict[str, str]:
    pairs = table("isbt128", "red_cell_antigens.json")["pairs"]
    found: dict[str, str] = {}
    for digit, names in zip(content[1:16], pairs, strict=True):
        for name, result in zip(names, _RESULTS[int(digit)], strict=True):
            if result is not None:
                found[name] = result
    return found
