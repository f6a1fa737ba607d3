"""A record with one wrong thing is refused, the problem names exactly that field and line, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import kinds, wire
from bloodbank_desktop.records.declare import OPERATOR, RecordType
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.records.validate import problems
from tests.derived.damage import DAMAGE_NAMES, DAMAGES, WIRE_DAMAGES, WIRE_NAMES
from tests.derived.examples import examples, holding, simple_value, wrong
from tests.derived.fields import MODULES, NAMES, PLACES, REFUSES, REGISTERED, STATED, Place, Values
from tests.support import census


def _refused(profile: Profile, module: RecordType, values: Values) -> tuple[Problem, ...]:
    """Register, expect a refusal that wrote nothing, and return its problems."""
    before = census(profile.store)
    with pytest.raises(Refused) as caught:
        profile.desk.register(module.key, values)
    assert census(profile.store) == before
    return caught.value.problems


def _where(found: tuple[Problem, ...] | list[Problem]) -> set[tuple[str, int | None]]:
    return {(problem.field, problem.line) for problem in found}


def _hanging(place: Place, before: Values, after: Values) -> set[tuple[str, int | None]]:
    """Return where a damage changed what is required or has a meaning: there something may now be wrong as well."""
    group, line = place.group, place.line
    old, new = place.holding(before), place.holding(after)
    return {
        (f"{group}.{f.key}" if group else f.key, line)
        for f in place.holder.fields.values()
        if (f.is_shown(old), f.is_required(old)) != (f.is_shown(new), f.is_required(new))
    }


@pytest.mark.parametrize(("place", "name", "records"), DAMAGES, ids=DAMAGE_NAMES)
def test_damage_is_found_where_it_is(
    place: Place, name: str, records: list[tuple[Values, Values]], shared: Profile
) -> None:
    """One wrong value gives a problem at its own field and line, nowhere else, and registers nothing."""
    assert records
    for before, after in records:
        found = problems(place.module, after)
        assert (place.path, place.line) in _where(found)
        assert _where(found) - {(place.path, place.line)} <= _hanging(place, before, after)
        assert all(problem.message for problem in found)
    # The name of the operator is nobody's to state.
    if place.module in REGISTERED and place.field.signed != OPERATOR:
        _, after = records[0]
        assert _where(_refused(shared, place.module, after)) == _where(problems(place.module, after))


@pytest.mark.parametrize(("place", "name", "wrong"), WIRE_DAMAGES, ids=WIRE_NAMES)
def test_wrong_wire_value_is_found_where_it_is(place: Place, name: str, wrong: Any) -> None:
    """A JSON value that is no form of the field is reported at its field and line, and is no value afterwards."""
    whole = holding(place)
    for out, back, key in (
        (wire.body, wire.from_body, place.field.wire),
        (wire.to_json, wire.from_json, place.field.key),
    ):
        sent = out(place.module, whole)
        if place.group:
            name_of_group = place.module.fields[place.group]
            sent[name_of_group.wire if out is wire.body else place.group][0][key] = wrong
        else:
            sent[key] = wrong
        values, unread = back(place.module, sent)
        assert _where(unread) == {(place.path, place.line)}
        assert place.value(values) is None


@pytest.mark.parametrize("place", [p for p in PLACES if isinstance(p.field.kind, kinds.Code)])
def test_number_for_a_code_says_why(place: Place) -> None:
    """A code given as a number is refused by a name of its own, because its leading zeros are already lost."""
    with pytest.raises(kinds.Unreadable) as caught:
        place.field.kind.from_wire(10)
    assert caught.value.code == "number-for-code"


@pytest.mark.parametrize("module", REGISTERED, ids=lambda module: module.key)
def test_unknown_field_is_refused(module: RecordType, shared: Profile) -> None:
    """A field that the declaration does not know is a problem at its name, in the head as in a line, on every way in."""
    whole = examples(module)[0]
    assert _where(_refused(shared, module, {**whole, "no_such_field": 1})) == {("no_such_field", None)}
    values, unread = wire.from_body(module, {**wire.body(module, whole), "noSuchField": 1})
    assert _where(unread) == {("noSuchField", None)}
    assert "noSuchField" not in values
    for group, _ in module.groups:
        first, *rest = whole[group.key]
        lines = ({**first, "no_such_field": 1}, *rest)
        path = {(f"{group.key}.no_such_field", 1)}
        assert _where(_refused(shared, module, {**whole, group.key: lines})) == path
        body = wire.body(module, whole)
        body[group.wire][0]["no_such_field"] = None
        assert _where(wire.from_body(module, body)[1]) == path


@pytest.mark.parametrize("module", REGISTERED, ids=lambda module: module.key)
def test_number_of_lines_is_kept(module: RecordType, shared: Profile) -> None:
    """Fewer lines than the declaration asks for, or more, are refused at the lines field."""
    whole = examples(module)[0]
    for group, _ in module.groups:
        kind = group.kind
        assert isinstance(kind, kinds.Lines)
        if kind.least:
            assert (group.key, None) in _where(_refused(shared, module, {**whole, group.key: ()}))
        many = (whole[group.key][0],) * (kind.most + 1)
        assert (group.key, None) in _where(_refused(shared, module, {**whole, group.key: many}))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
@pytest.mark.parametrize("wrong", [None, [], "text", 7])
def test_body_that_is_no_object_is_refused(module: RecordType, wrong: Any) -> None:
    """A body that is no JSON object, and lines that are no list of objects, are problems and never an exception."""
    values, unread = wire.from_body(module, wrong)
    assert values == {}
    assert [problem.code for problem in unread] == ["type"]
    for group, _ in module.groups:
        _, unread = wire.from_body(module, {group.wire: {"0": {}}})
        assert _where(unread) == {(group.key, None)}
        _, unread = wire.from_body(module, {group.wire: [wrong]})
        assert [(problem.field, problem.line, problem.code) for problem in unread] == [(group.key, 1, "type")]


@pytest.mark.parametrize("module", REGISTERED, ids=lambda module: module.key)
def test_check_says_what_register_says(module: RecordType, shared: Profile) -> None:
    """What the dialog shows while typing is exactly what registering would refuse, and looking writes nothing."""
    before = census(shared.store)
    for place, _, records in DAMAGES:
        if place.module is module and place.field.signed != OPERATOR:
            _, after = records[0]
            shown = shared.desk.check(module.key, after)
            with pytest.raises(Refused) as caught:
                shared.desk.register(module.key, after)
            assert tuple(shown) == caught.value.problems
    assert census(shared.store) == before


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_messages_are_sentences_for_people(place: Place) -> None:
    """Every problem speaks Chinese and names the field by the label of the screen, never by its key."""
    whole = holding(place)
    kind = place.field.kind
    wrong: Any = "\x00" if isinstance(kind, kinds.Text | kinds.Code) else "no-such-key"
    if isinstance(kind, kinds.Text | kinds.Code | kinds.Choice):
        for problem in problems(place.module, place.put(whole, wrong)):
            assert any("\u4e00" <= character <= "\u9fff" for character in problem.message)
            assert place.field.key not in problem.message


@pytest.mark.parametrize("name", sorted(REFUSES))
def test_what_is_never_stated_is_refused_when_stated(name: str) -> None:
    """The fields left out of other tests because no valid record states them are refused for being stated."""
    place = PLACES[NAMES.index(name)]
    assert place not in STATED
    found = wrong(place.module, place.put(holding(place), simple_value(place.field)))
    assert _where(found) == {(place.path, place.line)}
