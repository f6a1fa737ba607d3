"""One wrong thing at a time: ways to damage a valid record at one field, each with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.kinds.files import MOST_BYTES
from tests import papers
from tests.derived.examples import examples
from tests.derived.fields import PLACES, Place, Values


def _wrong_values(place: Place) -> Iterator[tuple[str, Any]]:
    """Yield stored values of the right type that the field must not hold."""
    kind = place.field.kind
    if isinstance(kind, kinds.Text | kinds.Code):
        yield "too long", "7" * (kind.most + 1)
        yield "control character", "甲\x07乙"
        yield "NUL", "A\x00"
        yield "half a surrogate pair", "\ud83d"
    if isinstance(kind, kinds.Text | kinds.Code) and not isinstance(kind, kinds.Note):
        yield "line break", "甲\n乙"
    if isinstance(kind, kinds.Choice):
        yield "unknown choice", "no-such-key"
        words = (kind.table.word(key) for key in kind.table)
        # Of blood groups the word of an entry may be its key.
        yield from [("word instead of key", word) for word in words if word not in kind.table][:1]
    if isinstance(kind, kinds.Choices):
        yield "unknown choice", ("no-such-key",)
    if isinstance(kind, kinds.Files):
        entry = papers.entry()
        yield "too many files", tuple(papers.entry(seed) for seed in range(kind.most + 1))
        yield "one file twice", (entry, entry)
        for member, value in (("name", "../a.pdf"), ("name", ""), ("name", "a\x07b.pdf"), ("name", "名" * 101),
                              ("media_type", "text/html"), ("size", 0), ("size", MOST_BYTES + 1),
                              ("sha256", "A" * 64), ("sha256", "0" * 63)):  # fmt: skip
            yield f"file with {member} {str(value)[:8]!r}", ({**entry, member: value},)
    if isinstance(kind, kinds.Number):
        smallest = Decimal(1).scaleb(-kind.places)
        if kind.low is not None:
            yield "too low", kind.low - (kind.step or smallest)
        if kind.high is not None:
            yield "too high", kind.high + (kind.step or smallest)
        yield "too many decimals", (kind.low or Decimal(1)) + smallest / 10
        if kind.step is not None:
            yield "off step", kind.step + kind.step / 5 if kind.low is None else kind.low + kind.step / 5


def damaged(place: Place) -> Iterator[tuple[str, list[tuple[Values, Values]]]]:
    """Yield each way to damage a field, with every example of its module before and after."""

    def all_of(some: list[Values], value: Any) -> list[tuple[Values, Values]]:
        return [(values, place.put(values, value)) for values in some]

    whole = examples(place.module)
    stated = [values for values in whole if place.value(values) is not None]
    for name, value in _wrong_values(place) if stated else ():
        yield name, all_of(stated, value)
    if stated and isinstance(place.field.kind, kinds.Moment):
        yield "naive time", [(v, place.put(v, place.value(v).replace(tzinfo=None))) for v in stated]
    needed = [values for values in stated if place.field.is_required(place.holding(values))]
    if needed and place.field.serial is None:
        yield "required missing", all_of(needed, None)
    meaningless = [v for v in whole if place.there(v) and not place.field.is_shown(place.holding(v))]
    if meaningless:
        yield "contradicts its condition", all_of(meaningless, place.value(stated[0]))


def wrong_on_the_wire(place: Place) -> Iterator[tuple[str, Any]]:
    """Yield JSON values that are no form of this field."""
    kind = place.field.kind
    text = isinstance(kind, kinds.Text | kinds.Code | kinds.Day | kinds.Moment | kinds.Choice)
    if text:
        yield "number", 20261123
        yield "flag", True
        yield "list", ["A"]
        yield "object", {"A": "A"}
    if isinstance(kind, kinds.Code):
        yield "number where a code belongs", 999926000001
        yield "decimal where a code belongs", 1.5
    if isinstance(kind, kinds.Choice):
        yield "unknown choice", "no-such-key"
        yield "national digit", 1
    if isinstance(kind, kinds.Choices):
        yield "text instead of a list", "irradiated"
        yield "unknown choice", ["no-such-key"]
        yield "null inside", [None]
    if isinstance(kind, kinds.Number):
        yield "flag", True
        yield "words", "十二"
        yield "list", [1]
        yield "infinity", "Infinity"
    if isinstance(kind, kinds.Day):
        yield "no such day", "2026-02-30"
    if isinstance(kind, kinds.Moment):
        yield "naive time", "2026-11-23T09:05:00"
        yield "only a day", "2026-11-23"
        yield "not in China's calendar", "9999-12-31T23:30:00+00:00"
    if isinstance(kind, kinds.Files):
        entry = papers.entry()
        yield "text", "身份证.pdf"
        yield "name instead of a file", ["身份证.pdf"]
        yield "null inside", [None]
        yield "without its hash", [{key: value for key, value in entry.items() if key != "sha256"}]
        yield "with its content", [{**entry, "content": "JVBERi0="}]
        yield "size as text", [{**entry, "size": "64"}]
        yield "flag for a size", [{**entry, "size": True}]
    if isinstance(kind, kinds.Flag):
        yield "word", "是"
        yield "number", 1


DAMAGES = [(place, name, records) for place in PLACES for name, records in damaged(place)]
DAMAGE_NAMES = [f"{place.module.key}.{place.path} {name}".replace(" ", "-") for place, name, _ in DAMAGES]
WIRE_DAMAGES = [(place, name, wrong) for place in PLACES for name, wrong in wrong_on_the_wire(place)]
WIRE_NAMES = [f"{place.module.key}.{place.path} {name}".replace(" ", "-") for place, name, _ in WIRE_DAMAGES]
