"""A value has three forms – stored, shown, on the wire – and none of the ways between them loses or invents anything."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import kinds, wire
from bloodbank_desktop.records.declare import RecordType
from bloodbank_desktop.records.validate import problems, tidy
from tests.derived.examples import fresh, recipes, save, stating, variants
from tests.derived.fields import MODULES, NAMES, PLACES, REGISTERED, STATED, STATED_NAMES, Place
from tests.derived.strategies import records, value_of, varied

_QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_SLOW = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
@_QUICK
@given(data=st.data())
def test_shown_text_reads_back(place: Place, data: st.DataObject) -> None:
    """What a dialog shows of any allowed value is read back as exactly that value; the name of a file is no file."""
    kind = place.field.kind
    value = data.draw(value_of(place.field))
    assert list(kind.check(value)) == []
    shown = kind.format(value)
    assert shown != ""
    if isinstance(kind, kinds.Files):
        with pytest.raises(kinds.Unreadable):
            kind.parse(shown)
        return
    assert kind.parse(shown) == value


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
@_QUICK
@given(data=st.data())
def test_wire_and_json_read_back(place: Place, data: st.DataObject) -> None:
    """What travels of any allowed value, through real JSON bytes, is read back as exactly that value."""
    kind = place.field.kind
    value = data.draw(value_of(place.field))
    assert kind.from_wire(json.loads(wire.canonical(kind.to_wire(value)))) == value


@pytest.mark.parametrize("place", PLACES, ids=NAMES)
def test_empty_stays_empty(place: Place) -> None:
    """An untouched field shows nothing, travels as nothing, and blank text is never today, 0 or the first choice."""
    kind = place.field.kind
    assert kind.format(None) == ""
    assert kind.parse("") is None
    assert kind.parse(" \u3000") is None
    assert kind.to_wire(None) is None
    assert kind.from_wire(None) is None


@pytest.mark.parametrize("place", STATED, ids=STATED_NAMES)
def test_every_field_survives_the_table(place: Place, shared: Profile) -> None:
    """Each field of each module, stated in some record, comes back from the encrypted file as it was given."""
    whole = stating(place)
    record_id = save(shared, place.module, whole)
    assert place.value(whole) is not None
    assert place.value(shared.desk.view(place.module.key, record_id).values) == place.value(whole)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
@_SLOW
@given(data=st.data())
def test_generated_records_live(module: RecordType, shared: Profile, data: st.DataObject) -> None:
    """Any valid record is without problems, is saved, and is viewed with every value and every empty as given."""
    whole = data.draw(records(module))
    assert problems(module, whole) == []
    shown = shared.desk.view(module.key, save(shared, module, whole)).values
    allotted = {f.key for f in module.plain if f.serial is not None and whole[f.key] is None}
    assert {k: v for k, v in shown.items() if k not in allotted} == {
        k: v for k, v in whole.items() if k not in allotted
    }
    if module in REGISTERED:
        assert all(shown[key] for key in allotted)


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_generated_records_are_many(module: RecordType) -> None:
    """The generated records vary most of the fields that they may vary, so that the tests above say something."""
    plain = [fresh(module, recipe) for recipe in recipes(module)]
    seen: dict[str, set[str]] = {}

    @settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(whole=records(module))
    def look(whole: dict[str, Any]) -> None:
        for place in varied(module):
            if place.there(whole):
                seen.setdefault(place.path, set()).add(repr(place.value(whole)))

    look()
    known = {place.path: {repr(place.value(values)) for values in plain} for place in varied(module)}
    made = [path for path, values in seen.items() if values - known[path]]
    assert len(made) >= len(varied(module)) * 0.6, sorted(set(known) - set(made))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
@_SLOW
@given(data=st.data())
def test_generated_records_travel(module: RecordType, data: st.DataObject) -> None:
    """Any valid record reads back whole from its wire body and from the JSON of the command line."""
    whole = tidy(module, data.draw(records(module)))
    for out, back in ((wire.body, wire.from_body), (wire.to_json, wire.from_json)):
        values, unread = back(module, json.loads(wire.canonical(out(module, whole))))
        assert unread == []
        assert tidy(module, values) == whole


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_untouched_optional_fields_stay_empty_everywhere(module: RecordType, shared: Profile) -> None:
    """A field that nobody filled is empty in the view and absent from what is sent, never a default."""
    for whole in variants(module):
        record_id = save(shared, module, whole)
        untouched = {f.key for f in module.plain if whole.get(f.key) is None and f.serial is None}
        shown = shared.desk.view(module.key, record_id).values
        assert {key for key in untouched if shown[key] is not None} == set()
        if module in REGISTERED and module.travels:
            newest = shared.desk.queue.rows(open_only=False, limit=1)[0]
            assert newest.record_id == record_id
            assert {module.fields[key].wire for key in untouched} & set(json.loads(newest.payload)) == set()


def test_every_kind_has_a_field_that_uses_it() -> None:
    """The tests of this file reach every kind that a table can hold, so none goes untested."""
    used = {type(place.field.kind) for place in PLACES}
    declared = {kinds.Text, kinds.Note, kinds.Code, kinds.Choice, kinds.Choices, kinds.Number}
    declared |= {kinds.Day, kinds.Moment, kinds.Person, kinds.Flag, kinds.Files}
    assert used == declared


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.key)
def test_template_names_every_field(module: RecordType) -> None:
    """The empty example of the command line has each field once and, filled with nothing, only lacks what is required."""
    template = wire.template(module)
    assert list(template) == [f.key for f in module.plain] + [f.key for f, _ in module.groups]
    values, unread = wire.from_json(module, template)
    assert unread == []
    unfolded = {group.key for group, _ in module.groups if not group.is_shown(values)}
    found = problems(module, values)
    assert {problem.code for problem in found if problem.field not in unfolded} == {"required"}


def test_decimal_of_a_float_is_what_was_written() -> None:
    """A JSON number 12.5 or 0.1 means exactly that number, not its binary neighbour."""
    kind = kinds.Number(places=1)
    read: list[Any] = [kind.from_wire(json.loads(text)) for text in ("12.5", "0.1", "3")]
    assert [str(value) for value in read] == ["12.5", "0.1", "3"]
