"""What an amendment may not change, when a record is closed to people, and the one activation: here and on the platform."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import kinds, wire
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import OPERATOR, RecordType, Verb
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.validate import problems
from bloodbank_desktop.rules import completing
from bloodbank_desktop.storage.outbox import OutboxRow
from bloodbank_desktop.training.platform import Platform
from tests.derived.examples import arrive, brought, changed, examples, fresh, holding, save, stating, wrong
from tests.derived.fields import MODULES, PLACES, STATED, Place, Values
from tests.storage.test_numbers import at_once
from tests.support import census, open_store
from tests.training.kit import Device, Json, StillClock, slug, whole_feed

AMENDED = tuple(module for module in MODULES if Verb.AMEND in module.verbs)
ACTIVATED = tuple(module for module in MODULES if Verb.ACTIVATE in module.verbs)
LOCKING = tuple(module for module in MODULES if module.locked is not None)


def _is_fixed(place: Place) -> bool:
    return place.field.fixed and (not place.group or place.module.fields[place.group].fixed)


FIXED = tuple(place for place in STATED if place.module in AMENDED and _is_fixed(place))
#: One code in its table: it changes only together with the kind of removal.
ONE_CHOICE = {"other_stock_out.to_hospital"}
#: Whoever saves it: no record that can be registered states another.
SIGNED = {f"{place.module.key}.{place.path}" for place in FIXED if place.field.signed == OPERATOR}


def _other_values(place: Place, value: Any) -> Iterator[Any]:
    kind = place.field.kind
    if isinstance(kind, kinds.Choice):
        yield from (key for key in kind.table if key != value)
    elif isinstance(kind, kinds.Choices):
        yield from ((key,) for key in kind.table if (key,) != value)
    elif isinstance(kind, kinds.Number):
        step = kind.step or Decimal(1).scaleb(-kind.places)
        yield from (value + step, value - step)
    elif isinstance(kind, kinds.Moment | kinds.Day):
        yield from (value + sign * timedelta(days=1) for sign in (1, -1))
        if isinstance(value, datetime):
            yield from (value + sign * timedelta(minutes=1) for sign in (1, -1))
    elif isinstance(kind, kinds.Flag):
        yield not value
    else:
        # The first is an ISBT 128 donation number, the second a product code; both are texts as well.
        yield from (other for other in ("A999926099999", "E5445V00", "改", "改后") if other != value)
    if place.field.required is not True:
        yield None


def _changed(place: Place, whole: Values) -> Values | None:
    """Return the record with another value at this place that is valid by itself, None if there is none."""
    for other in _other_values(place, place.value(whole)):
        after = changed(place, whole, other)
        if place.value(after) != place.value(whole) and not problems(place.module, after):
            return after
    return None


def _path(place: Place) -> str:
    return f"{place.module.key}.{place.path}"


# -- on the platform -----------------------------------------------------------------------------------------------


class World:
    """A platform and two devices that know it."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.one, self.two = Device(platform), Device(platform)

    def bring(self, module: RecordType, whole: Values) -> str:
        """Let a record come about on the platform, its bags first; return its id."""
        if Verb.REGISTER not in module.verbs:
            return str(self.platform.originate(module.key, wire.body(module, whole))["id"])
        before = brought(module, whole, 90_000 + self.one.dseq)
        if before is not None:
            self.send("register", record_type("stock_in"), before)
        operation = self.one.operation(module.key, wire.body(module, whole))
        (result,) = self.one.send(operation)
        assert result["status"] == "applied", result
        return str(operation["id"])

    def send(self, op: str, module: RecordType, whole: Any, device: Device | None = None, **members: Any) -> Json:
        """Send one operation and return its result."""
        sender = device or self.one
        body = whole if op in ("delete", "activate") else wire.body(module, whole)
        (result,) = sender.send(sender.operation(module.key, body, op, **members))
        return result


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A platform without HTTP."""
    platform = Platform(tmp_path_factory.mktemp("platform") / "platform.db", StillClock())
    yield World(platform)
    platform.close()


# -- fixed fields --------------------------------------------------------------------------------------------------


def test_fixed_fields_are_reached() -> None:
    """Every fixed field can be given another value that is valid by itself, or its test would say nothing."""
    assert FIXED
    assert {_path(place) for place in FIXED if _changed(place, holding(place)) is None} == ONE_CHOICE | SIGNED


@pytest.mark.parametrize("place", FIXED, ids=_path)
def test_fixed_field_is_refused_here(place: Place, shared: Profile) -> None:
    """An amendment that changes a fixed field is refused at that field and writes nothing."""
    whole = stating(place)
    after = _changed(place, whole)
    if after is None:
        assert _path(place) in ONE_CHOICE | SIGNED
        return
    record_id = save(shared, place.module, whole)
    before = census(shared.store)
    with pytest.raises(Refused) as caught:
        shared.desk.amend(place.module.key, record_id, after)
    assert (place.path, place.line, "fixed") in {(p.field, p.line, p.code) for p in caught.value.problems}
    assert {problem.code for problem in caught.value.problems} == {"fixed"}
    assert census(shared.store) == before


@pytest.mark.parametrize("place", FIXED, ids=_path)
def test_fixed_field_is_refused_there(place: Place, world: World) -> None:
    """The platform refuses the same amendment for good, points at the field, and its feed does not move."""
    whole = stating(place)
    after = _changed(place, whole)
    if after is None or not place.module.travels:
        return
    record_id = world.bring(place.module, whole)
    before = len(whole_feed(world.platform))
    result = world.send("amend", place.module, after, id=record_id, base_version=1)
    assert (result["status"], slug(result["problem"])) == ("rejected", "invalid-body")
    pointer = (
        f"/{place.module.fields[place.group].wire}/0/{place.field.wire}" if place.group else f"/{place.field.wire}"
    )
    assert pointer in {error["pointer"].lstrip("#") for error in result["problem"]["errors"]}
    assert len(whole_feed(world.platform)) == before


GROUPS = [(module, group) for module in AMENDED for group, _ in module.groups if group.fixed]


@pytest.mark.parametrize(("module", "group"), GROUPS, ids=[f"{m.key}.{g.key}" for m, g in GROUPS])
@pytest.mark.parametrize("way", ["one less", "one more", "exchanged"])
def test_fixed_lines_stay(module: RecordType, group: Any, way: str, shared: Profile, world: World) -> None:
    """Fixed lines are neither taken away, added nor exchanged, here or on the platform."""
    whole = fresh(module)
    first, second = whole[group.key]
    more = fresh(module)[group.key]
    lines = {"one less": (first,), "one more": (first, second, more[0]), "exchanged": (second, first)}[way]
    after = {**whole, group.key: lines}
    record_id = save(shared, module, whole)
    with pytest.raises(Refused) as caught:
        shared.desk.amend(module.key, record_id, after)
    assert {problem.code for problem in caught.value.problems} == {"fixed"}
    result = world.send("amend", module, after, id=world.bring(module, whole), base_version=1)
    assert (result["status"], slug(result["problem"])) == ("rejected", "invalid-body")


@pytest.mark.parametrize("module", AMENDED, ids=lambda module: module.key)
def test_every_other_field_may_change(module: RecordType, shared: Profile, world: World) -> None:
    """Whatever is not fixed is amended here and on the platform, so that the refusals above are no broken amendment."""
    done = 0
    whole = fresh(module)
    here = save(shared, module, whole)
    there = world.bring(module, whole) if module.travels else ""
    version = 1
    for place in (place for place in STATED if place.module is module and not _is_fixed(place)):
        if module.key == "clinical_issue" and place.field.key in completing.KEPT:
            # May be filled in and not rewritten, which a rule decides (tests/rules/test_issue_completion.py).
            continue
        after = _changed(place, whole) if place.value(whole) is not None else None
        # A rule may forbid what the form allows, and a condition may carry a fixed field along.
        if after is None or wrong(module, after):
            continue
        if any(other.value(after) != other.value(whole) for other in FIXED if other.module is module):
            continue
        shared.desk.amend(module.key, here, after)
        assert place.value(shared.desk.view(module.key, here).values) == place.value(after)
        if module.travels:
            result = world.send("amend", module, after, id=there, base_version=version)
            assert (result["status"], result["version"]) == ("applied", version + 1), result
        whole, version, done = after, version + 1, done + 1
    assert done >= 3


# -- locks ---------------------------------------------------------------------------------------------------------

#: By hand from domain facts: an order once the station has it, a review once it has passed, a sample once it is there
#: (one that was refused is sent anew), a plan once it is anything but allocated.
CLOSED = {
    "blood_order": {"accepted", "satisfied", "partly", "refused", "dispatched", "completed"},
    "entitlement_review": {"passed", "passed_directly"},
    "immunohaematology_request": {"received", "testing", "reported"},
    "donor_plan": {"activated", "partly_used", "used_up", "expired", "taken_back"},
}
OPEN = {
    "blood_order": set[str](),
    "entitlement_review": {"reviewing", "not_passed"},
    "immunohaematology_request": {"rejected"},
    "donor_plan": {"allocated"},
}
ANSWERS = [(module, state) for module in LOCKING for state in sorted(CLOSED[module.key] | OPEN[module.key])]
ANSWER_IDS = [f"{module.key}-{state}" for module, state in ANSWERS]


def _states(module: RecordType) -> set[str]:
    assert module.answer is not None
    kind = module.answer.fields["state"].kind
    assert isinstance(kind, kinds.Choice)
    return set(kind.table)


def test_every_lock_is_known() -> None:
    """The modules that lock, and all states that their answers have, stand in the table above."""
    assert {module.key for module in LOCKING} == set(CLOSED)
    for module in LOCKING:
        assert _states(module) == CLOSED[module.key] | OPEN[module.key]


def _changes(profile: Profile, module: RecordType, record_id: str, whole: Values) -> list[Any]:
    desk = profile.desk
    acts = {
        Verb.AMEND: lambda: desk.amend(module.key, record_id, whole),
        Verb.ACTIVATE: lambda: desk.activate(module.key, record_id, {}),
        Verb.DELETE: lambda: desk.delete(module.key, record_id),
    }
    return [act for verb, act in acts.items() if verb in module.verbs]


@pytest.mark.parametrize(("module", "state"), ANSWERS, ids=ANSWER_IDS)
def test_answer_closes_the_record_here(module: RecordType, state: str, shared: Profile) -> None:
    """Once the platform said so, nobody amends, deletes or activates the record; any other answer leaves it open."""
    whole = fresh(module)
    record_id = save(shared, module, whole)
    arrive(shared, module, whole, record_id, answer={"state": state}, answer_no=1)
    for act in _changes(shared, module, record_id, whole):
        before = census(shared.store)
        if state in OPEN[module.key]:
            act()
            continue
        with pytest.raises(KnownProblem) as caught:
            act()
        assert caught.value.code == "locked-by-platform"
        assert census(shared.store) == before


@pytest.mark.parametrize(("module", "state"), ANSWERS, ids=ANSWER_IDS)
def test_answer_closes_the_record_there(module: RecordType, state: str, world: World) -> None:
    """The platform refuses the same operations for good, also from a workstation that has not heard the answer yet."""
    whole = fresh(module)
    ops = {Verb.AMEND: whole, Verb.DELETE: {"reason": ""}, Verb.ACTIVATE: _activation(module)}
    for verb, content in ops.items():
        if verb in module.verbs:
            whole = fresh(module)
            record_id = world.bring(module, whole)
            world.platform.answer(record_id, {"state": state})
            before = len(whole_feed(world.platform))
            content = whole if verb is Verb.AMEND else content
            result = world.send(verb.value, module, content, id=record_id, base_version=1)
            if state in OPEN[module.key]:
                assert result["status"] == "applied", result
            else:
                assert (result["status"], slug(result["problem"])) == ("rejected", "locked")
                assert len(whole_feed(world.platform)) == before


@pytest.mark.parametrize("module", [one for one in AMENDED if one.travels], ids=lambda module: module.key)
def test_without_an_answer_a_record_is_open(module: RecordType, world: World) -> None:
    """A receipt alone closes nothing."""
    whole = fresh(module)
    assert world.send("amend", module, whole, id=world.bring(module, whole), base_version=1)["status"] == "applied"


# -- activation ----------------------------------------------------------------------------------------------------


def _activation(module: RecordType, by: str = "训练甲") -> Json:
    given = {"moment": "2026-11-23T09:00:00+08:00", "person": by}
    fields = (module.fields[key] for key in module.activation)
    return {f.wire: given[f.kind.name] for f in fields if f.kind.name in given}


def _activations(profile: Profile, record_id: str) -> list[OutboxRow]:
    rows = profile.desk.queue.rows(open_only=False, limit=10_000)
    return [row for row in rows if row.record_id == record_id and row.op == "activate"]


@pytest.mark.parametrize("module", ACTIVATED, ids=lambda module: module.key)
def test_activation_happens_once_here(module: RecordType, shared: Profile) -> None:
    """An activation says when and by whom and goes to the platform once; a second one is refused and writes nothing."""
    whole = fresh(module)
    record_id = save(shared, module, whole)
    shared.desk.activate(module.key, record_id, {})
    shown = shared.desk.view(module.key, record_id)
    given = {key: shown.values[key] for key in module.activation}
    assert (given["activated_at"], given["activated_by"]) == (shared.desk.clock.now(), "训练甲")
    assert {k: v for k, v in shown.values.items() if k not in given} == {
        k: v for k, v in whole.items() if k not in given
    }
    before = census(shared.store)
    with pytest.raises(KnownProblem) as caught:
        shared.desk.activate(module.key, record_id, {})
    assert caught.value.code == "activated-already"
    assert census(shared.store) == before
    (operation,) = _activations(shared, record_id)
    assert set(wire.from_body(module, json.loads(operation.payload))[0]) <= set(module.activation)


@pytest.mark.parametrize("module", ACTIVATED, ids=lambda module: module.key)
def test_two_windows_activate_once(module: RecordType, tmp_path: Path) -> None:
    """Of several windows that activate at the same moment one succeeds, and one operation is sent."""
    profile = open_store(tmp_path)
    windows = [open_store(tmp_path) for _ in range(3)]
    record_id = save(profile, module, fresh(module))

    def activate(window: Profile) -> str:
        try:
            window.desk.activate(module.key, record_id, {})
        except KnownProblem as problem:
            return problem.code
        return "done"

    said = at_once(*(lambda window=window: activate(window) for window in windows))
    assert sorted(said) == ["activated-already", "activated-already", "done"]
    assert len(_activations(profile, record_id)) == 1
    for window in (profile, *windows):
        window.close()


@pytest.mark.parametrize("module", ACTIVATED, ids=lambda module: module.key)
def test_activation_states_nothing_else(module: RecordType, shared: Profile, world: World) -> None:
    """An activation that would change another field is refused at that field, here and on the platform."""
    whole = fresh(module)
    record_id = save(shared, module, whole)
    with pytest.raises(Refused) as caught:
        shared.desk.activate(module.key, record_id, {"quota": Decimal(99)})
    assert [(problem.field, problem.code) for problem in caught.value.problems] == [("quota", "not-applicable")]
    for body in ({**_activation(module), "quota": "99"}, {}):
        result = world.send("activate", module, body, id=world.bring(module, fresh(module)), base_version=1)
        assert (result["status"], slug(result["problem"])) == ("rejected", "invalid-body")


@pytest.mark.parametrize("module", ACTIVATED, ids=lambda module: module.key)
@pytest.mark.parametrize("base", [1, 2])
def test_two_hospitals_activate_once(module: RecordType, base: int, world: World) -> None:
    """Of two workstations the first activates; the second hears that it was done, whichever version it knew."""
    record_id = world.bring(module, fresh(module))
    first = world.send("activate", module, _activation(module), id=record_id, base_version=1)
    second = world.send("activate", module, _activation(module, "训练乙"), world.two, id=record_id, base_version=base)
    assert (first["status"], first["version"]) == ("applied", 2)
    assert (second["status"], slug(second["problem"])) == ("rejected", "activated-already")
    feed = [change for change in whole_feed(world.platform) if change["id"] == record_id]
    assert feed[-1]["answer"]["state"] == "activated"
    assert {change["body"].get("activatedBy") for change in feed} <= {None, "训练甲"}


def test_examples_reach_every_field() -> None:
    """Fields that the tests of this file leave aside are those that no valid record states."""
    assert {place.path for place in PLACES if place not in STATED} == {"bags.visual_defects"}
    assert all(examples(module) for module in MODULES)
