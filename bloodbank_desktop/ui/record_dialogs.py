"""What stands behind a dialog: the desk, asked on the database lane and answered on the main thread.

Forms know only the protocol `forms.contract.Back`; here it meets the real desk. A problem that a person can mend goes
to the dialog that asked, anything else is a bug and goes to the crash window, never to a field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget

from bloodbank_desktop.clock import Clock, china_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import (
    Candidate,
    Delivery,
    Existing,
    Failed,
    Nothing,
    PatientHistory,
    RequestRow,
    Saved,
    StockRow,
)
from bloodbank_desktop.records.bag import BagKey
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.records.files import COMING
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.ui import states
from bloodbank_desktop.ui.scan_faults import ScanFaults
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.forms.burst import Habits
    from bloodbank_desktop.forms.sounds import Sounds
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.results import Shown
    from bloodbank_desktop.rules.overriding import Passage
    from bloodbank_desktop.rules.persons import Signature
    from bloodbank_desktop.storage.draft_rows import Draft

T = TypeVar("T")
#: How many requests are offered for choosing; whoever seeks an older one types a part of its name.
_REQUESTS = 30
#: How often and how many times is looked whether a file came from the platform, about half a minute.
_LOOK_EVERY_MS = 250
_LOOKS = 120


class DeskBack(QObject):
    """A desk as one dialog sees it. `bug` carries what no dialog can mend, `file_wanted` that the platform is to be asked.

    It belongs to its dialog and is deleted with it. What the dialog asked for is done all the same, but its answer is
    then dropped, except for a failure, which goes to `Tasks.problem` and `Tasks.bug`: it may have been a save.
    """

    bug = Signal(object)
    file_wanted = Signal()

    def __init__(
        self, desk: Desk, tasks: Tasks, clock: Clock, *, training: bool, faults: ScanFaults | None = None
    ) -> None:
        super().__init__()
        self._faults = faults or ScanFaults(tasks, self)
        self._desk = desk
        self._tasks = tasks
        self._clock = clock
        self._training = training

    @property
    def operator(self) -> str:
        return self._desk.operator

    @property
    def training(self) -> bool:
        return self._training

    def now(self) -> datetime:
        return self._clock.now()

    def fresh(self, kind: str, done: Callable[[dict[str, Any]], None], failed: Failed) -> None:
        self._ask(lambda desk: desk.fresh(kind), done, failed)

    def check(
        self,
        kind: str,
        values: Values,
        second: Signature | None,
        before: Values | None,
        done: Callable[[list[Problem]], None],
        failed: Failed,
    ) -> None:
        self._ask(lambda desk: desk.judge(kind, values, second=second, before=before)[1], done, failed)

    def register(
        self,
        kind: str,
        values: Values,
        draft_id: str | None,
        passage: Passage,
        done: Callable[[Saved], None],
        failed: Failed,
    ) -> None:
        self._ask(lambda desk: desk.register(kind, values, draft=draft_id, passage=passage), done, failed)

    def amend(
        self,
        kind: str,
        record_id: str,
        values: Values,
        revision: int | None,
        reason: str,
        draft_id: str | None,
        passage: Passage,
        done: Callable[[Saved], None],
        failed: Failed,
    ) -> None:
        more: Any = {"revision": revision, "reason": reason, "draft": draft_id, "passage": passage}
        self._ask(lambda desk: desk.amend(kind, record_id, values, **more), done, failed)

    def countersign(
        self, login: str, password: str, purpose: str, done: Callable[[Signature], None], failed: Failed
    ) -> None:
        from bloodbank_desktop.operations.persons import Persons

        def sign(desk: Desk) -> Signature:
            persons = Persons(desk.store, desk.clock, training=self._training)
            return persons.countersign(login, password, purpose, first=desk.person)

        self._ask(sign, done, failed)

    def keep_draft(
        self, kind: str, draft_id: str, head: Values, texts: Mapping[str, str], done: Nothing, failed: Failed
    ) -> None:
        self._tell(lambda desk: desk.drafts.keep(kind, draft_id, head, texts), done, failed)

    def keep_line(
        self,
        kind: str,
        draft_id: str,
        lines_key: str,
        line_id: str,
        values: Values,
        head: Values | None,
        done: Nothing,
        failed: Failed,
    ) -> None:
        self._faults.stir()
        self._tell(
            lambda desk: desk.drafts.keep_line(kind, draft_id, lines_key, line_id, values, head=head), done, failed
        )

    def drop_line(self, draft_id: str, line_id: str, done: Nothing, failed: Failed) -> None:
        self._tell(lambda desk: desk.drafts.drop_line(draft_id, line_id), done, failed)

    def drop_draft(self, draft_id: str, done: Nothing, failed: Failed) -> None:
        self._tell(lambda desk: desk.drafts.drop(draft_id), done, failed)

    def bag_in_stock(self, key: BagKey, done: Callable[[StockRow | None], None], failed: Failed) -> None:
        self._ask(lambda desk: desk.bag_in_stock(key), done, failed)

    def delivery(self, note_no: str, done: Callable[[Delivery | None], None], failed: Failed) -> None:
        from bloodbank_desktop.operations.receiving import progress

        self._ask(lambda desk: progress(desk, note_no), done, failed)

    def requests(self, search: str, done: Callable[[Sequence[RequestRow]], None], failed: Failed) -> None:
        self._ask(lambda desk: _requests(desk, search), done, failed)

    def from_request(self, number: str, done: Callable[[dict[str, Any]], None], failed: Failed) -> None:
        from bloodbank_desktop.operations.selection import taken_over

        self._ask(lambda desk: taken_over(desk, number), done, failed)

    def candidates(self, number: str, done: Callable[[Sequence[Candidate]], None], failed: Failed) -> None:
        from bloodbank_desktop.operations.selection import offered

        self._ask(lambda desk: offered(desk, number), done, failed)

    def scan_refused(self, kind: str, draft_id: str, code: str, message: str, bag: str) -> None:
        from bloodbank_desktop.operations.alerts import ScanFault

        fault = ScanFault(self.now(), self._desk.actor, kind, draft_id, code, message, bag)
        self._faults.note(self._desk, fault)

    def near_miss(self, stage: str, rule: str, message: str, bag: str, done: Nothing, failed: Failed) -> None:
        from bloodbank_desktop.operations.near_misses import Told, begin

        told = Told(stage, rule, message, bag, self.now())
        self._ask(lambda desk: begin(desk, told), lambda _draft: done(), failed)

    def patient(self, number: str, done: Callable[[PatientHistory], None], failed: Failed) -> None:
        from bloodbank_desktop.operations.patients import history

        self._ask(lambda desk: history(desk, number), done, failed)

    def add_file(self, path: str, done: Callable[[dict[str, Any]], None], failed: Failed) -> None:
        self._ask(lambda desk: desk.add_file(Path(path)), done, failed)

    def read_file(self, sha256: str, done: Callable[[bytes], None], failed: Failed) -> None:
        tries = _LOOKS

        def not_here(problem: KnownProblem) -> None:
            nonlocal tries
            if problem.code != COMING:
                failed(problem)
            elif tries == 0:
                failed(KnownProblem("还没有取到这个文件；取到后再打开即可显示", code="file-not-now"))
            else:
                if tries == _LOOKS:
                    failed(problem)
                    self.file_wanted.emit()
                tries -= 1
                QTimer.singleShot(_LOOK_EVERY_MS, self, look)

        def look() -> None:
            self._ask(lambda desk: desk.read_file(sha256, ask=False), done, not_here)

        self._ask(lambda desk: desk.read_file(sha256), done, not_here)

    def _ask(self, question: Callable[[Desk], T], done: Callable[[T], None], failed: Failed) -> None:
        desk = self._desk

        def not_done(problem: Exception) -> None:
            if isinstance(problem, KnownProblem):
                failed(problem)
                return
            # The dialog is told as well, or it would wait for ever with its buttons grey.
            failed(KnownProblem("程序出错，这一步没有完成；已填内容仍在，请再试一次", code="bug"))
            self.bug.emit(problem)

        # The lane works with the desk and never with this object, which the dialog takes along when it goes.
        self._tasks.database(lambda: question(desk), done, not_done, owner=self)

    def _tell(self, order: Callable[[Desk], None], done: Nothing, failed: Failed) -> None:
        self._ask(order, lambda _none: done(), failed)


def _requests(desk: Desk, search: str) -> list[RequestRow]:
    """Return the newest requests that fit, as they are shown for choosing."""
    from bloodbank_desktop.records.tables import table
    from bloodbank_desktop.storage.lists import ListQuery

    listing = desk.open_list(ListQuery("transfusion_request", search=search))
    components = table("component")
    found = []
    for row in desk.page(listing, 0, _REQUESTS):
        values = desk.peek("transfusion_request", row.record_id)
        wanted = "、".join(
            f"{components.word(one['component'])} {one['amount'].normalize():f}" for one in values["components"]
        )
        group = f"{table('abo_patient').word(values['patient_abo'])} {table('rhd_patient').word(values['patient_rhd'])}"
        names = (values["patient_name"], values["medical_record_no"], values["department"])
        found.append(RequestRow(values["request_no"], (*names, group, wanted, china_text(values["planned_at"]))))
    return found


def facts_of(shown: Shown) -> tuple[tuple[str, str], ...]:
    """Return what is known of a record beside its fields: who, when, where it stands, what the platform said."""
    from bloodbank_desktop.operations.platform_words import answer_facts  # a window starts without operations

    facts = [("登记", f"{china_text(shown.created_at)} {shown.created_by}".rstrip())]
    if shown.revision > 1:
        facts.append(("最近修改", f"{china_text(shown.updated_at)} {shown.updated_by}".rstrip()))
    if shown.deleted_at is not None:
        facts.append(("已删除", china_text(shown.deleted_at)))
    facts.append(("报送状态", states.look(shown.upload).text))
    facts += answer_facts(record_type(shown.kind), shown.answer)
    for one in shown.history:
        reason = f"：{one.reason}" if one.reason else ""
        facts.append((f"第 {one.revision} 版", f"{china_text(one.at)} 由 {one.actor or '（未填写）'} 更改{reason}"))
    return tuple(facts)


class RecordDialogs:
    """The window's factory of dialogs; it needs its desk before the first dialog. `make` is the door of forms."""

    def __init__(
        self,
        tasks: Tasks,
        clock: Clock,
        *,
        training: bool = False,
        sounds: Sounds | None = None,
        habits: Habits | None = None,
        bug: Callable[[Exception], None] | None = None,
        file_wanted: Callable[[], None] | None = None,
    ) -> None:
        self._tasks = tasks
        self._clock = clock
        self._training = training
        self._sounds = sounds
        self._habits = habits
        self._bug = bug
        self._file_wanted = file_wanted
        self._desk: Desk | None = None
        self._faults = ScanFaults(tasks, tasks)

    def attach(self, desk: Desk) -> None:
        """Dialogs work on this desk from now on."""
        self._desk = desk

    def __call__(self, kind: str, mode: str, shown: Shown | None, draft: Draft | None, parent: QWidget) -> QDialog:
        # Imported with the first dialog: the window is on the screen long before.
        from bloodbank_desktop.forms.opening import make_dialog

        assert self._desk is not None
        back = DeskBack(self._desk, self._tasks, self._clock, training=self._training, faults=self._faults)
        if self._bug is not None:
            back.bug.connect(self._bug)
        if self._file_wanted is not None:
            back.file_wanted.connect(self._file_wanted)
        existing = None
        if shown is not None:
            existing = Existing(shown.record_id, shown.values, shown.revision, facts_of(shown), shown.refusals)
        dialog = make_dialog(
            kind,
            back,
            mode,
            existing=existing,
            draft=draft,
            sounds=self._sounds,
            habits=self._habits,
            parent=parent,
        )
        back.setParent(dialog)
        dialog.finished.connect(lambda _result: self._faults.flush())
        return dialog
