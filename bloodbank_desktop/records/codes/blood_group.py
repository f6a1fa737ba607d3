"""A blood-group code is ggre: gg is ABO, RhD and intended use together, r the Rh and Kell phenotype, e always 0.

The danger is reading more than the label says: 55 66 77 88 state no RhD and must never become positive, and a lost
leading zero turns A negative into nothing known. Codes that are messages (biohazard, discard …) are no group at all.
Source: ICCBBA ST-001 v6.2.2 section 2.4.2, tables 4–6.

>>> group = interpret("6200")
>>> group.abo, group.rhd, group.donation_use
('A', 'positive', 'unspecified')
>>> interpret("5500").rhd is None
True
>>> interpret("Mq00").quarantine
True
>>> format("=%0600")
'A型 RhD阴性'
>>> is_valid("600")
False
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from bloodbank_desktop.records.codes.characters import without_separators
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.reference import table

_RHD_LABELS = {"positive": "RhD阳性", "negative": "RhD阴性", None: "RhD未注明"}
# Which group these bags suit is a question for a person, not for the letter in front.
_UNUSUAL = ("para-Bombay", "Bombay", "pooled RhD", "pooled ABO", "pooled ABO and RhD")


@dataclass(frozen=True, slots=True)
class BloodGroup:
    """What a group code states; None means the code does not state it.

    `abo` "A" "B" "O" "AB", `rhd` "positive" "negative", `variant` such as "para-Bombay" or "A1", `donation_use` an
    English slug, `phenotype` like "C-c+E-e+ K-", `message` the two characters of a special message.
    """

    group_code: str
    abo: str | None
    rhd: str | None
    variant: str | None
    donation_use: str | None
    phenotype: str | None
    message: str | None
    quarantine: bool


class _Group(NamedTuple):
    abo: str | None
    rhd: str | None
    variant: str | None
    use: str


def compact(text: str) -> str:
    """Return the four characters without data identifier, blanks and hyphens; the case of letters has meaning."""
    return without_separators(text).removeprefix("=%")


def validate(text: str) -> str:
    """Return the four characters ggre.

    Raises `CodeError`: "length", "lost-zero", "format", "unknown-group", "unknown-phenotype", "reserved-character".
    """
    content = compact(text)
    if lost_zero(content) is not None:
        raise CodeError("lost-zero", f"血型码“{content}”少一位，可能丢了首位0。请核对标签上的血型，确认后再用。")
    if len(content) != 4:
        raise CodeError("length", f"血型码应为4位，这里有{len(content)}位。请重新扫描。")
    if not re.fullmatch("[A-Za-z0-9]{2}[A-Z0-9]{2}", content):
        raise CodeError("format", "血型码只能是字母和数字。请重新扫描；如开着大写锁定，请先关闭。")
    if content[:2] not in _groups() and content[:2] not in _messages():
        raise CodeError("unknown-group", f"血型码“{content[:2]}”不在标准表中。请重新扫描，仍不认识时按标签人工核对。")
    if content[2] not in _phenotypes():
        raise CodeError("unknown-phenotype", f"血型码第3位“{content[2]}”不在标准表中。请重新扫描。")
    if content[3] != "0":
        raise CodeError("reserved-character", "血型码末位应为0。请重新扫描。")
    return content


def is_valid(text: str) -> bool:
    """Return whether `validate` accepts the text."""
    try:
        validate(text)
    except CodeError:
        return False
    return True


def format(value: str) -> str:
    """Return the group as a person reads it, such as "A型 RhD阳性"; text that is no group code comes back unchanged."""
    if not is_valid(value):
        return value
    group = interpret(value)
    if group.message is not None:
        return str(_messages()[group.message]["label"])
    shown = f"{group.abo}型" if group.abo else "ABO未注明"
    if group.variant is not None:
        shown += f"（{_table()['variants'][group.variant]}）"
    return f"{shown} {_RHD_LABELS[group.rhd]}"


def lost_zero(text: str) -> str | None:
    """Return the four characters that three digits may have been before a numeric column ate the leading zero.

    Only for codes without phenotype: "620" may as well be the beginning of 6200 or a Codabar group. The result is a
    question for a person, never a value.

    >>> lost_zero("600"), lost_zero("620"), lost_zero("0600")
    ('0600', None, None)
    """
    return f"0{text}" if re.fullmatch("[2-9]00", text) else None


def interpret(text: str) -> BloodGroup:
    """Return what the code states; raises what `validate` raises."""
    content = validate(text)
    gg = content[:2]
    phenotype = _phenotypes()[content[2]]
    if gg in _messages():
        return BloodGroup(content, None, None, None, None, phenotype, gg, bool(_messages()[gg]["quarantine"]))
    group = _groups()[gg]
    return BloodGroup(content, group.abo, group.rhd, group.variant, group.use, phenotype, None, False)


def cautions(group: BloodGroup) -> tuple[CodeProblem, ...]:
    """Return the warnings a person must see before a bag with this code is stored."""
    found: list[CodeProblem] = []
    if group.message is not None:
        label = _messages()[group.message]["label"]
        if group.quarantine:
            found.append(CodeProblem.warning("quarantine", f"标签声明“{label}”：请将血袋隔离，不得入可用库存。"))
        else:
            found.append(CodeProblem.warning("no-group", f"标签声明“{label}”，没有血型。请按标签核对。"))
    if group.donation_use not in (None, "unspecified"):
        label = next(row["label"] for row in _table()["uses"] if row["use"] == group.donation_use)
        found.append(CodeProblem.warning("donation-use", f"该血袋{label}。请确认用途后再处理。"))
    if group.message is None and group.rhd is None:
        found.append(CodeProblem.warning("rhd-not-stated", "血型码未注明RhD，不得当作阳性。请按标签核对RhD。"))
    if group.variant in _UNUSUAL:
        label = _table()["variants"][group.variant]
        found.append(CodeProblem.warning("special-group", f"特殊血型：{label}。请人工判断适用患者。"))
    if group.group_code[2] == "W":
        found.append(CodeProblem.warning("special-testing", "表型在特殊检测码中。请再扫描特殊检测码。"))
    return tuple(found)


def _table() -> dict[str, Any]:
    return table("isbt128", "blood_groups.json")


@cache
def _groups() -> dict[str, _Group]:
    uses = [row["use"] for row in _table()["uses"]]
    return {
        gg: _Group(row["abo"], row["rhd"], row["variant"], use)
        for row in _table()["groups"]
        for gg, use in zip(row["gg"], uses, strict=False)
    }


@cache
def _messages() -> dict[str, dict[str, Any]]:
    return {row["gg"]: row for row in _table()["messages"]}


@cache
def _phenotypes() -> dict[str, str | None]:
    return {row["r"]: row["phenotype"] for row in _table()["phenotypes"]}
