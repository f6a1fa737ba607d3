"""Signing in: proven by an own password, offline, counted in the file, and told in the audit without a secret."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bloodbank_desktop import passwords
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import training_persons
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.operations.persons import FREE_FAILURES, LONGEST_WAIT, Persons
from bloodbank_desktop.passwords import PRODUCT, Cost
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.rules.persons import Person, Signature
from bloodbank_desktop.secrets import TrainingKey
from bloodbank_desktop.storage import person_rows
from tests.support import REFUSED, FakeClock, bare, census, seat

CHEAP = Cost(1, 8, 1)
ONE, TWO = "first-word-1", "second-word-2"


@pytest.fixture
def persons(profile: Profile) -> Persons:
    """The persons of the profile, at a cost for tests."""
    profile.desk.persons = Persons(profile.store, profile.desk.clock, cost=CHEAP, training=True)
    return profile.persons


@pytest.fixture
def boss(profile: Profile) -> Person:
    """An administrator and nothing else."""
    return seat(profile, "管", "administrator")


def member(persons: Persons, boss: Person, login: str = "1001", name: str = "练甲", *roles: str) -> Person:
    """Return a new person who has chosen an own password, TWO."""
    made = persons.add(boss, login, name, roles or ["technician"], ONE)
    persons.own_password(made, ONE, TWO)
    return made


def audited(profile: Profile) -> list[tuple[str, str, str, str]]:
    """Return actor, action, object and detail of every audit row about persons."""
    query = "SELECT actor, action, object, detail FROM audit WHERE object LIKE 'person/%' ORDER BY seq"
    with profile.store.read() as tx:
        return [tuple(row) for row in tx.execute(text(query)).all()]


def refused(act: Any) -> str:
    """Return the code of a refusal; for several problems, all their codes."""
    with pytest.raises(KnownProblem) as caught:
        act()
    problem = caught.value
    return ",".join(one.code for one in problem.problems) if isinstance(problem, Refused) else problem.code


# -- a new file ------------------------------------------------------------------------------------------------------


@pytest.fixture
def hospital(tmp_path: Path, clock: FakeClock) -> Any:
    """A real profile: nobody is known, nobody sits."""
    made = open_profile(tmp_path, training=False, clock=clock, keeper=TrainingKey(tmp_path))
    made.desk.persons = Persons(made.store, clock, cost=CHEAP)
    yield made
    made.close()


def test_a_real_file_begins_with_its_first_administrator(hospital: Profile) -> None:
    """Nobody is there and nobody acts; exactly one first administrator can be named, who may not issue blood."""
    assert not hospital.persons.any() and hospital.persons.all() == [] and hospital.desk.person is None
    first = hospital.persons.first_administrator(" Wang01 ", "王练", ONE)
    assert (first.login, first.name, first.roles) == ("wang01", "王练", frozenset({"administrator"}))
    assert hospital.persons.any() and hospital.persons.sign_in("ＷＡＮＧ01", ONE) == first
    assert refused(lambda: hospital.persons.first_administrator("other", "李拟", ONE)) == "not-the-first"
    hospital.desk.person = first
    assert refused(lambda: hospital.desk.register("clinical_issue", {})) == "role-missing"
    assert audited(hospital)[0][:3] == ("王练（wang01）", "person-add", "person/wang01")


def test_no_training_person_and_no_training_password_in_a_real_file(hospital: Profile) -> None:
    """A real file has none of the synthetic persons, takes their password from nobody, and lets nobody step in."""
    word = training_persons.password()
    assert refused(lambda: hospital.persons.first_administrator("wang01", "王练", word)) == "password-weak"
    with pytest.raises(PermissionError):
        hospital.persons.step_in("xl")
    with pytest.raises(PermissionError):
        hospital.persons.vouch("xl", "交接")
    assert refused(lambda: hospital.persons.sign_in("xl", word)) == "sign-in-failed"


def test_training_begins_with_one_person_of_each_role(profile: Profile) -> None:
    """The training file has 训练员 with all working roles and one person per role; the printed password is theirs."""
    known = training_persons.known()
    assert known[training_persons.TRAINER] == (
        "训练员",
        frozenset({"technician", "reviewer", "director", "administrator"}),
    )
    assert sorted(next(iter(held)) for _, held in known.values() if len(held) == 1) == sorted(
        ("technician", "reviewer", "director", "administrator", "viewer")
    )
    with profile.store.read() as tx:
        for login in known:
            row = person_rows.by_login(tx, login)
            assert row is not None and passwords.matches(row.verifier, training_persons.password())
            assert not passwords.outdated(row.verifier, PRODUCT)


# -- signing in ------------------------------------------------------------------------------------------------------


def test_unknown_login_and_wrong_password_are_told_alike(persons: Persons, boss: Person, profile: Profile) -> None:
    """The same sentence and code; and both cost one verification, made with the same parameters."""
    member(persons, boss)
    told = set()
    for login, word in (("1001", "wrong-word-1"), ("nobody", TWO), ("", ""), ("1001", TWO + " ")):
        with pytest.raises(KnownProblem) as caught:
            persons.sign_in(login, word)
        told.add((caught.value.code, caught.value.message))
    assert len(told) == 1 and told.pop()[0] == "sign-in-failed"


def test_an_unknown_login_costs_as_much_as_a_known_one(
    persons: Persons, boss: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each attempt runs argon2 exactly once, whoever it is for."""
    member(persons, boss)
    work: list[str] = []
    make, match = passwords.verifier, passwords.matches
    monkeypatch.setattr(passwords, "verifier", lambda *given: work.append("make") or make(*given))  # type: ignore[func-returns-value]
    monkeypatch.setattr(passwords, "matches", lambda *given: work.append("match") or match(*given))  # type: ignore[func-returns-value]
    for login in ("nobody", "1001"):
        work.clear()
        assert refused(lambda login=login: persons.sign_in(login, ONE)) == "sign-in-failed"
        assert len(work) == 1


def test_failures_are_counted_in_the_file_and_the_wait_grows(
    persons: Persons, boss: Person, profile: Profile, clock: FakeClock
) -> None:
    """The fifth failure in a row begins a wait that doubles; even the right password waits; success begins anew."""
    member(persons, boss)
    for _ in range(FREE_FAILURES):
        assert refused(lambda: persons.sign_in("1001", ONE)) == "sign-in-failed"
    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        # A restart in between: nothing is known but the file.
        again = Persons(profile.store, clock, cost=CHEAP)
        assert refused(lambda again=again: again.sign_in("1001", TWO)) == "sign-in-locked"
        clock.advance(minutes=minutes, seconds=-1)
        assert refused(lambda again=again: again.sign_in("1001", TWO)) == "sign-in-locked"
        clock.advance(seconds=1)
        assert refused(lambda again=again: again.sign_in("1001", ONE)) == "sign-in-failed"
    clock.advance(minutes=60)
    assert persons.sign_in("1001", TWO).name == "练甲"
    assert refused(lambda: persons.sign_in("1001", ONE)) == "sign-in-failed"
    assert persons.sign_in("1001", TWO).name == "练甲"


def test_a_wait_of_one_person_is_nobody_elses(persons: Persons, boss: Person, clock: FakeClock) -> None:
    """While one is locked another signs in; an unknown login is locked in the same way, so that it tells nothing."""
    member(persons, boss)
    member(persons, boss, "1002", "练乙")
    for login in ("1001", "nobody"):
        codes = [refused(lambda login=login: persons.sign_in(login, ONE)) for _ in range(FREE_FAILURES + 1)]
        assert codes == ["sign-in-failed"] * FREE_FAILURES + ["sign-in-locked"]
    assert persons.sign_in("1002", TWO).name == "练乙"


def test_a_clock_that_is_moved_ends_no_wait(persons: Persons, boss: Person, clock: FakeClock) -> None:
    """Set back, the wait begins anew and ends; set forward in the running program, it does not end."""

    class Moved(FakeClock):
        """A wall clock that somebody sets; the other one goes on."""

        def monotonic(self) -> float:
            return steady[0]

    steady = [1000.0]
    moved = Moved(clock.at)
    store = persons._store
    mine = Persons(store, moved, cost=CHEAP)
    member(mine, boss)
    for _ in range(FREE_FAILURES):
        refused(lambda: mine.sign_in("1001", ONE))
    moved.advance(hours=5)
    assert refused(lambda: mine.sign_in("1001", TWO)) == "sign-in-locked"
    steady[0] += 61
    moved.advance(hours=-10)
    assert refused(lambda: mine.sign_in("1001", TWO)) == "sign-in-locked"
    moved.advance(seconds=61)
    steady[0] += 61
    assert mine.sign_in("1001", TWO).name == "练甲"
    assert timedelta(minutes=61) > LONGEST_WAIT


def test_the_administrator_ends_a_wait_by_a_new_password(persons: Persons, boss: Person) -> None:
    """A forgotten password is set anew, which ends the wait; until it is an own one, nothing can be done with it."""
    person = member(persons, boss)
    for _ in range(FREE_FAILURES + 1):
        refused(lambda: persons.sign_in("1001", ONE))
    assert persons.all()[0].locked_until is not None
    persons.set_password(boss, person.id, "third-word-3")
    assert persons.all()[0].locked_until is None
    assert persons.sign_in("1001", "third-word-3") == person and not persons.chose_password(person)
    assert refused(lambda: persons.countersign("1001", "third-word-3", "交接")) == "password-to-change"
    assert refused(lambda: persons.set_password(boss, boss.id, "third-word-3")) == "own-password"


def test_a_password_of_somebody_else_allows_nothing(persons: Persons, boss: Person, profile: Profile) -> None:
    """Who was given a password chooses an own one before the first act."""
    made = persons.add(boss, "1001", "练甲", ["technician"], ONE)
    profile.desk.person = persons.sign_in("1001", ONE)
    assert refused(lambda: profile.desk.register("stock_in", {})) == "password-to-change"
    assert refused(lambda: persons.own_password(made, "wrong-word-9", TWO)) == "sign-in-failed"
    assert refused(lambda: persons.own_password(made, ONE, ONE)) == "password-same"
    assert refused(lambda: persons.own_password(made, ONE, "short1")) == "password-weak"
    persons.own_password(made, ONE, TWO)
    assert refused(lambda: profile.desk.register("stock_in", {})) != "password-to-change"
    assert refused(lambda: persons.sign_in("1001", ONE)) == "sign-in-failed"


def test_disabled_is_not_deleted(persons: Persons, boss: Person, profile: Profile) -> None:
    """A disabled person can neither sign in nor sign, is told nothing more than a stranger, and can come back."""
    person = member(persons, boss)
    persons.disable(boss, person.id)
    assert refused(lambda: persons.sign_in("1001", TWO)) == "sign-in-failed"
    assert refused(lambda: persons.countersign("1001", TWO, "交接")) == "sign-in-failed"
    found = next(one for one in persons.all() if one.person.id == person.id)
    assert found.disabled_at is not None
    persons.enable(boss, person.id)
    assert persons.sign_in("1001", TWO) == person


def test_the_last_administrator_stays(persons: Persons, boss: Person, profile: Profile) -> None:
    """Neither disabling nor a change of roles leaves a file that nobody can administer."""
    for account in persons.all():
        if "administrator" in account.person.roles and account.person.id != boss.id:
            persons.disable(boss, account.person.id)
    assert refused(lambda: persons.disable(boss, boss.id)) == "last-administrator"
    assert refused(lambda: persons.change(boss, boss.id, roles=["viewer"])) == "last-administrator"
    other = persons.add(boss, "1003", "练丙", ["administrator"], ONE)
    persons.change(boss, boss.id, roles=["viewer"])
    assert refused(lambda: persons.change(boss, other.id, roles=["viewer"])) == "role-missing"


@pytest.mark.parametrize(
    ("login", "name", "roles", "word", "codes"),
    [
        ("", "", [], "", "name-missing,roles-missing,login-form,password-weak"),
        ("工号", "练甲", ["technician"], ONE, "login-form"),
        ("a b", "练甲", ["technician"], ONE, "login-form"),
        ("x", "练甲", ["technician"], ONE, "login-form"),
        ("1001", "练\n甲", ["technician"], ONE, "name-form"),
        ("1001", "练" * 41, ["technician"], ONE, "name-form"),
        ("1001", "练甲", ["owner"], ONE, "role-unknown"),
        ("xl", "练甲", ["technician"], ONE, "login-taken"),
        ("XL", "练甲", ["technician"], ONE, "login-taken"),
        ("1001", "练甲", ["technician"], "abcdefg", "password-weak"),
        ("1001", "练甲", ["technician"], "abcdefgh", "password-weak"),
        ("1001", "练甲", ["technician"], "74185296", "password-weak"),
        ("1001", "练甲", ["technician"], "Password1", "password-weak"),
        ("1001", "练甲", ["technician"], "a1a1a1a1", "password-weak"),
        ("ward7", "练甲", ["technician"], "my-ward7-9", "password-weak"),
        ("1001", "练甲", ["technician"], "x1" * 65, "password-weak"),
    ],
)
def test_what_is_wrong_with_a_new_person_is_said(
    login: str, name: str, roles: list[str], word: str, codes: str, persons: Persons, boss: Person, profile: Profile
) -> None:
    """Each thing wrong is a problem at its field, and nobody is added."""
    before = census(profile.store)["persons"]
    assert refused(lambda: persons.add(boss, login, name, roles, word)) == codes
    assert census(profile.store)["persons"] == before


def test_a_verifier_of_lesser_cost_is_made_anew(persons: Persons, boss: Person, profile: Profile) -> None:
    """Signing in brings the verifier up to today's parameters; a wrong password does not."""
    person = member(persons, boss)
    dearer = Persons(profile.store, profile.desk.clock, cost=Cost(2, 16, 1))

    def kept() -> str:
        with profile.store.read() as tx:
            row = person_rows.find(tx, person.id)
        assert row is not None
        return row.verifier

    old = kept()
    refused(lambda: dearer.sign_in("1001", ONE))
    assert kept() == old
    assert dearer.sign_in("1001", TWO) == person
    new = kept()
    assert new != old and "t=2" in new and dearer.sign_in("1001", TWO) == person and kept() == new


def test_the_product_hashes_as_dear_as_was_decided() -> None:
    """argon2id, 64 MiB, three passes; what a sign-in costs is never lowered by accident."""
    made = passwords.verifier(ONE)
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$") and passwords.verifier(ONE) != made
    assert passwords.matches(made, ONE) and not passwords.matches(made, TWO)
    assert not passwords.matches("", ONE) and not passwords.matches("$argon2id$damaged", ONE)
    assert Persons.__init__.__kwdefaults__ == {"cost": PRODUCT, "training": False}


def test_full_width_keys_give_the_same_password(persons: Persons, boss: Person) -> None:
    """An input method in full width does not lock anybody out."""
    person = member(persons, boss)
    assert persons.sign_in("１００１", "ｓｅｃｏｎｄ－ｗｏｒｄ－２") == person


# -- the second person -----------------------------------------------------------------------------------------------


def test_a_second_person_signs_for_a_purpose(
    persons: Persons, boss: Person, profile: Profile, clock: FakeClock
) -> None:
    """A signature is another person's, for one purpose and ten minutes; each way round that is refused."""
    first = member(persons, boss)
    viewer = member(persons, boss, "1002", "练乙", "viewer")
    profile.desk.person = first
    signed = persons.countersign("1002", TWO, "交接", first=first)
    assert signed == Signature(viewer, "交接", clock.now())
    assert profile.desk.need_second(signed, "交接") == viewer
    assert refused(lambda: profile.desk.need_second(signed, "接收")) == "second-missing"
    assert refused(lambda: profile.desk.need_second(None, "交接")) == "second-missing"
    assert refused(lambda: persons.countersign("1001", TWO, "交接", first=first)) == "second-same"
    own = persons.countersign("1001", TWO, "交接")
    assert refused(lambda: profile.desk.need_second(own, "交接")) == "second-same"
    clock.advance(minutes=10)
    assert refused(lambda: profile.desk.need_second(signed, "交接")) == "second-missing"
    again = persons.countersign("1002", TWO, "交接")
    persons.disable(boss, viewer.id)
    assert refused(lambda: profile.desk.need_second(again, "交接")) == "second-missing"


def test_a_wrong_second_password_counts_as_well(persons: Persons, boss: Person) -> None:
    """Guessing at the second signature is guessing: the wait is the same one."""
    member(persons, boss)
    for _ in range(FREE_FAILURES):
        assert refused(lambda: persons.countersign("1001", ONE, "交接")) == "sign-in-failed"
    assert refused(lambda: persons.sign_in("1001", TWO)) == "sign-in-locked"


# -- what stays ------------------------------------------------------------------------------------------------------


def test_everything_about_a_person_stands_in_the_audit(persons: Persons, boss: Person, profile: Profile) -> None:
    """Added, changed, password, disabled, enabled, signed in, failed, locked: who, to whom, and what was before."""
    person = member(persons, boss)
    persons.change(boss, person.id, name="练新", roles=["reviewer"])
    persons.sign_in("1001", TWO)
    persons.countersign("1001", TWO, "交接")
    persons.sign_out(person, "lock")
    for _ in range(FREE_FAILURES + 1):
        refused(lambda: persons.sign_in("1001", ONE))
    refused(lambda: persons.sign_in("secret-word-7", ONE))
    persons.set_password(boss, person.id, "third-word-3")
    persons.disable(boss, person.id)
    persons.enable(boss, person.id)
    rows = audited(profile)
    by_boss = [row[1] for row in rows if row[0] == boss.actor]
    assert by_boss == ["person-add", "person-change", "person-password", "person-disable", "person-enable"]
    actions = [row[1] for row in rows]
    assert actions.count("sign-in-failed") == FREE_FAILURES + 1
    assert {"own-password", "sign-in", "countersign", "lock", "sign-in-locked"} <= set(actions)
    changed = next(row[3] for row in rows if row[1] == "person-change")
    assert all(word in changed for word in ("练甲", "练新", "technician", "reviewer"))
    assert not any("secret-word-7" in str(row) for row in rows)


def test_no_password_and_no_verifier_leaves_the_file(
    persons: Persons, boss: Person, profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the log, nor an error, nor the audit, nor what is shown of a person bears a password or its verifier."""
    caplog.set_level(logging.DEBUG)
    person = member(persons, boss)
    told = [repr(persons.sign_in("1001", TWO)), repr(persons.all()), repr(persons)]
    with pytest.raises(KnownProblem) as caught:
        persons.sign_in("1001", "wrong-word-1")
    told += [str(caught.value), repr(caught.value.__dict__), caplog.text, str(audited(profile))]
    with profile.store.read() as tx:
        row = person_rows.find(tx, person.id)
        assert row is not None and row.verifier.startswith("$argon2id$")
        told.append(repr(row))
        tables = {name: rows for name, rows in census(profile.store).items() if name != "persons"}
    told.append(str(tables))
    for secret in (ONE, TWO, "wrong-word-1", row.verifier, "argon2id"):
        assert not any(secret in text_ for text_ in told)


def test_an_error_of_the_file_bears_no_verifier(persons: Persons, boss: Person, profile: Profile) -> None:
    """Even a mistake of ours while writing a person gives an error, and a crash report, without what was to be written."""
    from bloodbank_desktop.ui import report

    person = member(persons, boss)
    with profile.store.read() as tx:
        row = person_rows.find(tx, person.id)
    assert row is not None
    with pytest.raises(Exception) as caught, profile.store.write() as tx:
        person_rows.add(tx, row)
    told = str(caught.value) + repr(caught.value) + report.make(caught.value, profile.desk.clock.now())
    assert "persons" in told and row.verifier not in told and "argon2id" not in told and "练甲" not in told


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM persons",
        "UPDATE persons SET login = 'other' WHERE login = '1001'",
        "UPDATE persons SET id = 'other' WHERE login = '1001'",
        "INSERT OR REPLACE INTO persons SELECT * FROM persons WHERE login = '1001'",
    ],
)
def test_the_file_itself_keeps_its_persons(statement: str, persons: Persons, boss: Person, profile: Profile) -> None:
    """No tool deletes a person or gives a login to another one."""
    member(persons, boss)
    with bare(profile.folder) as connection, pytest.raises(REFUSED):
        connection.execute(statement)
