"""Whatever part of a word a person remembers finds it, and nothing is found that does not hold it."""

from __future__ import annotations

import pytest
import sqlcipher3.dbapi2 as driver
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import StaticPool

from bloodbank_desktop.storage.search import fold, grams, match, needles

_WORDS = st.text(st.sampled_from("张王伟小美Aa1２３bZ９ßéÉİ-·，。 𠮷ァｱ가\u0301"), max_size=12)
_ANY = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12)


@pytest.fixture(scope="module")
def index() -> Connection:
    """An empty full-text table like those of the data file."""
    engine = create_engine("sqlite://", creator=lambda: driver.connect(":memory:"), module=driver, poolclass=StaticPool)
    connection = engine.connect()
    connection.execute(
        text(
            "CREATE VIRTUAL TABLE probe USING fts5("
            "grams, content='', contentless_delete=1, detail=none, tokenize='ascii')"
        )
    )
    return connection


def _found(index: Connection, texts: list[str], query: str) -> bool:
    """Whether the way of `lists` finds a record with these texts."""
    index.execute(text("INSERT INTO probe (rowid, grams) VALUES (1, :grams)"), {"grams": grams(texts)})
    try:
        runs = needles(query)
        if not runs:
            return False
        expression, exact = match(runs)
        hit = index.execute(text("SELECT rowid FROM probe WHERE probe MATCH :e"), {"e": expression}).first() is not None
        kept = "\n".join(fold(one) for one in texts)
        return hit and (exact or all(run in kept for run in runs))
    finally:
        index.execute(text("DELETE FROM probe WHERE rowid = 1"))


@settings(max_examples=400, deadline=None)
@given(texts=st.lists(_WORDS | _ANY, min_size=1, max_size=3), data=st.data())
def test_every_part_is_found(index: Connection, texts: list[str], data: st.DataObject) -> None:
    """Any substring of a run of letters or digits of a searched text finds the record."""
    runs = [run for one in texts for run in needles(one)]
    assume(runs)
    run = data.draw(st.sampled_from(runs))
    start = data.draw(st.integers(0, len(run) - 1))
    part = run[start : data.draw(st.integers(start + 1, len(run)))]
    # A part that begins with a combining character folds to something else and is no word any more.
    assume(needles(part) == [part])
    assert _found(index, texts, part)


@settings(max_examples=400, deadline=None)
@example(texts=["ABCD", "CDE"], query="BCDE")
@example(texts=["张王", "王伟"], query="张王伟")
@given(texts=st.lists(_WORDS, min_size=1, max_size=3), query=_WORDS)
def test_found_if_and_only_if_it_is_there(index: Connection, texts: list[str], query: str) -> None:
    """A record is found exactly when every run of the query is a substring of a run of its texts."""
    wanted = needles(query)
    there = [run for one in texts for run in needles(one)]
    expected = bool(wanted) and all(any(part in run for run in there) for part in wanted)
    assert _found(index, texts, query) == expected


@pytest.mark.parametrize(
    ("stored", "query"),
    [
        ("王小明", "小"),
        ("王小明", "明"),
        ("王小明", "小明"),
        ("A999926000123", "0001"),
        ("A999926000123", "3"),
        ("A999926000123", "a9999 26000123"),
        ("Ａ９９９９", "a9999"),
        ("ZY00012", "zy00012"),
        ("欧阳·娜娜", "阳 娜"),
    ],
)
def test_what_people_type(index: Connection, stored: str, query: str) -> None:
    """One Chinese character, the end of a number, another case or width, and several parts all find the record."""
    assert _found(index, [stored], query)


@pytest.mark.parametrize("query", ["", "  ", "·-，", "'\"*", "()"])
def test_query_without_letters_is_empty(query: str) -> None:
    """Punctuation alone asks for nothing, and the syntax of the index cannot be reached."""
    assert needles(query) == []


@pytest.mark.parametrize("query", ["OR", "AND NOT", "NEAR(a b)", 'a" OR "b', "grams:a", "a*", "-a", "^a"])
def test_words_of_the_index_are_words(index: Connection, query: str) -> None:
    """A query that looks like an expression of the index is searched as the words it consists of."""
    assert _found(index, [query], query)
    assert not _found(index, ["something else 123"], query)


@pytest.mark.parametrize("length", [100, 1000, 4000])
def test_pasted_page_is_searched(index: Connection, length: int) -> None:
    """A text of many characters pasted into the box is searched like any other and breaks nothing."""
    pasted = "".join(chr(0x4E00 + position * 37 % 20000) for position in range(length))
    assert _found(index, [pasted], pasted)
    assert not _found(index, [pasted[:-1]], pasted)
