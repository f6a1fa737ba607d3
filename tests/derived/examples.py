"""Complete valid records of every module in which each field is stated, made from one sample and the declaration alone.

A recipe is a list of steps from the sample of a module: one field set to a simple value. Recipes are looked for until
each field was stated once, and each conditional field was once required and once without a meaning; only steps that
leave a valid record are kept, so that no module needs words of its own here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from bloodbank_desktop.operations import effects
from bloodbank_desktop.operations.arrivals import ServerChange
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records import kinds, wire
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import OPERATOR, Field, LineType, RecordType, Verb
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.rules.catalogue import Level, findings
from bloodbank_desktop.rules.facts import BagFacts, Facts
from tests import papers, samples
from tests.derived.fields import PLACES, STATED, Place, Values

Step = tuple[Place, Any]

#: Samples of seeds this far apart are alike in sex, group and product, so that a recipe holds for each of them.
_STRIDE = 18
#: Seeds to begin from: the second has plasma in the first bag, to which other conditions apply than to red cells; the
#: third is RhD negative, the last is an emergency where a module knows one.
_EMERGENCY = 5
_BEGINNINGS = (0, 2, 4, _EMERGENCY)
_seeds = itertools.count(_STRIDE, _STRIDE)


@dataclass(frozen=True)
class Recipe:
    """Steps from the sample of a seed that is `beginning` more than a multiple of the stride."""

    beginning: int = 0
    steps: tuple[Step, ...] = ()

    def then(self, more: tuple[Step, ...]) -> Recipe:
        """Return this recipe with further steps."""
        return Recipe(self.beginning, (*self.steps, *more))

    def last_taken_back(self) -> Recipe:
        """Return this recipe without its last step."""
        return Recipe(self.beginning, self.steps[:-1])


_PLAIN = Recipe()


def simple_value(f: Field) -> Any:
    """Return an unremarkable value of a field."""
    kind = f.kind
    if isinstance(kind, kinds.Text | kinds.Code):
        return "试样" if kind.most > 1 else "1"
    if isinstance(kind, kinds.Choice):
        return next(iter(kind.table))
    if isinstance(kind, kinds.Choices):
        return (next(iter(kind.table)),)
    if isinstance(kind, kinds.Number):
        return max(kind.low, kind.step or kind.low) if kind.low is not None else Decimal(1)
    if isinstance(kind, kinds.Day):
        return samples.NOW.date() - timedelta(days=30)
    if isinstance(kind, kinds.Moment):
        return samples.NOW
    if isinstance(kind, kinds.Flag):
        return True
    if isinstance(kind, kinds.Files):
        return (papers.entry(),)
    raise TypeError(f"no simple value for the kind {kind.name!r}")


def settled(declared: LineType, values: Mapping[str, Any]) -> Values:
    """Return the values with conditional fields stated where they must be and empty where they have no meaning."""
    whole = dict(values)
    # Twice, since a field that is stated only now may make another one necessary.
    for _ in range(2):
        for f in declared.plain:
            if not f.is_shown(whole):
                whole[f.key] = None
            elif whole.get(f.key) is None and f.is_required(whole) and f.serial is None:
                # The number of a document is that of one person, and each record is that of another.
                own = f.key == "id_no" and whole.get("medical_record_no")
                whole[f.key] = own or simple_value(f)
        for f, of in declared.groups:
            whole[f.key] = tuple(settled(of, line) for line in whole[f.key]) if f.is_shown(whole) else ()
    return whole


def brought(module: RecordType, values: Mapping[str, Any], seed: int = 0) -> Values | None:
    """Return the delivery that must have brought the bags of a record before it can move them."""
    if module.key in ("clinical_issue", "other_stock_out"):
        return samples.delivery_of(values["bags"], seed)
    if module.key == "stock_in" and values["intake_type"] == "reversal":
        return samples.delivery_of(values["bags"], seed, intake_no=values["reverses"])
    return None


def wrong(module: RecordType, values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a record or with the delivery of its bags, rules of receipt included."""
    found = problems(module, values)
    if found or module.key not in effects.EFFECTS or Verb.REGISTER not in module.verbs:
        return found
    before = brought(module, values)
    if before is not None and (found := wrong(record_type("stock_in"), before)):
        return found
    if before is not None and module.key != "clinical_issue":
        return []
    request = requested(module, values)
    if request is not None and (found := wrong(record_type("transfusion_request"), request)):
        return found
    told = findings(effects.EFFECTS[module.key].moments(values), values, known(module, values))
    return [one for one in told if one.level in (Level.BLOCK, Level.OVERRIDE)]


def known(module: RecordType, values: Mapping[str, Any]) -> Facts:
    """Return what the rules will know of a record once `stage` has brought what belongs to it."""
    if module.key != "clinical_issue":
        return Facts(samples.NOW, site={"solo_duty": "allowed"})
    bags = {
        bag_key(bag): BagFacts(
            "available",
            "",
            bag["component"],
            bag["abo"],
            bag["rhd"],
            f"{bag['amount'].normalize():f}",
            bag["expires_at"],
            samples.NOW,
            "RK",
        )
        for bag in values["bags"]
    }
    return Facts(
        samples.NOW,
        "issue",
        bags=bags,
        request_no=values["request_no"],
        request=requested(module, values),
    )


def requested(module: RecordType, values: Mapping[str, Any]) -> Values | None:
    """Return the request that an issue answers."""
    if module.key != "clinical_issue" or values["request_no"] is None:
        return None
    return tidy(record_type("transfusion_request"), samples.request_for(values))


def changed(place: Place, values: Values, value: Any) -> Values:
    """Return a record with one field changed and what hangs on it settled; a way of entry comes with its evidence."""
    if place.field.key == "entry" and place.group:
        first, *rest = values[place.group]
        whole = {**values, place.group: (samples.entered(first, value), *rest)}
    elif place.field.signed == OPERATOR:
        whole = place.put(values, samples.STAFF[0])
    else:
        whole = place.put(values, value)
    return tidy(place.module, settled(place.module, whole))


def _base(module: RecordType, seed: int) -> Values:
    if module.key == "clinical_issue" and seed % _STRIDE == _EMERGENCY:
        return tidy(module, samples.emergency_values(seed))
    return tidy(module, samples.values(module.key, seed))


def made(module: RecordType, recipe: Recipe, seed: int) -> Values:
    """Return the record of a recipe for a seed of the samples (a multiple of 18)."""
    whole = _base(module, seed + recipe.beginning)
    for place, value in recipe.steps:
        whole = changed(place, whole, value)
    return whole


def _reached(goal: str, place: Place, values: Values) -> bool:
    if not place.there(values):
        return False
    holding = place.holding(values)
    return {
        "stated": holding.get(place.field.key) is not None,
        "required": place.field.is_required(holding),
        "meaningless": not place.field.is_shown(holding),
    }[goal]


def _goals(place: Place) -> Iterator[str]:
    if place in STATED:
        yield "stated"
    if callable(place.field.required):
        yield "required"
    if place.field.shown is not None:
        yield "meaningless"


def _switches(place: Place) -> Iterator[Step]:
    """Yield settings of the fields beside a place on which its condition may hang."""
    for other in PLACES:
        if (other.module, other.group) == (place.module, place.group) and other is not place:
            kind = other.field.kind
            if isinstance(kind, kinds.Choice):
                yield from ((other, key) for key in kind.table)
            elif isinstance(kind, kinds.Flag):
                yield from ((other, value) for value in (True, False))
            if other.field.required is not True:
                yield other, None


def _attempts(goal: str, place: Place, start: Values) -> Iterator[tuple[Step, ...]]:
    if not place.there(start):
        return
    own = ((place, simple_value(place.field)),) if goal == "stated" else ()
    if own:
        yield own
    for switch in _switches(place):
        yield (switch,)
        if own:
            yield (switch, *own)


def recipes(module: RecordType) -> tuple[Recipe, ...]:
    """Return recipes whose records state every field; the first is the sample itself. Raises LookupError."""
    return _recipes(module.key)


@cache
def _recipes(key: str) -> tuple[Recipe, ...]:
    module = record_type(key)
    found = [Recipe()]
    records = [_base(module, 0)]
    for place in (place for place in PLACES if place.module is module):
        for goal in _goals(place):
            if any(_reached(goal, place, values) for values in records):
                continue
            recipe, values = _towards(goal, place, found, records)
            # A field more in a record that is there already, rather than one more record for each field.
            own = bool(recipe.steps) and recipe.steps[-1][0] is place
            if own and recipe.last_taken_back() in found[1:]:
                at = found.index(recipe.last_taken_back())
                found[at], records[at] = recipe, values
            else:
                found.append(recipe)
                records.append(values)
    return tuple(found)


def _towards(goal: str, place: Place, found: list[Recipe], records: list[Values]) -> tuple[Recipe, Values]:
    # The newest first: what hangs on a condition hangs mostly on the one that was met last.
    starts = [*reversed(list(zip(found, records, strict=True)))]
    starts += [(Recipe(beginning), _base(place.module, beginning)) for beginning in _BEGINNINGS[1:]]
    for recipe, start in starts:
        for more in _attempts(goal, place, start):
            values = start
            for one, value in more:
                values = changed(one, values, value)
            if _reached(goal, place, values) and not wrong(place.module, values):
                return recipe.then(more), values
        if _reached(goal, place, start):
            return recipe, start
    raise LookupError(f"no valid record found in which {place.module.key}.{place.path} is {goal}")


def examples(module: RecordType) -> tuple[Values, ...]:
    """Return the record of each recipe, the same at every call: for reading, damaging and refusing, not for saving."""
    return _examples(module.key)


@cache
def _examples(key: str) -> tuple[Values, ...]:
    return tuple(made(record_type(key), recipe, 0) for recipe in _recipes(key))


def variants(module: RecordType) -> list[Values]:
    """Return the record of each recipe with new bags, numbers and persons each time: for saving."""
    return [made(module, recipe, next(_seeds)) for recipe in recipes(module)]


def holding(place: Place) -> Values:
    """Return an example with a field stated, or at least with a place for it."""
    there = [values for values in examples(place.module) if place.there(values)]
    return next((values for values in there if place.value(values) is not None), there[0])


def stating(place: Place) -> Values:
    """Return a new record in which a field is stated."""
    stated = (place.value(values) is not None for values in examples(place.module))
    recipe = next(recipe for recipe, there in zip(recipes(place.module), stated, strict=True) if there)
    return made(place.module, recipe, next(_seeds))


def fresh(module: RecordType, recipe: Recipe = _PLAIN) -> Values:
    """Return the record of a recipe, the plain sample by default, with bags, numbers and persons never used before."""
    return made(module, recipe, next(_seeds))


# -- putting them into a profile -----------------------------------------------------------------------------------


def stage(profile: Profile, module: RecordType, values: Mapping[str, Any]) -> None:
    """Bring the bags here that a record is about to move, and pick the files that it names."""
    papers.pick(profile, module, values)
    before = brought(module, values, next(_seeds))
    if before is not None:
        profile.desk.register("stock_in", before)
    request = requested(module, values)
    if request is not None:
        profile.desk.register("transfusion_request", request)


def save(profile: Profile, module: RecordType, values: Mapping[str, Any]) -> str:
    """Let a record come about as it does in life, registered here or sent by the platform; return its id."""
    if Verb.REGISTER in module.verbs:
        stage(profile, module, values)
        return profile.desk.register(module.key, values).record_id
    return arrive(profile, module, values)


def arrive(
    profile: Profile,
    module: RecordType,
    values: Mapping[str, Any],
    record_id: str = "",
    *,
    version: int = 1,
    answer: Mapping[str, Any] | None = None,
    answer_no: int = 0,
) -> str:
    """Let the feed bring a record, or another answer to it (wire names); return its id."""
    change = ServerChange(
        module=module.key,
        id=record_id or new_id(),
        version=version,
        deleted=False,
        body=wire.body(module, values),
        answer=dict(answer or {}),
        answer_no=answer_no,
    )
    profile.arrivals.apply_page("main", "epoch", [change], "cursor", profile.desk.clock.now())
    return change.id
