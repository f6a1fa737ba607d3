"""The seat of whoever acts: one store, one clock, one person, shared by everything that is done from it.

A person who changes changes for all of it at once, so that no act is written in the name of the one before. What the
person may is read anew from the file at each act: a role taken away an hour ago must not act on.
"""

from __future__ import annotations

from typing import Any

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.rules.persons import ROLES, Person, Signature, holders, holds, said
from bloodbank_desktop.storage import audit, person_rows
from bloodbank_desktop.storage.store import Store, Transaction

#: What the file or its disk refuses, as opposed to what the program refuses.
ENVIRONMENT = frozenset({"disk-full", "disk-error", "read-only", "cannot-open", "locked"})


class Seat:
    """A store with the clock and the `person` in whose name it is used; None: nobody has signed in."""

    def __init__(self, store: Store, clock: Clock, person: Person | None = None) -> None:
        self.store = store
        self.clock = clock
        self.person = person

    @property
    def operator(self) -> str:
        """The name of who acts, "" if nobody."""
        return self.person.name if self.person is not None else ""

    def need(self, permission: str) -> None:
        """Refuse an act for which the person lacks the right; a lacking right is noted in the audit.

        Not inside a transaction of the caller. Raises KnownProblem: not-signed-in, signed-out, password-to-change,
        role-missing.
        """
        person = self._present()
        if person.may(permission):
            return
        words = "、".join(ROLES.word(role) for role in ROLES if role in person.roles) or "没有"
        self._note_refused(permission)
        raise KnownProblem(
            f"{said(permission)}须由{_any_of(holders(permission))}进行；您（{person.name}）的角色是{words}，请有此角色的同事登录后操作",
            code="role-missing",
        )

    def need_second(self, signature: Signature | None, purpose: str) -> Person:
        """Return the second person who signed for this purpose. Raises KnownProblem: second-missing, second-same."""
        if signature is None or not holds(signature, purpose, self.clock.now()):
            raise KnownProblem(
                "还没有第二人的签名，或签名已超过 10 分钟；请第二人在本机输入登录名和密码签名", code="second-missing"
            )
        if self.person is not None and signature.person.id == self.person.id:
            raise KnownProblem("第二人不能是您本人，请另一位同事签名", code="second-same")
        with self.store.read() as tx:
            row = person_rows.find(tx, signature.person.id)
        if row is None or row.disabled_at is not None:
            raise KnownProblem("签名的第二人已被停用，请另一位同事签名", code="second-missing")
        return signature.person

    def _present(self) -> Person:
        """Return who acts, as the file knows that person now."""
        person = self.person
        if person is None:
            raise KnownProblem("还没有人登录，请先登录（Ctrl+U）", code="not-signed-in")
        with self.store.read() as tx:
            row = person_rows.find(tx, person.id)
        if row is None or row.disabled_at is not None:
            raise KnownProblem(f"{person.name} 的账号已停用，请用其他账号登录（Ctrl+U）", code="signed-out")
        if not row.own_password:
            raise KnownProblem("您的密码是别人设定的，请先改成自己的密码再操作", code="password-to-change")
        now = Person(row.id, row.login, row.name, row.roles)
        if now != person and self.person is person:
            self.person = now
        return now

    def _note_refused(self, permission: str) -> None:
        try:
            with self.store.write() as tx:
                self.note(tx, "refused", "permission", permission, None)
        except KnownProblem as problem:
            # A full disk must not hide the reason of the refusal.
            if problem.code not in ENVIRONMENT:
                raise

    def note(self, tx: Transaction, action: str, kind: str, object_id: str, detail: Any) -> None:
        """Write an audit row in the transaction of an act, in the name of the person."""
        audit.note(
            tx,
            self.store.audit_key,
            at=self.clock.now(),
            actor=self.actor,
            action=action,
            object_=f"{kind}/{object_id}",
            detail=detail,
        )

    @property
    def actor(self) -> str:
        """Who acts as the audit says it: name and login, "" if nobody."""
        return self.person.actor if self.person is not None else ""


def _any_of(words: tuple[str, ...]) -> str:
    return "或".join(words) if words else "信息科"
