"""ISBT 128 text is a row of data structures: identifier (the longest one counts), then content of a fixed length.

The danger is decoding by content alone: a value is used only after identifier, length and format were checked, and of
a compound message whose count is wrong nothing is used at all.
Source: ICCBBA ST-001 v6.2.2 sections 2.1–2.5 and 10.

>>> from bloodbank_desktop.records.codes.profiles import named
>>> reading = tokenize("=A99991712345600=%6200", named("isbt128"))
>>> [structure.number for structure in reading.structures]
['001', '002']
>>> encode("002", "6200")
'=%6200'
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from bloodbank_desktop.records.codes import blood_group, interpretation
from bloodbank_desktop.records.codes.errors import CodeError, CodeProblem
from bloodbank_desktop.records.codes.interpretation import Value
from bloodbank_desktop.records.codes.profiles import Profile, named
from bloodbank_desktop.records.codes.reference import table

_COMPOUND = "023"
_NATIONAL = "&a-z"
# The same statement in another writing counts as the first of its kind.
_SAME = {
    **{"CN-donation": "001", "CN-product": "003"},
    **{"005": "004", "CN-expiry": "004", "007": "006", "CN-collection": "006", "009": "008", "CN-production": "008"},
}
# Two different ones of these in one scan are two bags, or one bag with two labels.
_ONCE = frozenset({"001", "002", "003", "004", "006", "008", "032"})


@dataclass(frozen=True, slots=True)
class Structure:
    """One data structure that was read.

    `number` is "001"–"040" of the standard or a slug ("CN-expiry", "codabar-unit", "national"), `name` its English and
    `label` its Chinese name, `fields` its values, `raw` the characters it was read from.
    """

    number: str
    name: str
    label: str
    fields: Mapping[str, Value]
    raw: str


@dataclass(frozen=True, slots=True)
class Definition:
    """One row of the standard's index; `length` of the content is None where the content itself says it."""

    number: str
    identifier: str
    name: str
    label: str
    length: int | None
    pattern: re.Pattern[str]
    repeat: Mapping[str, int] | None
    retired: bool

    def expected_length(self, content: str) -> int | None:
        """Return how long the content must be, None when it is too short to say."""
        if self.repeat is None:
            return self.length
        digits = content[self.repeat["from"] : self.repeat["to"]]
        head = content[: self.repeat["head"]]
        if len(head) < self.repeat["head"] or not re.fullmatch("[0-9]+", digits):
            return None
        return self.repeat["head"] + int(digits) * self.repeat["unit"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in one text; `compound_count` is the number a compound message announced, None without one.

    `suggestion` is the whole text as a person may confirm it, None when there is nothing to suggest.
    """

    structures: tuple[Structure, ...]
    problems: tuple[CodeProblem, ...]
    repairs: tuple[CodeProblem, ...] = ()
    suggestion: str | None = None
    compound_count: int | None = None


@cache
def definitions() -> Mapping[str, Definition]:
    """Return the international data structures 001–040 by number."""
    return {
        row["number"]: Definition(
            row["number"],
            row["identifier"],
            row["name"],
            row["label"],
            row["length"],
            re.compile(row["pattern"]),
            row.get("repeat"),
            row.get("retired", False),
        )
        for row in table("isbt128", "data_structures.json")["structures"]
    }


def encode(number: str, content: str) -> str:
    """Return identifier and content of an international structure as a code carries them.

    Raises `CodeError`: "unknown-identifier" for a number outside 001–040, and what reading the result would report.
    """
    definition = definitions().get(number)
    if definition is None:
        raise CodeError("unknown-identifier", f"没有编号为{number}的数据结构。")
    if number != _COMPOUND:
        read = _read(definition, definition.identifier, content, named("isbt128"))
        if read.problems and read.problems[0].severity == "error":
            raise CodeError(read.problems[0].code, read.problems[0].message)
    return definition.identifier + content


def compound(structures: Iterable[str]) -> str:
    """Return a compound message (undefined order) over encoded structures; raises ValueError for more than 99.

    >>> compound(["=A99991712345600", "=,000012"])
    '=+02000=A99991712345600=,000012'
    """
    parts = list(structures)
    if not 0 < len(parts) < 100:
        raise ValueError("a compound message holds 1 to 99 structures")
    return f"=+{len(parts):02}000" + "".join(parts)


def tokenize(text: str, profile: Profile) -> Reading:
    """Return every structure of a text that begins with = or &; never raises for any text."""
    segments = _segments(text)
    tokens = [_token(segment, profile) for segment in segments]
    if any(segment.startswith("=+") for segment in segments):
        return _compound(segments, tokens)
    structures = tuple(structure for token in tokens for structure in token.structures)
    suggestion = None
    if any(token.suggestion for token in tokens):
        suggestion = "".join(token.suggestion or part for token, part in zip(tokens, segments, strict=True))
    problems = tuple(problem for token in tokens for problem in token.problems)
    repairs = tuple(repair for token in tokens for repair in token.repairs)
    return Reading(structures, problems + _together(structures), repairs, suggestion)


def _segments(text: str) -> list[str]:
    # No international content holds = or &; a national structure is open and takes the rest of the text.
    national = re.search("&[a-z;!]", text)
    cut = national.start() if national else len(text)
    return re.findall("[=&][^=&]*", text[:cut], re.DOTALL) + ([text[cut:]] if national else [])


def _token(segment: str, profile: Profile) -> Reading:
    national = re.match("&[a-z;!]", segment)
    if national:
        return _national(national.group(), segment)
    for length in (3, 2):
        for definition in definitions().values():
            if definition.identifier == segment[:length] and len(definition.identifier) == length:
                return _read(definition, segment[:length], segment[length:], profile)
    # The second character of 001 belongs to its content; 0 and O come here too, so that the refusal names them.
    if re.match("=[A-Za-z0-9]", segment):
        return _read(definitions()["001"], "=", segment[1:], profile)
    message = f"数据标识符“{segment[:2]}”不认识。请重新扫描；仍不认识时请人工核对标签。"
    return Reading((), (CodeProblem.error("unknown-identifier", message),))


def _read(definition: Definition, identifier: str, content: str, profile: Profile) -> Reading:
    raw = identifier + content
    try:
        _check_length(definition, content, profile)
        found = interpretation.interpret(definition.number, definition.pattern, content, profile)
    except CodeError as error:
        problem = CodeProblem.error(error.code, f"读到的像是{definition.label}：{error.message}")
        suggested = blood_group.lost_zero(content) if error.code == "lost-zero" else None
        return Reading((), (problem,), (), identifier + suggested if suggested else None)
    problems = found.problems
    if definition.retired:
        problems += (CodeProblem.warning("retired", f"{definition.label}已停用，内容未解释。请按标签核对。"),)
    structure = Structure(
        found.number or definition.number,
        found.name or definition.name,
        found.label or definition.label,
        found.fields,
        raw,
    )
    return Reading((structure,), problems, found.repairs)


def _check_length(definition: Definition, content: str, profile: Profile) -> None:
    expected = definition.expected_length(content)
    if len(content) == expected or len(content) in _tolerated_lengths(definition.number, profile):
        return
    if definition.number == "002" and profile.lost_zero and blood_group.lost_zero(content):
        # Says what probably happened, instead of "one character short".
        blood_group.validate(content)
    stated = "" if expected is None else f"应有{expected}位，"
    raise CodeError("length", f"{stated}这里有{len(content)}位，条码没有读全或读多了。请重新扫描。")


def _tolerated_lengths(number: str, profile: Profile) -> tuple[int, ...]:
    if number == "003" and profile.short_product_codes:
        return (5,)
    if number in interpretation.DATED and profile.calendar_dates:
        return (8, 12)
    return ()


def _national(identifier: str, segment: str) -> Reading:
    rows = {row["identifier"]: row for row in table("isbt128", "data_structures.json")["national"]}
    row = rows.get(identifier) or rows[_NATIONAL]
    content = segment[2:]
    if not content:
        return Reading((), (CodeProblem.error("length", f"{row['label']}没有内容。请重新扫描。"),))
    warning = CodeProblem.warning("national-structure", f"{row['label']}“{identifier}”的内容未解释，原样保留。")
    fields: dict[str, Value] = {"identifier": identifier, "content": content}
    return Reading((Structure(row["number"], row["name"], row["label"], fields, segment),), (warning,))


def _compound(segments: list[str], tokens: list[Reading]) -> Reading:
    header = definitions()[_COMPOUND].pattern.fullmatch(segments[0].removeprefix("=+"))
    if not segments[0].startswith("=+") or any(segment.startswith("=+") for segment in segments[1:]):
        return _refused("compound-position", "组合码的开头不在最前，内容不可靠。请重新扫描。")
    if header is None:
        return _refused("format", "组合码开头应为2位数量和3位表号。请重新扫描。")
    announced, following = int(header["count"]), len(segments) - 1
    if any(re.match("&[a-z;!]", segment) for segment in segments):
        return _refused("compound-national", "组合码内不允许国家或地方自定义码。请逐个扫描标签上的条码。", announced)
    if announced != following or not announced:
        message = f"组合码声明{announced}项，实际{following}项，没有读全，均未采用。请重新扫描。"
        return _refused("compound-count", message, announced)
    problems = [problem for token in tokens[1:] for problem in token.problems]
    repairs = tuple(repair for token in tokens[1:] for repair in token.repairs)
    structures = tuple(structure for token in tokens[1:] for structure in token.structures)
    problems += _together(structures)
    if any(problem.severity == "error" for problem in problems):
        return Reading((), tuple(problems), repairs, None, announced)
    if header["message_table"] != "000":
        message = f"组合码使用表{header['message_table']}规定的次序，本程序无法核对次序，只核对了数量。"
        problems.append(CodeProblem.warning("compound-table", message))
    return Reading(structures, tuple(problems), repairs, None, announced)


def _refused(code: str, message: str, announced: int | None = None) -> Reading:
    return Reading((), (CodeProblem.error(code, message),), (), None, announced)


def _statement(structure: Structure) -> Value:
    # A day may be written in several ways and mean the same moment; of the others every character counts.
    times = [value for value in structure.fields.values() if isinstance(value, datetime)]
    return times[0] if times else structure.raw


def _together(structures: tuple[Structure, ...]) -> tuple[CodeProblem, ...]:
    """Return what only shows when the structures of one scan are seen side by side."""
    found: list[CodeProblem] = []
    by_number: dict[str, list[Structure]] = {}
    for structure in structures:
        by_number.setdefault(_SAME.get(structure.number, structure.number), []).append(structure)
    for number, same in by_number.items():
        if number in _ONCE and len({_statement(structure) for structure in same}) > 1:
            message = f"一次扫到不同的{same[0].label}，可能扫到两袋。请逐袋重新扫描。"
            found.append(CodeProblem.error("conflicting", message))
    divided = any(structure.fields.get("division") == "99" for structure in by_number.get("003", ()))
    if divided and "032" not in by_number:
        found.append(CodeProblem.warning("division-elsewhere", "产品码声明另有分袋码。请再扫描分袋码。"))
    return tuple(found)
