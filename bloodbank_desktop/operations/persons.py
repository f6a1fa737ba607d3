"""Persons sign in with an own password, offline as well; a second person signs at the same screen with an own one.

What is refused says the same to an unknown login and a wrong password and takes as long. Failures are counted in the
file before the password is looked at, so that neither a restart nor two windows give a guess for nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bloodbank_desktop import passwords
from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.seat import Seat
from bloodbank_desktop.passwords import PRODUCT, Cost
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.rules.persons import ROLES, Person, Signature
from bloodbank_desktop.storage import person_rows
from bloodbank_desktop.storage.person_rows import Failures, PersonRow
from bloodbank_desktop.storage.store import Store, Transaction

ADMINISTRATOR = "administrator"
_PERMISSION = "administer-persons"
#: So many failures in a row are free; each further one doubles the wait, up to the longest.
FREE_FAILURES = 5
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
_FORGOTTEN_AFTER = timedelta(days=1)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_LONGEST_NAME = 40


@dataclass(frozen=True)
class Account:
    """A person as the administrator sees it; `locked_until` after too many failures, in the future or None."""

    person: Person
    own_password: bool
    disabled_at: datetime | None
    locked_until: datetime | None
    created_at: datetime


def login_of(text: str) -> str:
    """Return a login as it is kept, whatever the input method made of it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


class Persons:
    """The persons of one data file; `cost` is what a new verifier costs, `training` allows to step in unproven."""

    def __init__(self, store: Store, clock: Clock, *, cost: Cost = PRODUCT, training: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._cost = cost
        self._training = training
        #: A clock of the machine that is set forward must not end a wait; of this process only.
        self._waits: dict[str, float] = {}

    # -- looking ---------------------------------------------------------------------------------------------------

    def any(self) -> bool:
        """Return whether there is a person at all; without one the first administrator has to be named."""
        with self._store.read() as tx:
            return person_rows.any_at_all(tx)

    def all(self) -> list[Account]:
        """Return every person, disabled ones too, by login."""
        now = self._clock.now()
        with self._store.read() as tx:
            found = []
            for row in person_rows.load(tx):
                failed = person_rows.failures(tx, self._key(row.login))
                until = failed.until if failed is not None and failed.until is not None and failed.until > now else None
                found.append(Account(_person(row), row.own_password, row.disabled_at, until, row.created_at))
        return found

    def find(self, login: str) -> Person:
        """Return the person who signs in under this; a trainer may say the name as well. Raises KnownProblem."""
        with self._store.read() as tx:
            row = person_rows.by_login(tx, login_of(login))
            if row is None and self._training:
                called = [one for one in person_rows.load(tx) if one.name == login.strip()]
                row = called[0] if len(called) == 1 else None
        if row is None:
            raise KnownProblem(f"没有登录名为“{login_of(login)}”的人员，请核对登录名", code="no-such-person")
        return _person(row)

    def chose_password(self, person: Person) -> bool:
        """Return whether the password is the person's own choice; one set by somebody else allows nothing."""
        with self._store.read() as tx:
            row = person_rows.find(tx, person.id)
        return row is not None and row.own_password

    # -- signing in ------------------------------------------------------------------------------------------------

    def sign_in(self, login: str, password: str) -> Person:
        """Return the person whose login and password these are. Raises KnownProblem: sign-in-failed, sign-in-locked."""
        person = self._proven(login, password, "sign-in")
        self._note(person, "sign-in", person.login, None)
        return person

    def countersign(self, login: str, password: str, purpose: str, *, first: Person | None = None) -> Signature:
        """Return the signature of a second person for a purpose.

        Raises KnownProblem like `sign_in`, second-same when it is `first` again, password-to-change for a person who
        has not yet an own password.
        """
        return self._signed(self._proven(login, password, "countersign"), purpose, first)

    def vouch(self, login: str, purpose: str, *, first: Person | None = None) -> Signature:
        """Return the signature of a synthetic person of the training mode without a password. Raises KnownProblem."""
        return self._signed(self.step_in(login), purpose, first)

    def _signed(self, person: Person, purpose: str, first: Person | None) -> Signature:
        if first is not None and person.id == first.id:
            raise KnownProblem("第二人不能是您本人，请另一位同事签名", code="second-same")
        if not self.chose_password(person):
            raise KnownProblem("这个密码是别人设定的，请先登录改成自己的密码，再签名", code="password-to-change")
        self._note(person, "countersign", person.login, {"purpose": purpose})
        return Signature(person, purpose, self._clock.now())

    def step_in(self, login: str) -> Person:
        """Return a synthetic person of the training mode without a password. Raises KnownProblem."""
        if not self._training:
            raise PermissionError("only the training mode knows persons without a password")
        person = self.find(login)
        if self._find(person.id).disabled_at is not None:
            raise KnownProblem(f"{person.name} 的账号已停用，请用其他账号", code="signed-out")
        return person

    def sign_out(self, person: Person, how: str = "sign-out") -> None:
        """Note that a person left the seat: `how` is sign-out, lock or time-out."""
        self._note(person, how, person.login, None)

    def _proven(self, login: str, password: str, act: str) -> Person:
        login = login_of(login)
        key = self._key(login)
        with self._store.read() as tx:
            row = person_rows.by_login(tx, login)
        self._count_an_attempt(key, row)
        # As much work for an unknown login as for a known one.
        made = passwords.verifier(password, self._cost) if row is None else ""
        right = row is not None and not made and passwords.matches(row.verifier, password)
        fresh = passwords.verifier(password, self._cost) if right and row and self._outdated(row) else None
        if row is None or not right or row.disabled_at is not None:
            self._note(None if row is None else _person(row), f"{act}-failed", row.login if row else "?", None)
            raise KnownProblem("登录名或密码不对，请核对后重新输入；忘记密码请找管理员重设", code="sign-in-failed")
        with self._store.write() as tx:
            person_rows.forget_failures(tx, key)
            if fresh is not None:
                person_rows.change(tx, row.id, self._clock.now(), verifier=fresh)
        self._waits.pop(key, None)
        return _person(row)

    def _outdated(self, row: PersonRow) -> bool:
        return passwords.outdated(row.verifier, self._cost)

    def _count_an_attempt(self, key: str, row: PersonRow | None) -> None:
        now = self._clock.now()
        with self._store.write() as tx:
            person_rows.forget_old_failures(tx, now - _FORGOTTEN_AFTER)
            before = person_rows.failures(tx, key)
            wait = self._still_locked(key, before, now)
            if wait is None:
                count = 1 + (before.count if before else 0)
                until = now + _wait_after(count) if count >= FREE_FAILURES else None
                person_rows.keep_failures(tx, key, Failures(count, now, until))
                if until is not None:
                    self._waits[key] = self._clock.monotonic() + (until - now).total_seconds()
            elif before is not None and now < before.last_at:
                # The clock was set back: the wait begins anew instead of lasting for ever, and is no shorter for it.
                person_rows.keep_failures(tx, key, Failures(before.count, now, now + wait))
        if wait is not None:
            self._note(None if row is None else _person(row), "sign-in-locked", row.login if row else "?", None)
            minutes = max(1, -(-int(wait.total_seconds()) // 60))
            raise KnownProblem(
                f"密码连续输错次数过多，请约 {minutes} 分钟后再试，或请管理员重设密码；其他人可以照常登录",
                code="sign-in-locked",
            )

    def _still_locked(self, key: str, before: Failures | None, now: datetime) -> timedelta | None:
        if before is None or before.until is None:
            return None
        if now < before.last_at:
            return _wait_after(before.count)
        left = timedelta(seconds=self._waits.get(key, 0.0) - self._clock.monotonic())
        longest = max(before.until - now, left)
        return longest if longest > timedelta(0) else None

    def _key(self, login: str) -> str:
        return hmac.new(self._store.audit_key, b"login " + login.encode(), hashlib.sha256).hexdigest()

    # -- administering ---------------------------------------------------------------------------------------------

    def first_administrator(self, login: str, name: str, password: str) -> Person:
        """Make the first person of a file, an administrator. Raises Refused with problems, KnownProblem if not first."""
        made = self._made(login, name, [ADMINISTRATOR], password, own=True)
        with self._store.write() as tx:
            if person_rows.any_at_all(tx):
                raise KnownProblem("已经有人员，请用管理员账号登录后再添加", code="not-the-first")
            person_rows.add(tx, made)
            self._note_in(tx, _person(made), "person-add", made.login, _told(made))
        return _person(made)

    def add(self, by: Person, login: str, name: str, roles: Iterable[str], password: str) -> Person:
        """Add a person, who has to choose an own password before doing anything.

        Raises Refused with problems, KnownProblem if `by` may not.
        """
        self._need(by)
        made = self._made(login, name, roles, password, own=False)
        with self._store.write() as tx:
            if person_rows.by_login(tx, made.login) is not None:
                raise Refused([Problem("login", "login-taken", f"登录名“{made.login}”已有人使用，请另取一个")])
            person_rows.add(tx, made)
            self._note_in(tx, by, "person-add", made.login, _told(made))
        return _person(made)

    def change(
        self, by: Person, person_id: str, *, name: str | None = None, roles: Iterable[str] | None = None
    ) -> Person:
        """Give a person another name or other roles. Raises Refused with problems, KnownProblem."""
        self._need(by)
        with self._store.write() as tx:
            row = self._row(tx, person_id)
            told = row.name if name is None else name.strip()
            held = row.roles if roles is None else frozenset(roles)
            if found := [*_name_problems(told), *_role_problems(held)]:
                raise Refused(found)
            if ADMINISTRATOR not in held:
                _keep_an_administrator(tx, row)
            person_rows.change(tx, person_id, self._clock.now(), name=told, roles=held)
            detail = {"before": _told(row), "name": told, "roles": sorted(held)}
            self._note_in(tx, by, "person-change", row.login, detail)
        return Person(row.id, row.login, told, held)

    def set_password(self, by: Person, person_id: str, password: str) -> None:
        """Give a person a first or forgotten password anew, and end a wait; raises Refused, KnownProblem."""
        self._need(by)
        if by.id == person_id:
            raise KnownProblem("自己的密码请在“我的密码”中修改，需输入原密码", code="own-password")
        row = self._find(person_id)
        if why := passwords.weakness(password, row.login, row.name):
            raise Refused([Problem("password", "password-weak", why)])
        kept = passwords.verifier(password, self._cost)
        with self._store.write() as tx:
            person_rows.change(tx, person_id, self._clock.now(), verifier=kept, own_password=False)
            person_rows.forget_failures(tx, self._key(row.login))
            self._note_in(tx, by, "person-password", row.login, None)
        self._waits.pop(self._key(row.login), None)

    def disable(self, by: Person, person_id: str) -> None:
        """End a person's right to sign in, at once; what the person did stays. Raises KnownProblem."""
        self._need(by)
        with self._store.write() as tx:
            row = self._row(tx, person_id)
            _keep_an_administrator(tx, row)
            now = self._clock.now()
            person_rows.change(tx, person_id, now, disabled_at=row.disabled_at or now)
            self._note_in(tx, by, "person-disable", row.login, None)

    def enable(self, by: Person, person_id: str) -> None:
        """Let a disabled person sign in again, with the password of before. Raises KnownProblem."""
        self._need(by)
        with self._store.write() as tx:
            row = self._row(tx, person_id)
            person_rows.change(tx, person_id, self._clock.now(), disabled_at=None)
            self._note_in(tx, by, "person-enable", row.login, None)

    def own_password(self, person: Person, old: str, new: str) -> None:
        """Choose an own password in place of the old one. Raises Refused with problems, KnownProblem like `sign_in`."""
        if why := passwords.weakness(new, person.login, person.name):
            raise Refused([Problem("password", "password-weak", why)])
        if old == new:
            raise Refused([Problem("password", "password-same", "新密码与原密码相同，请换一个")])
        self._proven(person.login, old, "own-password")
        kept = passwords.verifier(new, self._cost)
        with self._store.write() as tx:
            person_rows.change(tx, person.id, self._clock.now(), verifier=kept, own_password=True)
            self._note_in(tx, person, "own-password", person.login, None)

    def _made(self, login: str, name: str, roles: Iterable[str], password: str, *, own: bool) -> PersonRow:
        login, name, held = login_of(login), name.strip(), frozenset(roles)
        found = [*_name_problems(name), *_role_problems(held)]
        if not _LOGIN.fullmatch(login):
            words = "登录名用 2 至 32 个小写字母或数字（可含 . _ -），例如工号"
            found.append(Problem("login", "login-form", words))
        if why := passwords.weakness(password, login, name):
            found.append(Problem("password", "password-weak", why))
        if found:
            raise Refused(found)
        now = self._clock.now()
        return PersonRow(new_id(), login, name, held, passwords.verifier(password, self._cost), own, None, now, now)

    def _need(self, by: Person) -> None:
        Seat(self._store, self._clock, by).need(_PERMISSION)

    def _find(self, person_id: str) -> PersonRow:
        with self._store.read() as tx:
            return self._row(tx, person_id)

    def _row(self, tx: Transaction, person_id: str) -> PersonRow:
        row = person_rows.find(tx, person_id)
        if row is None:
            raise KnownProblem("没有这位人员，请刷新列表后再试", code="no-such-person")
        return row

    def _note(self, who: Person | None, action: str, login: str, detail: Any) -> None:
        with self._store.write() as tx:
            self._note_in(tx, who, action, login, detail)

    def _note_in(self, tx: Transaction, who: Person | None, action: str, login: str, detail: Any) -> None:
        # An unknown login is not written down: it may be a password typed in the wrong field.
        Seat(self._store, self._clock, who).note(tx, action, "person", login, detail)


def _person(row: PersonRow) -> Person:
    return Person(row.id, row.login, row.name, row.roles)


def _told(row: PersonRow) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "roles": sorted(row.roles)}


def _wait_after(count: int) -> timedelta:
    return min(FIRST_WAIT * (1 << min(max(count - FREE_FAILURES, 0), 10)), LONGEST_WAIT)


def _name_problems(name: str) -> list[Problem]:
    if not name:
        return [Problem("name", "name-missing", "请填写姓名")]
    if len(name) > _LONGEST_NAME or not name.isprintable():
        return [Problem("name", "name-form", f"姓名不超过 {_LONGEST_NAME} 个字，且不能换行")]
    return []


def _role_problems(roles: frozenset[str]) -> list[Problem]:
    if not roles:
        return [Problem("roles", "roles-missing", "请至少选择一个角色")]
    if strange := sorted(roles - set(ROLES)):
        known = "、".join(f"{key}（{ROLES.word(key)}）" for key in ROLES)
        return [Problem("roles", "role-unknown", f"没有角色“{strange[0]}”；可用：{known}")]
    return []


def _keep_an_administrator(tx: Transaction, row: PersonRow) -> None:
    others = [
        one
        for one in person_rows.load(tx)
        if one.id != row.id and one.disabled_at is None and ADMINISTRATOR in one.roles
    ]
    if ADMINISTRATOR in row.roles and row.disabled_at is None and not others:
        raise KnownProblem(
            "这是最后一位管理员，不能停用或取消管理角色；请先指定另一位管理员", code="last-administrator"
        )
