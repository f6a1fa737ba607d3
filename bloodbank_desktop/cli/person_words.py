"""Words about persons: who may sign in here, with which roles; the first of them is made where nobody is yet.

A password is never an argument: the list of processes shows those to everybody on the machine.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.cli.calling import YES, AddWord, new_password, password, profile, say
from bloodbank_desktop.errors import KnownProblem

if TYPE_CHECKING:
    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.operations.persons import Account
    from bloodbank_desktop.rules.persons import Person


def add(word: AddWord) -> None:
    """Add the words to the grammar."""
    made = word("person", _person, "list, add, rename, roles, password, disable, enable persons; the first add is free")
    made.add_argument("act", choices=sorted(_ACTS), metavar="ACT")
    made.add_argument("login", nargs="?", default="", metavar="LOGIN")
    made.add_argument("--name", default="", metavar="NAME", help="name of a person, for add and rename")
    made.add_argument("--role", dest="roles", action="append", default=[], metavar="ROLE", help="may be repeated")


def _person(options: argparse.Namespace) -> int:
    if options.act != "list" and not options.login:
        raise KnownProblem(f"请写明登录名：person {options.act} LOGIN", code="wrong-act")
    with profile(options) as opened:
        say(_ACTS[options.act](opened, options))
    return YES


def _by(opened: Profile) -> Person:
    opened.desk.need("administer-persons")
    assert opened.desk.person is not None
    return opened.desk.person


def _list(opened: Profile, options: argparse.Namespace) -> Any:
    _by(opened)
    return [_shown(one) for one in opened.persons.all()]


def _add(opened: Profile, options: argparse.Namespace) -> Any:
    persons, login = opened.persons, options.login
    if not persons.any():
        made = persons.first_administrator(login, options.name, new_password(options, login))
    else:
        made = persons.add(_by(opened), login, options.name, options.roles, new_password(options, login))
    return _one(opened, made.login)


def _rename(opened: Profile, options: argparse.Namespace) -> Any:
    opened.persons.change(_by(opened), opened.persons.find(options.login).id, name=options.name)
    return _one(opened, options.login)


def _roles(opened: Profile, options: argparse.Namespace) -> Any:
    opened.persons.change(_by(opened), opened.persons.find(options.login).id, roles=options.roles)
    return _one(opened, options.login)


def _password(opened: Profile, options: argparse.Namespace) -> Any:
    person, persons = opened.desk.person, opened.persons
    wanted = persons.find(options.login)
    if person is not None and person.id == wanted.id:
        # In training nobody gave one on the way in.
        old = password(options, wanted.login)
        persons.own_password(person, old, new_password(options, wanted.login))
    else:
        persons.set_password(_by(opened), wanted.id, new_password(options, wanted.login))
    return _one(opened, options.login)


def _disable(opened: Profile, options: argparse.Namespace) -> Any:
    opened.persons.disable(_by(opened), opened.persons.find(options.login).id)
    return _one(opened, options.login)


def _enable(opened: Profile, options: argparse.Namespace) -> Any:
    opened.persons.enable(_by(opened), opened.persons.find(options.login).id)
    return _one(opened, options.login)


def _one(opened: Profile, login: str) -> Any:
    wanted = opened.persons.find(login)
    return next(_shown(one) for one in opened.persons.all() if one.person.id == wanted.id)


def _shown(one: Account) -> dict[str, Any]:
    return {
        "login": one.person.login,
        "name": one.person.name,
        "roles": sorted(one.person.roles),
        "own_password": one.own_password,
        "disabled_at": one.disabled_at,
        "locked_until": one.locked_until,
    }


_ACTS: dict[str, Callable[[Profile, argparse.Namespace], Any]] = {
    "list": _list,
    "add": _add,
    "rename": _rename,
    "roles": _roles,
    "password": _password,
    "disable": _disable,
    "enable": _enable,
}
