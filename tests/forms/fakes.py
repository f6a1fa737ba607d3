"""A desk in memory for dialogs: same questions, same answers, at once or, with `hold`, when the test says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import RequestRow
from bloodbank_desktop.operations.files import Picked
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.problems import Problem, Refused
from bloodbank_desktop.records.validate import problems
from bloodbank_desktop.rules.overriding import Passage
from bloodbank_desktop.rules.persons import Person, Signature
from tests.samples import NOW


@dataclass
class FakeSaved:
    record_id: str
    name: str
    at: datetime


@dataclass
class FakeStockRow:
    state: str = "received"
    received_at: datetime = NOW - timedelta(days=3)
    intake_no: str = "RK20261120001"
    component: str = "RBC-S"
    abo: str = "A"
    rhd: str = "positive"
    amount: str = "2"
    expires_at: datetime = NOW + timedelta(days=20)
    holder: str = ""


@dataclass
class FakeDraft:
    id: str
    kind: str
    values: dict[str, Any]
    texts: dict[str, str]
    line_ids: dict[str, tuple[str, ...]]
    updated_at: datetime = NOW


@dataclass
class Kept:
    """A draft as it lies on the disk."""

    kind: str
    head: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    lines: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)


@dataclass
class FakeHistory:
    """What is known of a patient."""

    numbers: tuple[str, ...] = ()
    groups: tuple[Any, ...] = ()
    antibodies: tuple[Any, ...] = ()
    reactions: tuple[Any, ...] = ()
    records: tuple[Any, ...] = ()
    contradictory: bool = False


NOBODY = FakeHistory()


class FakeBack:
    """Implements `forms.contract.Back`. `calls` names what was asked, in order; `fail` makes the next write fail."""

    def __init__(self, *, training: bool = False, now: datetime = NOW) -> None:
        self.operator = "训练甲"
        self.training = training
        self.moment = now
        self.drafts: dict[str, Kept] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self.stock: dict[BagKey, FakeStockRow] = {}
        self.notes: dict[str, Any] = {}
        self.patients: dict[str, Any] = {}
        self.picked = Picked()
        self.calls: list[str] = []
        self.passages: list[Passage] = []
        self.refused_scans: list[tuple[str, str, str, str, str]] = []
        self.near_misses: list[tuple[str, str, str, str]] = []
        self.signers: dict[str, Person] = {}
        self.requested: dict[str, dict[str, Any]] = {}
        self.offered: list[Any] = []
        self.fail: KnownProblem | None = None
        self.refuse: list[Problem] = []
        self.hold = False
        self.held: list[Callable[[], None]] = []

    def now(self) -> datetime:
        return self.moment

    def answer_all(self) -> None:
        """Give the answers that were held back, in order, and those that follow from them."""
        while self.held:
            self.held.pop(0)()

    def _do(self, name: str, work: Callable[[], Any], done: Callable[..., None], failed: Any) -> None:
        self.calls.append(name)

        def run() -> None:
            if self.fail is not None and name not in ("fresh", "check", "bag_in_stock", "delivery", "patient"):
                problem, self.fail = self.fail, None
                failed(problem)
                return
            try:
                answer = work()
            except KnownProblem as problem:
                failed(problem)
                return
            if answer is _NOTHING:
                done()
            else:
                done(answer)

        if self.hold:
            self.held.append(run)
        else:
            run()

    def fresh(self, kind: str, done: Any, failed: Any) -> None:
        given = {"now": self.moment.replace(second=0, microsecond=0), "operator": self.operator}
        values = {f.key: given.get(f.fresh, f.fresh) for f in record_type(kind).plain if f.fresh is not None}
        self._do("fresh", lambda: values, done, failed)

    def requests(self, search: str, done: Any, failed: Any) -> None:
        rows = [RequestRow(number, ("张三", "N1", "内科", "A", "悬浮红细胞 2", "")) for number in self.requested]
        self._do("requests", lambda: rows, done, failed)

    def from_request(self, number: str, done: Any, failed: Any) -> None:
        self._do("from_request", lambda: dict(self.requested[number]), done, failed)

    def candidates(self, number: str, done: Any, failed: Any) -> None:
        self._do("candidates", lambda: list(self.offered), done, failed)

    def countersign(self, login: str, password: str, purpose: str, done: Any, failed: Any) -> None:
        def work() -> Signature:
            if login not in self.signers:
                raise KnownProblem("登录名或密码不对", code="sign-in-failed")
            return Signature(self.signers[login], purpose, self.moment)

        self._do("countersign", work, done, failed)

    def check(self, kind: str, values: Values, second: Any, before: Any, done: Any, failed: Any) -> None:
        self._do("check", lambda: problems(record_type(kind), values) or list(self.refuse), done, failed)

    def register(
        self, kind: str, values: Values, draft_id: str | None, passage: Passage, done: Any, failed: Any
    ) -> None:
        self.passages.append(passage)

        def work() -> FakeSaved:
            found = [p for p in problems(record_type(kind), values)] or self.refuse
            if found:
                raise Refused(found)
            record_id = draft_id or "new"
            if record_id in self.records:
                raise KnownProblem("这份草稿已经登记过", code="registered-already")
            self.records[record_id] = dict(values)
            self.drafts.pop(record_id, None)
            return FakeSaved(record_id, record_type(kind).name_of(values), self.moment)

        self._do("register", work, done, failed)

    def amend(
        self,
        kind: str,
        record_id: str,
        values: Values,
        revision: int | None,
        reason: str,
        draft_id: str | None,
        passage: Passage,
        done: Any,
        failed: Any,
    ) -> None:
        def work() -> FakeSaved:
            if self.refuse:
                raise Refused(self.refuse)
            self.records[record_id] = {**values, "@revision": revision, "@reason": reason}
            self.drafts.pop(draft_id or "", None)
            return FakeSaved(record_id, record_type(kind).name_of(values), self.moment)

        self._do("amend", work, done, failed)

    def keep_draft(
        self, kind: str, draft_id: str, head: Values, texts: Mapping[str, str], done: Any, failed: Any
    ) -> None:
        def work() -> object:
            kept = self.drafts.setdefault(draft_id, Kept(kind))
            kept.head, kept.texts = dict(head), dict(texts)
            return _NOTHING

        self._do("keep_draft", work, done, failed)

    def keep_line(
        self,
        kind: str,
        draft_id: str,
        lines_key: str,
        line_id: str,
        values: Values,
        head: Values | None,
        done: Any,
        failed: Any,
    ) -> None:
        def work() -> object:
            self.drafts.setdefault(draft_id, Kept(kind)).lines[line_id] = (lines_key, dict(values))
            return _NOTHING

        self._do("keep_line", work, done, failed)

    def drop_line(self, draft_id: str, line_id: str, done: Any, failed: Any) -> None:
        def work() -> object:
            self.drafts[draft_id].lines.pop(line_id, None)
            return _NOTHING

        self._do("drop_line", work, done, failed)

    def drop_draft(self, draft_id: str, done: Any, failed: Any) -> None:
        def work() -> object:
            self.drafts.pop(draft_id, None)
            return _NOTHING

        self._do("drop_draft", work, done, failed)

    def bag_in_stock(self, key: BagKey, done: Any, failed: Any) -> None:
        self._do("bag_in_stock", lambda: self.stock.get(key), done, failed)

    def delivery(self, note_no: str, done: Any, failed: Any) -> None:
        self._do("delivery", lambda: self.notes.get(note_no), done, failed)

    def scan_refused(self, kind: str, draft_id: str, code: str, message: str, bag: str) -> None:
        self.refused_scans.append((kind, draft_id, code, message, bag))

    def near_miss(self, stage: str, rule: str, message: str, bag: str, done: Any, failed: Any) -> None:
        def work() -> object:
            self.near_misses.append((stage, rule, message, bag))
            return _NOTHING

        self._do("near_miss", work, done, failed)

    def patient(self, number: str, done: Any, failed: Any) -> None:
        self._do("patient", lambda: self.patients.get(number, NOBODY), done, failed)

    def add_file(self, path: str, done: Any, failed: Any) -> None:
        self._do("add_file", lambda: self.picked.add(Path(path)), done, failed)

    def read_file(self, sha256: str, done: Any, failed: Any) -> None:
        self._do("read_file", lambda: self.picked.content(sha256), done, failed)

    def draft(self, draft_id: str) -> FakeDraft:
        """Return what a restarted program would read."""
        kept = self.drafts[draft_id]
        groups = [f.key for f, _ in record_type(kept.kind).groups]
        values: dict[str, Any] = dict(kept.head)
        ids: dict[str, tuple[str, ...]] = {}
        for key in groups:
            mine = [(line_id, line) for line_id, (where, line) in kept.lines.items() if where == key]
            values[key] = tuple(dict(line) for _, line in mine)
            ids[key] = tuple(line_id for line_id, _ in mine)
        return FakeDraft(draft_id, kept.kind, values, dict(kept.texts), ids, self.moment)


_NOTHING = object()
