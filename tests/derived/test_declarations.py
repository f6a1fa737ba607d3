"""A declaration that contradicts itself is refused when the program is built, and those we have hold together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.paths import resource
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import all_records, record_type
from bloodbank_desktop.records.declare import (
    RecordType,
    Verb,
    choice,
    line,
    line_type,
    lines,
    note,
    number,
    record,
    text,
)
from bloodbank_desktop.records.tables import NO_TABLE, table
from bloodbank_desktop.storage.outbox import STATES
from tests.derived.fields import MODULES, NAMES, PLACES, Place

_NAMED: dict[str, Any] = {"key": "probe", "label": "试样", "verbs": {Verb.REGISTER}, "newest_by": "name"}


def _undeclared() -> type:
    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称")
        loose: str = ""

    return Probe


def _empty_table() -> type:
    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称")
        way: str = choice("方式", NO_TABLE)

    return Probe


def _hidden_and_fresh() -> type:
    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称", hidden=True, fresh="operator")

    return Probe


def _wire_twice() -> type:
    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称", wire="same")
        other: str = text("别名", wire="same")

    return Probe


def _no_such_title() -> type:
    @record(title=("nobody",), **_NAMED)
    class Probe:
        name: str = text("名称")

    return Probe


def _newest_by_lines() -> type:
    @line()
    class Part:
        name: str = text("名称")

    @record(title=("name",), **{**_NAMED, "newest_by": "parts"})
    class Probe:
        name: str = text("名称")
        parts: tuple[Part, ...] = lines("部分", of=Part)

    return Probe


def _section_forgets() -> type:
    @record(title=("name",), sections=[("全部", "name")], **_NAMED)
    class Probe:
        name: str = text("名称")
        other: str = text("别名")

    return Probe


def _section_twice() -> type:
    @record(title=("name",), sections=[("一", "name"), ("二", "name")], **_NAMED)
    class Probe:
        name: str = text("名称")

    return Probe


def _section_unknown() -> type:
    @line(sections=[("一", "name nobody")])
    class Probe:
        name: str = text("名称")

    return Probe


CONTRADICTIONS = [
    _undeclared,
    _empty_table,
    _hidden_and_fresh,
    _wire_twice,
    _no_such_title,
    _newest_by_lines,
    _section_forgets,
    _section_twice,
    _section_unknown,
]


@pytest.mark.parametrize("declare", CONTRADICTIONS, ids=lambda declare: declare.__name__[1:])
def test_contradiction_is_refused(declare: Callable[[], type]) -> None:
    """A declaration that says two things at once raises TypeError naming the class, and the program does not start."""
    with pytest.raises(TypeError, match="Probe"):
        declare()


def test_lines_of_an_undeclared_class_are_refused() -> None:
    """Lines of a class that nobody declared as lines are refused as soon as anyone asks for them."""

    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称")
        parts: tuple[object, ...] = lines("部分", of=dict)

    with pytest.raises(TypeError, match="dict"):
        _ = line_type(Probe).groups


def test_a_subclass_is_not_declared_by_its_parent() -> None:
    """A class that only inherits a declaration has none of its own, or two modules would share one table."""

    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称")

    class Child(Probe):
        pass

    assert isinstance(line_type(Probe), RecordType)
    with pytest.raises(TypeError, match="Child"):
        line_type(Child)


def test_declaration_knows_what_it_was_told() -> None:
    """Key, verbs, title and facets arrive in the declaration; listing needs no mention, and a wire name has a default."""

    @record(title=("name",), **_NAMED)
    class Probe:
        name: str = text("名称", most=5, search=True, column=3)
        amount: str = number("数量", low="1", high="2", places=1, wire="howMany")
        remark: str = note("备注")

    declared = line_type(Probe)
    assert isinstance(declared, RecordType)
    assert declared.verbs == {Verb.LIST, Verb.REGISTER}
    assert declared.append_only
    assert [f.wire for f in declared.plain] == ["name", "howMany", "remark"]
    assert [f.key for f in declared.columns] == ["name"]
    assert [f.key for f in declared.searched] == ["name"]
    assert declared.name_of({"name": "甲"}) == "甲"
    assert declared.sections == (("", ("name", "amount", "remark")),)


def test_modules_are_found_by_key() -> None:
    """The catalogue gives each module under its own key, and names the keys when asked for another."""
    assert [record_type(key) for key in all_records()] == list(MODULES)
    with pytest.raises(KnownProblem) as caught:
        record_type("nobody")
    assert all(key in caught.value.message for key in all_records())


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_field_can_be_filled(place: Place) -> None:
    """No field asks for the impossible: limits in order, steps that fit the decimals, serials that are texts."""
    f, kind = place.field, place.field.kind
    assert f.label
    if isinstance(kind, kinds.Number):
        assert kind.low is None or kind.high is None or kind.low <= kind.high
        for limit in (kind.low, kind.high, kind.step):
            assert limit is None or round(limit, kind.places) == limit
    if isinstance(kind, kinds.Text | kinds.Code):
        assert kind.most > 0
    if f.serial is not None:
        assert isinstance(kind, kinds.Text)
        assert len(f"{f.serial}20261123-01-0001") <= kind.most
        assert not place.group
    if isinstance(f.required, bool) and f.required:
        assert f.shown is None
        assert not f.hidden


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_fresh_value_is_a_value(place: Place) -> None:
    """What a new dialog shows at once is the time, the operator, or an entry of the field's own table."""
    f, kind = place.field, place.field.kind
    if f.fresh is not None:
        known = (
            (f.fresh == "now" and isinstance(kind, kinds.Moment))
            or (f.fresh == "operator" and isinstance(kind, kinds.Person))
            or (isinstance(kind, kinds.Choice) and f.fresh in kind.table)
        )
        assert known


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_labels_are_said_once(module: RecordType) -> None:
    """No two fields side by side bear the same label, or a problem could not be found on the screen."""
    for fields in (module.fields, *(of.fields for _, of in module.groups)):
        labels = [f.label for f in fields.values()]
        assert len(set(labels)) == len(labels)


# -- code tables ---------------------------------------------------------------------------------------------------


def _tables() -> list[str]:
    used = {
        place.field.kind.table.name for place in PLACES if isinstance(place.field.kind, kinds.Choice | kinds.Choices)
    }
    return sorted(used | {"product"})


@pytest.mark.parametrize("name", _tables())
def test_table_is_well_formed(name: str) -> None:
    """A code table states label, version and source, and each entry a key and a word that no other entry has."""
    whole = json.loads(resource("tables", f"{name}.json").read_text(encoding="utf-8"))
    assert all(isinstance(whole[key], str) and whole[key].strip() for key in ("label", "version", "source"))
    keys = [entry["key"] for entry in whole["entries"]]
    words = [entry["word"] for entry in whole["entries"]]
    assert len(set(keys)) == len(keys) > 0
    assert all(isinstance(key, str) and key.isascii() and key == key.strip() for key in keys)
    assert all(isinstance(word, str) and word == word.strip() != "" for word in words)
    if name != "product":  # two codes of a supplier may mean the same product
        assert len(set(words)) == len(words)
    assert [table(name).word(key) for key in table(name)] == words
    assert set(table(name)) == set(keys)


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_words_of_several_choices_can_be_told_apart(place: Place) -> None:
    """A table of which several entries can be chosen has no word with a separator in it."""
    kind = place.field.kind
    if isinstance(kind, kinds.Choices):
        assert [kind.parse(kind.table.word(key)) for key in kind.table] == [(key,) for key in kind.table]


def test_word_of_an_unknown_key_is_shown_raw() -> None:
    """A key of a newer platform is shown as it is, marked, and never as another entry's word."""
    assert table("abo").word("Oh") == "«Oh»"
    assert table("abo").key_of("Oh") is None
    assert "Oh" not in table("abo")


def test_products_name_components_that_exist() -> None:
    """Every entry of the product dictionary means a component of the component table and an exact amount."""
    products = table("product")
    for key in products:
        assert products.facet(key, "component") in table("component")
        kind = next(p.field.kind for p in PLACES if p.field.key == "amount" and p.group == "bags")
        value = kind.parse(products.facet(key, "amount"))
        assert list(kind.check(value)) == []
        assert kind.format(value) == products.facet(key, "amount")


def test_missing_table_is_told() -> None:
    """A table that the installation lacks is a known problem, not a traceback."""
    with pytest.raises(KnownProblem) as caught:
        table("no_such_table")
    assert caught.value.code == "resource-missing"


def test_upload_states_are_known_words() -> None:
    """The states that a list can be filtered by all have a Chinese word."""
    assert len(set(STATES)) == len(STATES) == 10
