"""The kinds of fields, where the generic tests of the declarations do not reach."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.kinds import Choice, Choices, Unreadable
from bloodbank_desktop.records.tables import Table, table

NAMES = sorted(path.stem for path in resource("tables").glob("*.json") if path.stem != "bag_profiles")
TABLES = [table(name) for name in NAMES]
every_table = pytest.mark.parametrize("choices", TABLES, ids=NAMES)
SEPARATORS = "、，,;；\n"


def chosen_tables() -> set[str]:
    """Return the names of the tables that a declared field chooses from."""
    holders = [of for module in all_records().values() for of in (module, *(of for _, of in module.groups))]
    fields = [f.kind for of in holders for f in of.plain]
    return {kind.table.name for kind in fields if isinstance(kind, Choice | Choices)}


@every_table
def test_no_word_contains_a_separator(choices: Table) -> None:
    """A word of a table holds none of the characters between words and no blank at its ends."""
    assert [w for w in map(choices.word, choices) if set(w) & set(SEPARATORS) or w != w.strip() or not w] == []


@every_table
def test_every_word_reads_back(choices: Table) -> None:
    """Each word alone, each pair and all of them together read back as the keys they stand for, blanks in words included.

    Where two keys share a word, as products do, the word reads back as a key with the same word.
    """
    kind = Choices(choices)
    keys = list(choices)
    groups = [(key,) for key in keys] + list(itertools.combinations(keys, 2)) + [tuple(keys)]
    for group in groups:
        shown = kind.format(group)
        assert set(kind.format(kind.parse(shown)).split("、")) == set(shown.split("、"))
    if choices.name in chosen_tables():
        assert [kind.parse(kind.format(group)) for group in groups] == groups
        assert [Choice(choices).parse(choices.word(key)) for key in keys] == keys


def test_a_word_with_a_blank_is_one_word() -> None:
    """“CMV 阴性” is one choice beside others, and is refused in halves."""
    kind = Choices(table("processing"))
    assert kind.parse(" 辐照 ； CMV 阴性\n") == kind.parse("CMV 阴性,辐照") == ("irradiated", "cmv_negative")
    for text in ("CMV", "辐照 CMV 阴性", "CMV、阴性"):
        with pytest.raises(Unreadable):
            kind.parse(text)


def test_the_tables_of_fields_have_words_that_differ() -> None:
    """A word that a person picks in a declared field stands for one key only."""
    for name in chosen_tables():
        words = [table(name).word(key) for key in table(name)]
        assert len(set(words)) == len(words), name


def test_kinds_are_found_under_one_name() -> None:
    """Every kind is imported from `records.kinds` and has a name of its own."""
    classes = [getattr(kinds, name) for name in kinds.__all__]
    named = [c.name for c in classes if isinstance(c, type) and issubclass(c, kinds.Kind) and c is not kinds.Kind]
    assert len(set(named)) == len(named) == 12


def test_a_moment_is_kept_as_it_travels() -> None:
    """A time with fractions of a second is kept to the second, so that what is stored is what is sent."""
    kind = kinds.Moment()
    kept = kind.from_wire("2026-11-23T09:05:07.999999+08:00")
    assert kept == datetime(2026, 11, 23, 1, 5, 7, tzinfo=UTC)
    assert kind.from_wire(kind.to_wire(kept)) == kept


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 31)))  # noqa: DTZ001  as a person writes it
def test_a_time_means_the_same_in_every_spelling(said: datetime) -> None:
    """What is written as the program shows it is understood like what is written otherwise."""
    text = said.isoformat(" ", "minutes")
    moment = kinds.Moment().parse(text)
    assert moment == kinds.Moment().parse(text.replace("-", "/")) == kinds.Moment().parse(f" {text}")
    assert (moment is not None) and moment.tzinfo is UTC
    assert kinds.Day().parse(text[:10]) == kinds.Day().parse(text[:10].replace("-", "")) == said.date()


@pytest.mark.parametrize("text", ["2026-02-30 09:05", "2026-11-23 24:00", "2026-11-23 09:60", "0001-01-01 07:59"])
def test_a_time_that_never_is_is_refused(text: str) -> None:
    """No moment is made of a day or an hour that does not exist, nor of one before the calendar."""
    with pytest.raises(Unreadable, match="没有这个时间"):
        kinds.Moment().parse(text)


@pytest.mark.parametrize("text", ["2026-02-30", "0000-01-01", "2026-13-01"])
def test_a_day_that_never_is_is_refused(text: str) -> None:
    """No day is made of one that does not exist."""
    with pytest.raises(Unreadable, match="没有这一天"):
        kinds.Day().parse(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("1899-12-31", False), ("1900-01-01", True), ("2199-12-31", True), ("2200-01-01", False), ("0226-11-23", False)],
)
def test_a_year_that_nobody_means_is_named(text: str, holds: bool) -> None:
    """A year outside 1900 to 2199 in China is read as it stands and refused by name, from its first minute to its last."""
    moment = kinds.Moment()
    both: tuple[tuple[kinds.Kind, str], ...] = (
        (kinds.Day(), text),
        *((moment, f"{text} {minute}") for minute in ("00:00", "07:59", "08:00", "23:59")),
    )
    for kind, said in both:
        value = kind.parse(said)
        assert value is not None and kind.format(value) == said
        assert [code for code, _ in kind.check(value)] == ([] if holds else ["year"])
