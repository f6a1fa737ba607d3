"""What a scanner sent is classified first, named, and kept as it came; what is not certain is a problem, never a guess.

The danger is a value that nobody saw being changed: every stripped, converted or tolerated character is reported, and
a lost zero waits until a person has confirmed it.
Source: ICCBBA ST-001 v6.2.2 with the recommended parse order for Chinese bags.

>>> scan = read("=G12341765432170")
>>> scan.ok, scan.structures[0].number, scan.structures[0].fields["donation_number"]
(True, '001', 'G123417654321')
>>> read("=G12341765432171").problems[0].code
'check-character'
>>> lost = read("600")
>>> lost.ok, lost.suggestion, read("600", confirmed="0600").structures[0].fields["rhd"]
(False, '0600', 'negative')
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bloodbank_desktop.records.codes import bare, profiles
from bloodbank_desktop.records.codes.bare import EXPECTED
from bloodbank_desktop.records.codes.characters import half_width, is_plain, trim
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.profiles import Profile
from bloodbank_desktop.records.codes.structures import Reading, Structure, tokenize

__all__ = ["EXPECTED", "LONGEST", "Scan", "Structure", "read", "scan_as_json"]

LONGEST = 4096
# Some readers announce the kind of symbol before the data, ISO/IEC 15424.
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9]")


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything known about one scan.

    `raw` is what arrived, `text` what was read after the `repairs`, `problems` what a person must know, `profile` the
    name of the profile used. `suggestion` is a text that a person may confirm, None as a rule. `compound_count` is the
    number of structures a compound message announced.
    """

    raw: str
    text: str
    structures: tuple[Structure, ...]
    problems: tuple[CodeProblem, ...]
    repairs: tuple[CodeProblem, ...]
    profile: str
    suggestion: str | None = None
    compound_count: int | None = None

    @property
    def ok(self) -> bool:
        """Whether something was read and nothing forbids its use."""
        return bool(self.structures) and not any(problem.severity == "error" for problem in self.problems)


def read(
    text: str,
    profile: str | Profile = profiles.DEFAULT,
    expecting: str | None = None,
    *,
    confirmed: str | None = None,
) -> Scan:
    """Return what a text from a scanner, a field or a file is; never raises for any text.

    `profile` is a built-in name or a site's own profile. `expecting` is the kind of the field, one of `EXPECTED`.
    `confirmed` is the suggestion of an earlier scan of the same text that a person has compared with the label.
    Raises `CodeError` "unknown-profile" and "unknown-field" for wrong settings.
    """
    chosen = profile if isinstance(profile, Profile) else profiles.named(profile)
    if expecting is not None and expecting not in EXPECTED:
        raise CodeError("unknown-field", f"没有“{expecting}”这类扫描栏。")
    if len(text) > LONGEST:
        problem = CodeProblem.error("too-long", f"内容有{len(text)}个字符，不是血袋条码。请清空后重新扫描。")
        return Scan(text, text, (), (problem,), (), chosen.name)
    clean, symbology, repairs = _repaired(text)
    reading = _reading(clean, chosen, expecting, symbology)
    scan = Scan(
        text,
        clean,
        reading.structures,
        reading.problems,
        repairs + reading.repairs,
        chosen.name,
        reading.suggestion,
        reading.compound_count,
    )
    return scan if confirmed is None else _confirmed(scan, confirmed, chosen, expecting)


def scan_as_json(scan: Scan) -> dict[str, Any]:
    """Return ok, structures, problems (repairs among them), raw, suggestion and compound_count as plain JSON values.

    Times are ISO 8601 with +08:00; every problem carries its severity.
    """
    return {
        "ok": scan.ok,
        "structures": [
            {
                "number": structure.number,
                "name": structure.name,
                "label": structure.label,
                "fields": {
                    key: value.isoformat() if isinstance(value, datetime) else value
                    for key, value in structure.fields.items()
                },
                "raw": structure.raw,
            }
            for structure in scan.structures
        ],
        "problems": [
            {"code": problem.code, "message": problem.message, "severity": problem.severity}
            for problem in (*scan.problems, *scan.repairs)
        ],
        "raw": scan.raw,
        "suggestion": scan.suggestion,
        "compound_count": scan.compound_count,
    }


def _repaired(text: str) -> tuple[str, str, tuple[CodeProblem, ...]]:
    """Return the text to read, the symbology the reader named ("" for none) and what was done to the text."""
    repairs: list[CodeProblem] = []
    clean = half_width(text)
    if clean != text:
        message = "条码中的全角字符已转成半角。扫码时请关闭中文输入法。"
        repairs.append(CodeProblem.warning("full-width", message))
    without_terminator = clean.rstrip("\r\n\t")
    if without_terminator != clean:
        repairs.append(CodeProblem.warning("terminator", "已去掉扫码枪附加的回车、换行或制表符。"))
    trimmed = trim(without_terminator)
    if trimmed != without_terminator:
        repairs.append(CodeProblem.warning("surrounding-blanks", "已去掉条码前后的空白。"))
    symbology = _SYMBOLOGY.match(trimmed)
    if symbology is None:
        return trimmed, "", tuple(repairs)
    repairs.append(CodeProblem.warning("aim-prefix", f"已去掉扫码枪附加的码制标识“{symbology.group()}”。"))
    return trim(trimmed[symbology.end() :]), symbology.group(), tuple(repairs)


def _reading(text: str, profile: Profile, expecting: str | None, symbology: str) -> Reading:
    if not text:
        return _refused("empty", "没有读到内容。请重新扫描。")
    if not is_plain(text):
        return _refused("unknown", "含有血袋条码中不会出现的字符。原始内容已保留，请重新扫描。")
    if text[0] in "=&":
        return tokenize(text, profile)
    return bare.read(text, profile, expecting, symbology.startswith("]F"))


def _confirmed(scan: Scan, confirmed: str, profile: Profile, expecting: str | None) -> Scan:
    # Who compared the label saw "0600"; the identifier in front is the scanner's business.
    if scan.suggestion is None or scan.suggestion not in (confirmed, f"=%{confirmed}"):
        problem = CodeProblem.error("confirmation", "确认的内容与本次扫描不符。请重新扫描后再确认。")
        return replace(scan, problems=(*scan.problems, problem))
    again = read(scan.suggestion, profile, expecting if scan.suggestion[0] in "=&" else "group")
    warning = CodeProblem.warning("confirmed-by-person", f"“{scan.text}”经人工确认为“{scan.suggestion}”。")
    return replace(again, raw=scan.raw, problems=(*again.problems, warning), repairs=scan.repairs + again.repairs)


def _refused(code: str, message: str) -> Reading:
    return Reading((), (CodeProblem.error(code, message),))
