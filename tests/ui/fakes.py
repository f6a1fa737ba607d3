"""A desk in memory: the same questions and answers as the real one, with as many rows as a test wants at no cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.results import Saved, Shown, Waiting
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.rules.persons import Person
from bloodbank_desktop.storage.draft_rows import Draft
from bloodbank_desktop.storage.lists import Listing, ListQuery, ListRow
from bloodbank_desktop.storage.outbox import ATTENTION, CLOSED, OutboxRow, QueueSummary
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Appearance

NOW = datetime(2026, 11, 23, 1, 5, tzinfo=UTC)
"""2026-11-23 09:05 in China."""

_NAMES = ("赵样一", "钱试安", "孙练芳", "李拟华", "周例文", "吴样二")
_STATES = ("done", "done", "done", "pending", "done", "rejected", "done", "done", "waiting", "done")


class FixedClock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self.moment = now

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()


def fake_person(name: str) -> Person:
    """Return a person of this name who may do everything; the login is the name."""
    return Person(f"id-{name}", name, name, frozenset(table("role")))


class FakePersons:
    """Everybody may sign in whose password is "right"; `some` False: nobody has been named yet."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk
        self.some = True
        self.left: list[tuple[str, str]] = []

    def any(self) -> bool:
        return self.some

    def sign_in(self, login: str, password: str) -> Person:
        self._desk.before()
        if password != "right":
            raise KnownProblem("登录名或密码不对", code="sign-in-failed")
        return fake_person(login)

    def chose_password(self, person: Person) -> bool:
        return True

    def sign_out(self, person: Person, how: str) -> None:
        self.left.append((person.name, how))


class FakeDesk:
    """Rows are made when they are asked for; `asked` holds every query, `pages` every (offset, limit)."""

    def __init__(self, total: int = 250, operator: str = "训练甲") -> None:
        self.person = fake_person(operator) if operator else None
        self.persons = FakePersons(self)
        self.total = total
        self.asked: list[ListQuery] = []
        self.pages: list[tuple[int, int]] = []
        self.kept_drafts: list[Draft] = []
        self.outbox: list[OutboxRow] = []
        self.deleted: list[tuple[str, str, str]] = []
        self.retried: list[int] = []
        self.mark = 1
        self.viewed: list[str] = []
        self.problem: Exception | None = None
        #: Called on the database lane before every answer.
        self.before: Callable[[], None] = lambda: None
        self.drafts = FakeDrafts(self)
        self.queue = FakeQueue(self)

    def as_desk(self) -> Desk:
        return cast(Desk, self)

    @property
    def operator(self) -> str:
        return self.person.name if self.person else ""

    def hurt(self) -> None:
        self.before()
        if self.problem is not None:
            raise self.problem

    def open_list(self, query: ListQuery) -> Listing:
        self.hurt()
        self.asked.append(query)
        return Listing(query, self.total // 10 if query.search or query.filters else self.total)

    def page(self, listing: Listing, offset: int, limit: int = 100) -> list[ListRow]:
        self.hurt()
        self.pages.append((offset, limit))
        return [fake_row(listing.query, number) for number in range(offset, min(offset + limit, listing.total))]

    def view(self, kind: str, record_id: str) -> Shown:
        self.hurt()
        self.viewed.append(record_id)
        return Shown(kind, record_id, {}, 3, NOW, "训练甲", NOW, "训练乙", None, "done", (), {}, ())

    def delete(self, kind: str, record_id: str, *, reason: str = "") -> Saved:
        self.hurt()
        self.deleted.append((kind, record_id, reason))
        self.total -= 1
        return Saved(kind, record_id, "一条记录", 2, 9, NOW)

    def waiting(self) -> Waiting:
        return Waiting(0, 0, 0)

    def change_mark(self) -> int:
        self.hurt()
        return self.mark


class FakeDrafts:
    """The drafts of a fake desk."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    def all(self, kind: str | None = None) -> list[Draft]:
        self._desk.hurt()
        return [one for one in self._desk.kept_drafts if kind in (None, one.kind)]

    def find(self, draft_id: str) -> Draft | None:
        return next((one for one in self._desk.kept_drafts if one.id == draft_id), None)

    def drop(self, draft_id: str) -> None:
        self._desk.kept_drafts = [one for one in self._desk.kept_drafts if one.id != draft_id]


class FakeQueue:
    """The upload queue of a fake desk."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk

    def rows(self, *, open_only: bool = True, offset: int = 0, limit: int = 200) -> list[OutboxRow]:
        self._desk.hurt()
        rows = [one for one in self._desk.outbox if not open_only or one.state not in CLOSED]
        if not open_only:
            rows.sort(key=lambda one: -one.dseq)
        return rows[offset : offset + limit]

    def summary(self) -> QueueSummary:
        self._desk.hurt()
        rows = [one for one in self._desk.outbox if one.state not in CLOSED]
        by_state: dict[str, int] = {}
        for one in rows:
            by_state[one.state] = by_state.get(one.state, 0) + 1
        done = [one.settled_at for one in self._desk.outbox if one.state == "done" and one.settled_at]
        attention = sum(by_state.get(state, 0) for state in ATTENTION)
        oldest = min((one.occurred_at for one in rows), default=None)
        return QueueSummary(len(rows), oldest, attention, by_state, max(done, default=None))

    def retry(self, dseq: int) -> None:
        self._desk.hurt()
        self._desk.retried.append(dseq)
        self._desk.outbox = [replace(one, state="pending") if one.dseq == dseq else one for one in self._desk.outbox]


def fake_row(query: ListQuery, number: int) -> ListRow:
    """Return the row at a place of a list; the id names the sort as well, so that rows of two lists differ."""
    declared = record_type(query.kind)
    values: dict[str, Any] = {}
    for f in declared.columns:
        if isinstance(f.kind, kinds.Choice):
            keys = list(f.kind.table)
            values[f.key] = keys[number % len(keys)]
        elif isinstance(f.kind, kinds.Moment):
            values[f.key] = NOW - timedelta(minutes=7 * number)
        elif isinstance(f.kind, kinds.Person):
            values[f.key] = _NAMES[number % len(_NAMES)]
        elif f.serial:
            values[f.key] = f"{f.serial}20261123-{9999 - number % 10000:04d}"
        elif "department" in f.key:
            values[f.key] = ("血液科", "普外科", "急诊科")[number % 3]
        else:
            values[f.key] = f"{f.key[:2].upper()}{number:06d}"
    return ListRow(f"{query.sort or ''}{number:08d}", 1, values, _STATES[number % len(_STATES)], {})


def draft(
    bags: int = 12,
    minutes: int = 0,
    draft_id: str = "draft-1",
    kind: str = "stock_in",
    *,
    amends: bool = False,
    **texts: str,
) -> Draft:
    """Return an unfinished delivery of some bags, kept so many minutes ago."""
    lines = {"bags": tuple({"donation_number": f"{n}"} for n in range(bags))} if kind == "stock_in" else {}
    at = NOW - timedelta(minutes=minutes)
    return Draft(draft_id, kind, dict(lines), texts, {}, at, at, "训练甲", amends)


def operation(dseq: int, state: str, **changes: Any) -> OutboxRow:
    """Return one operation of the queue in a state, with everything that belongs to it."""
    body = {
        "requestNo": f"SQ20261123-{dseq:04d}",
        "patientName": "钱试安",
        "requestedAt": "2026-11-23T08:30:00+08:00",
        "urgency": "routine",
        "components": [{"bloodComponentCode": "RBC-SLR", "abo": "A", "rhd": "positive", "amount": "2"}],
        "approvals": [{"role": "applicant", "name": "训练乙", "approvedAt": "2026-11-23T08:20:00+08:00"}],
    }
    reasons = {
        "rejected": "平台退回：2 处不符合要求",
        "conflict": "平台上已有另一个版本",
        "quarantined": "连续 5 次使平台出错，已暂停发送",
        "blocked": "前一条操作未处理完",
        "waiting": "平台尚未收到血袋的入库记录",
        "pending": "无法连接平台：网络不通" if dseq % 2 else "",
    }
    problem = None
    if state == "rejected":
        errors = [
            {"pointer": "/components/0/amount", "code": "too-high", "detail": "超过该科室单次申请上限"},
            {"pointer": "/patientName", "code": "mismatch", "detail": "与病案号对应的姓名不一致"},
        ]
        problem = {"type": "about:blank", "title": "Rejected", "status": 422, "errors": errors}
    row = OutboxRow(
        dseq=dseq,
        key=f"6a1c:{dseq}",
        chain=f"record-{dseq}",
        record_id=f"record-{dseq}",
        kind="transfusion_request",
        name=f"SQ20261123-{dseq:04d} 钱试安",
        op="register",
        base_version=None,
        needs=(),
        payload=json.dumps(body, ensure_ascii=False).encode(),
        sha256="0" * 64,
        actor="训练甲",
        occurred_at=NOW - timedelta(minutes=13 * dseq),
        state=state,
        attempts=dseq % 4,
        item_attempts=0,
        next_at=NOW + timedelta(seconds=40) if state == "pending" and dseq % 2 else None,
        batch_id=None,
        last_error=reasons.get(state, ""),
        problem=problem,
        server_version=1 if state == "done" else None,
        settled_at=NOW - timedelta(minutes=1) if state in CLOSED else None,
    )
    return replace(row, **changes)


class FakeDialog(QDialog):
    """What the factory of dialogs gives; a test saves, cancels, or makes it refuse to close."""

    saved = Signal(object)

    def __init__(self, kind: str, mode: str, shown: Shown | None, draft: Draft | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind, self.mode, self.draft = kind, mode, draft
        self.record_id = shown.record_id if shown else None
        self.stubborn = False

    def save(self) -> None:
        self.saved.emit(Saved(self.kind, self.record_id or "00000000", "RK20261123-0001", 1, 1, NOW))

    def reject(self) -> None:
        if not self.stubborn:
            super().reject()


class Dialogs:
    """The factory, remembering what it opened."""

    def __init__(self) -> None:
        self.opened: list[FakeDialog] = []

    def __call__(self, kind: str, mode: str, shown: Any, draft: Any, parent: QWidget) -> QDialog:
        self.opened.append(FakeDialog(kind, mode, shown, draft, parent))
        return self.opened[-1]


def make_window(
    tasks: Tasks,
    folder: Path,
    desk: FakeDesk | None = None,
    *,
    clock: FixedClock | None = None,
    dialogs: Dialogs | None = None,
    appearance: Appearance | None = None,
    training: bool = False,
) -> MainWindow:
    """Return a window over a fake desk, shown and read."""
    window = MainWindow(
        tasks,
        clock or FixedClock(),
        dialogs or Dialogs(),
        folder,
        training=training,
        hospital="示例医院",
        appearance=appearance,
    )
    window.show()
    window.attach((desk or FakeDesk()).as_desk())
    assert tasks.wait_idle()
    return window
