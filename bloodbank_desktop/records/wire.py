"""The wire form of a whole record: JSON with the wire names of the platform, or with the field keys for our own files.

What is sent is frozen once as canonical bytes: sorted keys, no blanks, UTF-8, so that its digest is reproducible on
both sides. A field that this version does not know is kept apart by the caller, never guessed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bloodbank_desktop.records import kinds, tables
from bloodbank_desktop.records.declare import Field, LineType, RecordType, Values
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.tables import Site, Table

#: The member of a body that brings along the words of keys that a site added; no field bears this name.
SITE_WORDS = "siteWords"
MOST_WORD = 60
#: No separator, for several words are written in one cell.
_WORD = re.compile(rf"^[^\s、,，;；](?:[^\n\r、,，;；]{{0,{MOST_WORD - 2}}}[^\s、,，;；])?$")


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value: sorted keys, no blanks, UTF-8. Raises ValueError for NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def body(declared: LineType, values: Values) -> dict[str, Any]:
    """Return the wire body of stored values; what is not stated is left out.

    A key that a site added to a code table brings its word along, for nobody else knows it.
    """
    whole = _out(declared, values, lambda f: f.wire)
    # Most sites add nothing, and every save comes by here.
    if tables.current().changes and (added := _added(declared, values)):
        whole[SITE_WORDS] = added
    return whole


def digest(content: bytes) -> str:
    """Return the digest of canonical bytes in hex."""
    return hashlib.sha256(content).hexdigest()


def fingerprint(declared: LineType, values: Values) -> str:
    """Return the digest of the wire body of a record: what the audit says that it contained."""
    return digest(canonical(body(declared, values)))


def to_json(declared: LineType, values: Values) -> dict[str, Any]:
    """Return the values in wire form under their field keys, as in files of the command line and drafts."""
    return _out(declared, values, lambda f: f.key)


def from_body(declared: LineType, wire: Any) -> tuple[dict[str, Any], list[Problem]]:
    """Return the stored values of a wire body and what could not be read."""
    if not isinstance(wire, Mapping) or SITE_WORDS not in wire:
        return _in(declared, wire, lambda f: f.wire)
    words, found = site_words(declared, wire)
    with tables.using(tables.current().learning(words)):
        values, more = _in(declared, {k: v for k, v in wire.items() if k != SITE_WORDS}, lambda f: f.wire)
    return values, [*found, *more]


def from_json(declared: LineType, wire: Any) -> tuple[dict[str, Any], list[Problem]]:
    """Return the stored values of a JSON object keyed by field keys and what could not be read."""
    return _in(declared, wire, lambda f: f.key)


def _out(declared: LineType, values: Values, name: Callable[[Field], str]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for f in declared.plain:
        value = values.get(f.key)
        if value is not None:
            whole[name(f)] = f.kind.to_wire(value)
    for f, of in declared.groups:
        members = values.get(f.key) or ()
        if members:
            whole[name(f)] = [_out(of, member, name) for member in members]
    return whole


def _in(declared: LineType, wire: Any, name: Callable[[Field], str]) -> tuple[dict[str, Any], list[Problem]]:
    if not isinstance(wire, Mapping):
        return {}, [Problem("", "type", "应为一个 JSON 对象（{…}），请改正后再导入")]
    values: dict[str, Any] = {}
    found: list[Problem] = []
    known = {name(f): f for f in declared.fields.values()}
    for key, item in wire.items():
        f = known.get(key)
        if f is None:
            found.append(Problem(str(key), "unknown-field", f"没有“{key}”这个字段，请删除或改正名称"))
        elif isinstance(f.kind, kinds.Lines):
            values[f.key], problems = _lines_in(f, item, declared, name)
            found.extend(problems)
        else:
            try:
                values[f.key] = f.kind.from_wire(item)
            except Unreadable as problem:
                found.append(Problem(f.key, problem.code, f"{f.label}：{problem.message}"))
    return values, found


def _lines_in(
    f: Field, item: Any, declared: LineType, name: Callable[[Field], str]
) -> tuple[tuple[dict[str, Any], ...], list[Problem]]:
    if item is None:
        return (), []
    if not isinstance(item, list):
        return (), [Problem(f.key, "type", f"{f.label}：应为列表，请改正后再导入")]
    of = next(of for other, of in declared.groups if other.key == f.key)
    members: list[dict[str, Any]] = []
    found: list[Problem] = []
    for index, one in enumerate(item, start=1):
        values, problems = _in(of, one, name)
        members.append(values)
        found.extend(problem.inside(f.key, index) for problem in problems)
    return tuple(members), found


# -- keys that sites added -----------------------------------------------------------------------------------------


def site_words(declared: LineType, wire: Any) -> tuple[dict[str, dict[str, str]], list[Problem]]:
    """Return the words, by table and key, that a wire body brings along, and what is wrong with them."""
    stated = wire.get(SITE_WORDS, {}) if isinstance(wire, Mapping) else {}
    open_ = _open_tables(declared)
    words: dict[str, dict[str, str]] = {}
    for name, by_key in stated.items() if isinstance(stated, Mapping) else ((SITE_WORDS, None),):
        if name not in open_ or not isinstance(by_key, Mapping) or not by_key:
            return {}, [Problem(SITE_WORDS, "type", f"{SITE_WORDS} 只能写明本院增补的代码及其名称，请改正")]
        for key, word in by_key.items():
            if not re.fullmatch(open_[name].keys, str(key)) or not is_word(word):
                return {}, [Problem(SITE_WORDS, "type", f"{SITE_WORDS} 中《{open_[name].label}》的“{key}”不合要求")]
            words.setdefault(name, {})[key] = word
    return words, []


def is_word(word: Any) -> bool:
    """Return whether this can be the word of an entry: one line of printable text that several of can be told apart."""
    return isinstance(word, str) and bool(_WORD.fullmatch(word)) and word == word.strip() and word.isprintable()


def _open_tables(declared: LineType) -> dict[str, Table]:
    kinds_ = [f.kind for f in declared.plain if isinstance(f.kind, kinds.Choice | kinds.Choices)]
    found = {kind.table.name: kind.table for kind in kinds_ if kind.table.site is Site.ENTRIES}
    for _, of in declared.groups:
        found |= _open_tables(of)
    return dict(sorted(found.items()))


def _added(declared: LineType, values: Values) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for f in declared.plain:
        if isinstance(f.kind, kinds.Choice | kinds.Choices) and f.kind.table.site is Site.ENTRIES:
            value, table = values.get(f.key), f.kind.table
            for key in value if isinstance(value, tuple) else () if value is None else (value,):
                if key not in table.shipped and key in table:
                    found.setdefault(table.name, {})[key] = table.word(key)
    for f, of in declared.groups:
        for member in values.get(f.key) or ():
            for name, words in _added(of, member).items():
                found.setdefault(name, {}).update(words)
    return found


def _site_words_schema(open_: Mapping[str, Table]) -> dict[str, Any]:
    word = {"type": "string", "pattern": _WORD.pattern, "maxLength": MOST_WORD}
    return {
        "type": "object",
        "title": "本院增补代码的名称",
        "additionalProperties": False,
        "properties": {
            name: {
                "type": "object",
                "title": table.label,
                "minProperties": 1,
                "propertyNames": {"pattern": table.keys},
                "additionalProperties": word,
            }
            for name, table in open_.items()
        },
    }


def template(declared: LineType) -> dict[str, Any]:
    """Return an empty example with every field key that a person may fill; one empty line per group of lines."""
    whole: dict[str, Any] = {f.key: None for f in declared.plain}
    whole.update({f.key: [template(of)] for f, of in declared.groups})
    return whole


def schema(declared: LineType) -> dict[str, Any]:
    """Return the JSON schema of the wire body; it says what the fields allow, not what rules forbid."""
    properties: dict[str, Any] = {}
    for f in declared.plain:
        properties[f.wire] = {**f.kind.schema(), "title": f.label}
    for f, of in declared.groups:
        assert isinstance(f.kind, kinds.Lines)
        properties[f.wire] = {
            "type": "array",
            "items": schema(of),
            "minItems": f.kind.least,
            "maxItems": f.kind.most,
            "title": f.label,
        }
    required = [f.wire for f in declared.fields.values() if f.required is True and f.shown is None]
    required += [
        f.wire
        for f, _ in declared.groups
        if isinstance(f.kind, kinds.Lines) and f.kind.least and f.wire not in required
    ]
    whole: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        whole["required"] = sorted(set(required))
    if isinstance(declared, RecordType):
        whole["title"] = declared.label
        if open_ := _open_tables(declared):
            properties[SITE_WORDS] = _site_words_schema(open_)
    return whole
