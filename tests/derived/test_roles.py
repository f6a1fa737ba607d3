"""Every act of every module is refused below the screen to whoever lacks the role, by a table written by hand (T70)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import alerts, batches, duties, near_misses, patients, receiving, trace
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.persons import Persons
from bloodbank_desktop.operations.stock_desk import DEEDS, StockDesk
from bloodbank_desktop.passwords import Cost
from bloodbank_desktop.records.catalogue import all_records, record_type
from bloodbank_desktop.records.declare import Verb
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.persons import Person
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.stock_rows import StockQuery
from tests.rules.role_table import ROLES, expected
from tests.samples import request_values
from tests.support import census, nobody, seat

NOWHERE = ("A999926000001", "V9999", "")
Act = Callable[[Profile], object]


def _whole(profile: Profile, kind: str) -> int:
    with batches.whole_list(profile.desk, ListQuery(kind)) as (_, rows):
        return len(list(rows))


def _verbs(kind: str) -> dict[Verb, Act]:
    return {
        Verb.LIST: lambda p: p.desk.open_list(ListQuery(kind)),
        Verb.VIEW: lambda p: p.desk.view(kind, "none"),
        Verb.REGISTER: lambda p: p.desk.register(kind, {}),
        Verb.AMEND: lambda p: p.desk.amend(kind, "none", {}),
        Verb.DELETE: lambda p: p.desk.delete(kind, "none"),
        Verb.ACTIVATE: lambda p: p.desk.activate(kind, "none", {}),
        Verb.IMPORT: lambda p: batches.existing(p.desk, kind, all_records()[kind].plain[0], ()),
        Verb.EXPORT: lambda p: _whole(p, kind),
    }


def _stock(profile: Profile) -> StockDesk:
    return StockDesk(profile.desk)


def _deed(deed: str) -> Act:
    return lambda p: _stock(p).do(deed, [NOWHERE], reason="因", place="处", holder="SQ1")


GROUP = tuple(next(iter(table(name))) for name in ("component", "abo", "rhd"))
#: Acts that belong to no verb, by the permission that they ask.
OTHER: list[tuple[str, str, Act]] = [
    *((f"stock:{deed}", deed, _deed(deed)) for deed in DEEDS),
    ("stock:take", "count", lambda p: _stock(p).count([])),
    ("stock:level", "level", lambda p: _stock(p).set_level(GROUP, 1)),  # type: ignore[arg-type]
    ("queue", "retry", lambda p: p.desk.queue.retry(999)),
    ("settle", "settle", lambda p: p.desk.queue.settle(999, reason="因")),
    ("merge-patients", "merge", lambda p: patients.merge(p.desk, "1", "2", reason="因")),
    ("register:stock_in", "draft", lambda p: p.desk.drafts.keep("stock_in", "d", {})),
    ("register:stock_in", "draft line", lambda p: p.desk.drafts.keep_line("stock_in", "d", "bags", "l", {}, head={})),
    ("administer-persons", "add", lambda p: p.persons.add(_me(p), "x", "", [], "")),
    ("administer-persons", "change", lambda p: p.persons.change(_me(p), "none", name="x")),
    ("administer-persons", "password", lambda p: p.persons.set_password(_me(p), "none", "")),
    ("administer-persons", "disable", lambda p: p.persons.disable(_me(p), "none")),
    ("administer-persons", "enable", lambda p: p.persons.enable(_me(p), "none")),
    # What everybody may who has signed in with any role.
    ("list:stock", "groups", lambda p: _stock(p).groups()),
    ("list:stock", "bags", lambda p: _stock(p).bags(StockQuery())),
    ("list:stock", "places", lambda p: _stock(p).places_and_bags()),
    ("list:stock", "bag", lambda p: p.desk.bag_in_stock(NOWHERE)),
    ("list:stock", "delivery", lambda p: receiving.progress(p.desk, "none")),
    ("view:trace", "life", lambda p: _stock(p).life(NOWHERE)),
    ("view:trace", "trace", lambda p: trace.trace(p.desk, "none")),
    ("view:trace", "trace bag", lambda p: trace.trace_bag(p.desk, NOWHERE)),
    ("view:trace", "trace record", lambda p: trace.trace_record(p.desk, "stock_in", "none")),
    ("view:patient", "patient", lambda p: patients.history(p.desk, "none")),
    ("view:file", "file", lambda p: p.desk.read_file("0" * 64)),
    ("list:queue", "queue", lambda p: p.desk.queue.rows()),
    ("list:drafts", "drafts", lambda p: p.desk.drafts.all()),
    ("list:drafts", "a draft", lambda p: p.desk.drafts.find("none")),
    ("sign-exceptions", "sign", lambda p: alerts.sign(p.desk, comment="")),
    ("list:alerts", "exceptions", lambda p: alerts.exceptions(p.desk, unsigned_only=True)),
    ("list:alerts", "statistics", lambda p: alerts.statistics(p.desk, alerts.period(p.desk))),
    ("list:alerts", "of a rule", lambda p: alerts.of_rule(p.desk, "none", alerts.period(p.desk))),
    ("list:alerts", "an alert", lambda p: alerts.find(p.desk, 0)),
    ("register:near_miss", "near miss", lambda p: near_misses.begin(p.desk, near_misses.Told("scan", "", ""))),
    ("list:duties", "duties", lambda p: duties.waiting(p.desk)),
    ("amend:duties", "close a duty", lambda p: duties.answer(p.desk, "none", "")),
]


def _me(profile: Profile) -> Person:
    assert profile.desk.person is not None
    return profile.desk.person


def _cases() -> Iterator[Any]:
    for kind, declared in all_records().items():
        for verb in sorted(declared.verbs):
            yield pytest.param(f"{verb}:{kind}", _verbs(kind)[verb], id=f"{verb}-{kind}")
    for permission, name, act in OTHER:
        yield pytest.param(permission, act, id=f"{permission}-{name}")


LOOKS = {
    "list:stock",
    "view:trace",
    "view:patient",
    "view:file",
    "list:queue",
    "list:drafts",
    "list:alerts",
    "list:duties",
}
CASES = list(_cases())


def _code(act: Act, profile: Profile) -> str:
    try:
        act(profile)
    except KnownProblem as problem:
        return problem.code
    return "done"


def _refusals(profile: Profile) -> list[tuple[str, str]]:
    with profile.store.read() as tx:
        found = tx.execute(text("SELECT actor, object FROM audit WHERE action = 'refused' ORDER BY seq")).all()
    return [tuple(row) for row in found]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("permission", "act"), CASES)
def test_who_lacks_the_role_is_refused_and_who_has_it_is_not(
    permission: str, act: Act, role: str, shared: Profile
) -> None:
    """Without the role the act changes nothing, names who may, and the refusal stands in the audit; with it, it goes on."""
    person = seat(shared, f"独{role}", role)
    may = expected(permission) if permission not in LOOKS else frozenset(ROLES)
    if role in may:
        assert _code(act, shared) not in ("role-missing", "not-signed-in")
        return
    before = census(shared.store)
    seen = len(_refusals(shared))
    with pytest.raises(KnownProblem) as caught:
        act(shared)
    assert caught.value.code == "role-missing"
    words = [table("role").word(one) for one in ROLES if one in may]
    assert all(word in caught.value.message for word in words) and person.name in caught.value.message
    assert _refusals(shared)[seen:] == [(person.actor, f"permission/{permission}")]
    assert census(shared.store) == before


@pytest.mark.parametrize(("permission", "act"), [case for case in CASES if "administer" not in str(case.id)])
def test_without_a_sign_in_nothing_is_done_or_shown(permission: str, act: Act, shared: Profile) -> None:
    """Whoever has not signed in can neither act nor look, and is told to sign in."""
    nobody(shared)
    before = census(shared.store)
    assert _code(act, shared) == "not-signed-in"
    assert census(shared.store) == before


@pytest.mark.parametrize(("permission", "act"), CASES)
def test_a_person_without_roles_may_nothing(permission: str, act: Act, shared: Profile) -> None:
    """Signed in is not allowed: who has no role at all is refused everything."""
    seat(shared, "无", "none")
    assert _code(act, shared) == "role-missing"


def test_a_batch_is_undone_only_by_who_may_delete(shared: Profile) -> None:
    """Who brought records in may not take them back without the right to delete; nothing of the batch is touched."""
    kind = "transfusion_request"
    seat(shared, "独technician", "technician")
    number = record_type(kind).fields["request_no"]
    look = batches.Examination(shared.desk, kind)
    look.look([request_values(77)])
    candidate = look.examine(request_values(77))
    made = batches.register_all(shared.desk, kind, [candidate], number=number, source="x.xlsx")
    assert _code(lambda p: batches.undo(p.desk, made.batch_id), shared) == "role-missing"
    assert batches.batch(shared.desk, made.batch_id).undone_at is None
    seat(shared, "独reviewer", "reviewer")
    assert batches.undo(shared.desk, made.batch_id).deleted == 1


def test_a_role_taken_away_ends_with_the_next_act(shared: Profile) -> None:
    """Roles are read at each act: who loses one while signed in is refused at once, who gets one may at once."""
    administrator = seat(shared, "管", "administrator")
    shared.desk.persons = Persons(shared.store, shared.desk.clock, cost=Cost(1, 8, 1))
    added = shared.persons.add(administrator, f"u{new_id()[:8]}", "变", ["technician"], "first-word-1")
    shared.persons.own_password(added, "first-word-1", "second-word-2")
    shared.desk.person = added
    assert _code(lambda p: p.desk.register("stock_in", {}), shared) == "refused"
    shared.persons.change(administrator, added.id, roles=["viewer"])
    assert _code(lambda p: p.desk.register("stock_in", {}), shared) == "role-missing"
    assert shared.desk.person is not None and shared.desk.person.roles == {"viewer"}
    shared.persons.change(administrator, added.id, roles=["reviewer"])
    assert _code(lambda p: p.desk.delete("stock_in", "none"), shared) != "role-missing"
    shared.persons.disable(administrator, added.id)
    assert _code(lambda p: p.desk.open_list(ListQuery("stock_in")), shared) == "signed-out"
