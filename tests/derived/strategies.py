"""Values of every kind and whole valid records, made from the declarations; a kind without a strategy fails its tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from hypothesis import strategies as st

from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.codes import bag_label
from bloodbank_desktop.records.declare import Field, LineType, RecordType
from tests import chinese_bags, samples

Values = dict[str, Any]

#: What people and other programs really send: emoji with joiners, right-to-left, full width, leading zeros, rare Han.
AWKWARD = (
    "👩🏽‍⚕️",
    "مريض",
    "００１２",
    "00123",
    "𠮷野",
    "a\u200bb",
    "é",
    "e\u0301",
    "'; DROP TABLE stock;--",
    "%_",
    "0",
)
_PRINTED = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))


def _texts(most: int, extra: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[str]:
    characters = _PRINTED | extra if extra is not None else _PRINTED
    free = st.text(characters, min_size=1, max_size=min(most, 60))
    known = st.sampled_from([text for text in AWKWARD if len(text) <= most])
    return (free | known).filter(lambda text: text == text.strip())


_INDEXES = st.integers(0, 99_999_999)
_CODES: dict[object, st.SearchStrategy[str]] = {
    bag_label.DONATION_NUMBER: _INDEXES.map(samples.donation_number) | _INDEXES.map(chinese_bags.donation_number),
    bag_label.PRODUCT_CODE: st.sampled_from(samples.PRODUCTS + chinese_bags.PRODUCTS),
}


def _code(kind: kinds.Code) -> st.SearchStrategy[str]:
    if kind.standard is None:
        return _texts(kind.most)
    return _CODES[kind.standard]


def _numbers(kind: kinds.Number) -> st.SearchStrategy[Decimal]:
    step = kind.step or Decimal(1).scaleb(-kind.places)
    low = kind.low if kind.low is not None else Decimal(-1_000_000)
    high = kind.high if kind.high is not None else Decimal(1_000_000)
    first = int((low / step).to_integral_value(ROUND_CEILING))
    return st.integers(first, int(high / step)).map(lambda count: step * count)


def _keys(kind: kinds.Choices) -> st.SearchStrategy[tuple[str, ...]]:
    chosen = st.sets(st.sampled_from(list(kind.table)), min_size=1)
    return chosen.map(lambda keys: tuple(key for key in kind.table if key in keys))


def value_of(f: Field) -> st.SearchStrategy[Any]:
    """Return the strategy of the stored values that a field allows, over their whole range."""
    kind = f.kind
    if isinstance(kind, kinds.Note):
        return _texts(kind.most, st.just("\n"))
    if isinstance(kind, kinds.Text):
        return _texts(kind.most)
    if isinstance(kind, kinds.Code):
        return _code(kind)
    if isinstance(kind, kinds.Choice):
        return st.sampled_from(list(kind.table))
    if isinstance(kind, kinds.Choices):
        return _keys(kind)
    if isinstance(kind, kinds.Number):
        return _numbers(kind)
    if isinstance(kind, kinds.Day):
        return st.dates()
    if isinstance(kind, kinds.Moment):
        # To the minute, as a moment is typed and shown; the ends of the calendar have no time in China any more.
        whole = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001
        return whole.map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))
    if isinstance(kind, kinds.Flag):
        return st.booleans()
    raise TypeError(f"no strategy for the kind {kind.name!r}")


@st.composite
def _filled(draw: st.DrawFn, declared: LineType) -> Values:
    values: Values = {}
    for f in declared.plain:
        stated = f.required is True or draw(st.booleans())
        values[f.key] = draw(value_of(f)) if stated else None
    for f, of in declared.groups:
        assert isinstance(f.kind, kinds.Lines)
        count = draw(st.integers(f.kind.least, min(f.kind.most, f.kind.least + 2)))
        values[f.key] = tuple(draw(_filled(of)) for _ in range(count))
    return _settled(draw, declared, values)


def _settled(draw: st.DrawFn, declared: LineType, values: Values) -> Values:
    """Make conditional fields agree with the others: stated where they must be, empty where they have no meaning."""
    for f in declared.plain:
        if not f.is_shown(values):
            values[f.key] = None
        elif values[f.key] is None and f.is_required(values):
            values[f.key] = draw(value_of(f))
    return values


_bags = itertools.count(50_000_000)


def _delivery(draw: st.DrawFn, values: Values) -> Values:
    """A delivery holds bags that exist, each once; who receives does not check."""
    if values["checker"] == values["receiver"]:
        values["checker"] = None
    bags = []
    for bag in values["bags"]:
        kept = {key: bag[key] for key in ("split", "location")}
        message = draw(st.sampled_from((None, "Mq"))) if bag["entry"] != "scanned" else None
        make = draw(st.sampled_from((samples.bag_values, chinese_bags.bag_values)))
        bags.append(make(next(_bags), entry=bag["entry"], label_message=message, **kept))
    values["bags"] = tuple(bags)
    return values


def _request(draw: st.DrawFn, values: Values) -> Values:
    """A request is planned after it is made, signed, and its patient's papers agree with the patient."""
    values["requested_at"], values["planned_at"] = sorted((values["requested_at"], values["planned_at"]))
    first, *rest = values["approvals"]
    values["approvals"] = ({**first, "role": "applicant"}, *rest)
    if values["id_type"] == "resident_id":
        born = draw(st.dates(date(1900, 1, 1), date(2026, 1, 1)))
        sequence = draw(st.integers(0, 999))
        sex = "male" if sequence % 2 else "female"
        values |= {"birth_date": born, "id_no": samples.resident_id(born, sequence), "sex": sex}
    if values["gravida"] is not None and values["para"] is not None:
        values["para"], values["gravida"] = sorted((values["para"], values["gravida"]))
    return values


#: What a module's checks ask beyond the single fields; a new module whose checks ask for more gets its line here.
_COHERENT: dict[str, Callable[[st.DrawFn, Values], Values]] = {"stock_in": _delivery, "transfusion_request": _request}


@st.composite
def records(draw: st.DrawFn, module: RecordType) -> Values:
    """Return a whole valid record of a module with bags that were never registered before."""
    values = draw(_filled(module))
    coherent = _COHERENT.get(module.key)
    return _settled(draw, module, coherent(draw, values)) if coherent else values
