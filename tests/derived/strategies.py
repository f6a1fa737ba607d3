"""Values of every kind and whole valid records, made from the declarations; a kind without a strategy fails its tests."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from hypothesis import strategies as st

from bloodbank_desktop.operations import effects
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.codes import bag_label
from bloodbank_desktop.records.declare import OPERATOR, Field, RecordType
from bloodbank_desktop.records.kinds.files import MOST_NAME, name_problem
from bloodbank_desktop.records.kinds.quantities import FIRST_YEAR, LAST_YEAR
from bloodbank_desktop.records.validate import tidy
from tests import chinese_bags, papers, samples
from tests.derived.examples import changed, fresh, recipes, wrong
from tests.derived.fields import PLACES, Place, Values

#: How many fields of a generated record are tried with another value, at most.
MOST_CHANGES = 12
_chinese = itertools.count(1)

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


def _files(kind: kinds.Files) -> st.SearchStrategy[tuple[dict[str, Any], ...]]:
    names = _texts(MOST_NAME).filter(lambda name: name_problem(name) is None)
    one = st.builds(papers.entry, st.integers(0, 30), names, st.sampled_from(list(papers.BEGINNINGS)))
    several = st.lists(one, min_size=1, max_size=kind.most, unique_by=lambda entry: str(entry["sha256"]))
    return several.map(tuple)


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
        return st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
    if isinstance(kind, kinds.Moment):
        # To the minute, as a moment is typed and shown.
        whole = st.datetimes(datetime(FIRST_YEAR, 1, 1), datetime(LAST_YEAR, 12, 31))  # noqa: DTZ001
        return whole.map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=UTC))
    if isinstance(kind, kinds.Flag):
        return st.booleans()
    if isinstance(kind, kinds.Files):
        return _files(kind)
    raise TypeError(f"no strategy for the kind {kind.name!r}")


_IDENTIFYING = frozenset({"patient", "person", "request", "note"})
#: The same without a link of their own: they tell a rule which person, which notice, whose donation.
_SINGLE = frozenset({"id_no", "notice_no", "donation_certificate_no"})
_GROUPED = frozenset(samples.sample_values()) | {"patient_abo", "patient_rhd"}


def varied(module: RecordType) -> tuple[Place, ...]:
    """Return the fields that generated records vary: all but what the label of a bag in the stock decides."""
    moved = (effects.moves_bags(module.key) or module.key == "adverse_reaction") and module.key != "recall_notice"
    fixed = set(samples.LABEL) - {"split", "label_message"} if moved else set()
    places = [place for place in PLACES if place.module is module and place.field.signed != OPERATOR]
    if module.key in effects.EFFECTS:
        # Whose it is stays: another number may be that of somebody, or of a paper, that earlier records know.
        places = [
            place for place in places if not _IDENTIFYING & set(place.field.links) and place.field.key not in _SINGLE
        ]
    if module.key == "clinical_issue":
        # The sample of a patient says her group, or no bag may leave at all.
        places = [place for place in places if place.group or place.field.key not in _GROUPED]
    return tuple(place for place in places if place.group != "bags" or place.field.key not in fixed)


@st.composite
def records(draw: st.DrawFn, module: RecordType) -> Values:
    """Return a whole valid record of a module with bags that were never registered before.

    It begins with a record of the examples; of many changes to single fields those are kept that leave it valid.
    """
    whole = fresh(module, draw(st.sampled_from(recipes(module))))
    if module.key == "stock_in" and whole["intake_type"] != "reversal" and draw(st.booleans()):
        # A bag with Chinese codes, too.
        entry = draw(st.sampled_from(("scanned", "check_character", "typed_twice")))
        bag = chinese_bags.bag_values(next(_chinese), entry=entry)
        whole = tidy(module, {**whole, "bags": (*whole["bags"], bag)})
    places = varied(module)
    for _ in range(draw(st.integers(0, MOST_CHANGES))):
        place = draw(st.sampled_from(places))
        if place.there(whole):
            value = draw(
                value_of(place.field) | st.none() if place.field.required is not True else value_of(place.field)
            )
            after = changed(place, whole, value)
            if not wrong(module, after):
                whole = after
    return whole
