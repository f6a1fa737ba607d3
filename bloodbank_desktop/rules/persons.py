"""Who acts, with which roles, and what a role may do; which permissions a role has is one table that a person can review.

A name that somebody types proves nothing. A `Person` comes from a sign-in with an own password, a `Signature` from a
second sign-in at the same screen, and it holds for one purpose and a few minutes only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import VERB_WORDS, Verb
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.bag_life import EVENTS

ROLES = table("role")
_SPECIAL = table("permission")
#: How long a second person's signature may be used after it was given.
HOLDS = timedelta(minutes=10)
_ANY = "*"


@dataclass(frozen=True)
class Person:
    """One who has signed in; `login` is what differs between two persons of the same name."""

    id: str
    login: str
    name: str
    roles: frozenset[str]

    @property
    def actor(self) -> str:
        """How the audit names this person: the name, and the login in brackets."""
        return f"{self.name}（{self.login}）"

    def may(self, permission: str) -> bool:
        """Return whether one of the roles has this permission."""
        return _among(permission, permissions(self.roles))


@dataclass(frozen=True)
class Signature:
    """Proof that a second person signed in at this screen, for `purpose`, at this moment."""

    person: Person
    purpose: str
    at: datetime


def permissions(roles: Iterable[str]) -> frozenset[str]:
    """Return what roles may do as the table writes it, wildcards included; an unknown role may nothing."""
    return frozenset(one for role in roles for one in ROLES.facet(role, "permissions") or ())


def holders(permission: str) -> tuple[str, ...]:
    """Return the words of the roles that have a permission, in the order of the table."""
    return tuple(ROLES.word(role) for role in ROLES if _among(permission, permissions([role])))


def said(permission: str) -> str:
    """Return a permission in words, as the act that it allows: "删除临床用血出库"."""
    verb, _, what = permission.partition(":")
    if permission in _SPECIAL:
        return _SPECIAL.word(permission)
    if what in all_records():
        return f"{VERB_WORDS[Verb(verb)]}{all_records()[what].label}"
    return f"登记血袋{EVENTS.word(what)}"


def holds(signature: Signature | None, purpose: str, now: datetime) -> bool:
    """Return whether a signature may be used for a purpose now; one from the future, by a clock set back, may not."""
    return signature is not None and signature.purpose == purpose and signature.at <= now < signature.at + HOLDS


def _among(permission: str, allowed: frozenset[str]) -> bool:
    verb, colon, what = permission.partition(":")
    if _ANY in permission:
        return False
    if permission in allowed:
        return True
    return bool(verb and colon and what) and not allowed.isdisjoint((f"{verb}:{_ANY}", f"{_ANY}:{what}"))
