"""Stored values of every kind, the strange ones first; a kind without a strategy fails the tests that use it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field
from tests import chinese_bags, papers
from tests.samples import donation_number

_CHARACTERS = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
_DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def _visible(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return texts.filter(lambda text: text == text.strip() and text != "")


def _code(field: Field) -> st.SearchStrategy[Any]:
    if field.key == "donation_number":
        indexes = st.integers(0, 99_999_999)
        return indexes.map(donation_number) | indexes.map(chinese_bags.donation_number)
    if field.key == "product_code":
        return st.sampled_from(["E6170V00", "E5445V00", "E0869VA0", *chinese_bags.PRODUCTS])
    return st.from_regex(r"[A-Z0-9-]{1,12}", fullmatch=True)


def _number(kind: kinds.Number) -> st.SearchStrategy[Decimal]:
    low = kind.low if kind.low is not None else Decimal(-1000)
    high = kind.high if kind.high is not None else Decimal(1000)
    step = kind.step or Decimal(1).scaleb(-kind.places)
    first, last = int((low / step).to_integral_value()), int((high / step).to_integral_value())
    return st.integers(first + (step * first < low), last).map(lambda n: step * n)


def stored(field: Field) -> st.SearchStrategy[Any]:
    """Return the strategy of stored values that a field allows."""
    kind = field.kind
    if isinstance(kind, kinds.Note):
        return _visible(st.text(_CHARACTERS | st.just("\n"), min_size=1, max_size=60))
    if isinstance(kind, kinds.Text):
        return _visible(st.text(_CHARACTERS, min_size=1, max_size=min(kind.most, 40)))
    if isinstance(kind, kinds.Code):
        return _code(field)
    if isinstance(kind, kinds.Choice):
        return st.sampled_from(list(kind.table))
    if isinstance(kind, kinds.Choices):
        return st.sets(st.sampled_from(list(kind.table)), min_size=1).map(
            lambda keys: tuple(key for key in kind.table if key in keys)
        )
    if isinstance(kind, kinds.Number):
        return _number(kind)
    if isinstance(kind, kinds.Day):
        return _DAYS
    if isinstance(kind, kinds.Moment):
        # With seconds, as a clock or another system gives them; the screen shows minutes.
        seconds = st.integers(-2_000_000_000, 4_000_000_000)
        return seconds.map(lambda n: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=n))
    if isinstance(kind, kinds.Flag):
        return st.booleans()
    if isinstance(kind, kinds.Files):
        one = st.builds(papers.entry, st.integers(0, 9), st.sampled_from(["身份证.pdf", "👩🏽‍⚕️.pdf", "مريض.pdf"]))
        several = st.lists(one, min_size=1, max_size=kind.most, unique_by=lambda entry: str(entry["sha256"]))
        return several.map(tuple)
    raise TypeError(f"no strategy for {kind.name}")
