"""Roles and signatures as values: who may what, by a table written by hand, and how long a second signature holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.rules import persons
from bloodbank_desktop.rules.persons import Person, Signature, holders, holds
from tests.rules.role_table import MAY, ROLES, WORDS, expected
from tests.samples import NOW

EVERY = sorted({*MAY, *(f"{verb}:{kind}" for kind, of in all_records().items() for verb in of.verbs)})


def person(*roles: str) -> Person:
    """Return a person with these roles."""
    return Person("p1", "xl", "训练员", frozenset(roles))


def test_the_roles_are_exactly_the_declared_five() -> None:
    """There are five roles, in this order and with these words."""
    assert [(key, persons.ROLES.word(key)) for key in persons.ROLES] == list(zip(ROLES, WORDS, strict=True))


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("permission", EVERY)
def test_every_cell_of_the_role_table(role: str, permission: str) -> None:
    """A role may exactly what the table written by hand says, for every verb of every module and every special right."""
    assert person(role).may(permission) is (role in expected(permission))


@pytest.mark.parametrize("permission", EVERY)
def test_the_message_names_exactly_the_roles_that_may(permission: str) -> None:
    """Who is named as allowed is who is allowed."""
    assert holders(permission) == tuple(w for r, w in zip(ROLES, WORDS, strict=True) if r in expected(permission))


def test_several_roles_add_up_and_none_gives_nothing() -> None:
    """Rights of several roles add up; no role and a role nobody declared give no right at all."""
    assert person("administrator", "technician").may("register:clinical_issue")
    assert person("administrator", "technician").may("administer-persons")
    assert not any(person(*roles).may(one) for roles in ((), ("owner",)) for one in EVERY)


@pytest.mark.parametrize("asked", ["", "*", "register", "register:", ":stock_in", "*:*", "administer", "queue:x"])
def test_what_is_no_permission_is_nobodys(asked: str) -> None:
    """A permission that names no act is refused to everybody, never matched by accident."""
    assert not any(person(role).may(asked) for role in ROLES)


def test_a_wildcard_on_the_side_of_the_verb(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "*:stock_in" in the table gives every verb of that module and of no other."""
    monkeypatch.setattr(persons, "permissions", lambda roles: frozenset({"*:stock_in"}))
    assert person().may("register:stock_in")
    assert person().may("delete:stock_in")
    assert not person().may("register:clinical_issue")


@pytest.mark.parametrize(
    ("seconds", "purpose", "answer"),
    [(0, "交接", True), (599, "交接", True), (600, "交接", False), (-1, "交接", False), (0, "接收", False)],
)
def test_a_signature_holds_ten_minutes_and_for_its_purpose(seconds: int, purpose: str, answer: bool) -> None:
    """A signature holds from its moment for less than ten minutes, and only for the purpose that was signed."""
    signature = Signature(person("viewer"), "交接", NOW)
    assert holds(signature, purpose, NOW + timedelta(seconds=seconds)) is answer
    assert not holds(None, purpose, NOW)


def test_two_persons_of_one_name_differ_in_the_audit() -> None:
    """The audit's actor has the login beside the name."""
    assert Person("1", "a", "王练", frozenset()).actor != Person("2", "b", "王练", frozenset()).actor


def test_a_permission_in_words() -> None:
    """Who lacks a right reads which: a special right, a verb of a module, or an event of a bag."""
    words = {
        "selfcheck": "运行自检",
        "register:stock_in": "登记血袋入库",
        "delete:transfusion_request": "删除输血申请单",
    }
    words["stock:quarantine"] = "登记血袋隔离"
    assert {permission: persons.said(permission) for permission in words} == words
    assert person("technician").may("*") is False
