"""What a person does from a list beyond register, amend and delete: begin the next record, activate, reverse, trace, count.

Everything is asked of the desk on the database lane; the questions here only gather words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.followups import followups
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui.deeds import Deeds
from bloodbank_desktop.ui.list_model import Row
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.patients import PatientHistory
    from bloodbank_desktop.operations.stock_desk import Delivered, StockDesk, StockTake
    from bloodbank_desktop.operations.trace import Chain
    from bloodbank_desktop.storage.ledger import StockRow
    from bloodbank_desktop.storage.outbox import OutboxRow
    from bloodbank_desktop.storage.stock_rows import StockGroup
    from bloodbank_desktop.ui.questions import WordsQuestion

STOCK = "stock"
_ASKS = {
    "quarantine": ("隔离血袋", "隔离以后不能发出，直到查清原因。", "隔离", "隔离原因"),
    "take_back": (
        "未输收回",
        "发出的血液收回后隔离待报废，不再发出（临床输血技术规范第二十九条）。",
        "收回",
        "收回原因",
    ),
    "reserve": ("预留血袋", "预留以后只能为这张申请单发出。", "预留", "申请单号"),
    "relocate": ("移位", "血袋现在放到哪里？", "移位", "储存位置"),
}
_WORDS_GO_TO = {"quarantine": "reason", "take_back": "reason", "reserve": "holder", "relocate": "place"}


class FurtherDeeds(QObject):
    """`done(words, kinds)` follows a deed, for the window to say it and to read those lists anew."""

    done = Signal(str, object)

    def __init__(self, window: QWidget, deeds: Deeds, tasks: Tasks, clock: Clock, hospital: str = "") -> None:
        super().__init__(window)
        self._window = window
        self._deeds = deeds
        self._tasks = tasks
        self._clock = clock
        self._hospital = hospital
        self._desk: Desk | None = None

    def attach(self, desk: Desk) -> None:
        """Act on this desk from now on."""
        self._desk = desk

    def do(self, kind: str, what: str, row: Row) -> None:
        """Do what a list asked for with one of its rows."""
        if what == "trace":
            self.trace_record(kind, row.id)
        elif what == "activate":
            self._named(lambda desk: self._activate(desk, kind, row))
        elif what == "reverse":
            self._named(lambda desk: self._reverse(desk, row))
        elif what.startswith("follow."):
            self._named(lambda desk: self._follow(desk, kind, row.id, what.removeprefix("follow.")))

    # tracing

    def scanned(self, text: str) -> None:
        """A bag was scanned into the window: show its life. Another code goes where the person is about to write."""
        from bloodbank_desktop.operations.trace import trace
        from bloodbank_desktop.records.codes import scan

        writing = QApplication.focusWidget()
        if isinstance(writing, QLineEdit) and not writing.isReadOnly() and not scan.read(text).structures:
            writing.setText(text)
            return
        self._show_chain(lambda desk: trace(desk, text))

    def trace_record(self, kind: str, record_id: str) -> None:
        """Show the chain of a record."""
        from bloodbank_desktop.operations.trace import trace_record

        self._show_chain(lambda desk: trace_record(desk, kind, record_id))

    def trace_bag(self, key: BagKey) -> None:
        """Show the life of a bag."""
        from bloodbank_desktop.operations.trace import trace_bag

        self._show_chain(lambda desk: trace_bag(desk, key))

    def _show_chain(self, find: Callable[[Desk], Chain]) -> None:
        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return

        def page() -> tuple[str, str]:
            from bloodbank_desktop.exchange.trace_page import trace_page

            chain = find(desk)
            return chain.asked, trace_page(chain, self._clock.now(), desk.operator)

        def show(found: tuple[str, str]) -> None:
            from bloodbank_desktop.ui.trace_window import TraceWindow

            if not self._deeds.dialogs:
                self._deeds.show(TraceWindow(*found, self._window))

        self._tasks.database(page, show, self._deeds.failed.emit, owner=self)

    # beginning, activating, reversing

    def _follow(self, desk: Desk, kind: str, record_id: str, key: str) -> None:
        from bloodbank_desktop.operations.followups import begin

        leads_to = next(one.leads_to for one in followups(kind) if one.key == key)
        self._tasks.database(
            lambda: begin(desk, kind, record_id, key),
            lambda draft: self._deeds.open(leads_to, "register", None, draft),
            self._deeds.failed.emit,
            owner=self,
        )

    def _activate(self, desk: Desk, kind: str, row: Row) -> None:
        declared = all_records()[kind]
        name = declared.name_of(row.item.values)
        words = f"激活 {name}\n\n激活后份额计入本院用血计划，不能撤回。"
        question = _question(
            "activate", "激活计划", words, "激活", "关联的审证编号或申请单号", parent=self._window, optional=True
        )
        question.accepted.connect(
            lambda: self._run(
                lambda: desk.activate(kind, row.id, {"link_no": question.text or None}), f"✓ 已激活 {name}", kind
            )
        )
        self._deeds.show(question)

    def _reverse(self, desk: Desk, row: Row) -> None:
        name = all_records()["stock_in"].name_of(row.item.values)
        stock = _stock(desk)

        def ask(bags: list[Delivered]) -> None:
            from bloodbank_desktop.ui.reversal import ReversalQuestion

            question = ReversalQuestion(name, bags, self._window)

            def reverse() -> None:
                keys, reason = question.keys, question.text
                said = f"✓ 已冲红 {name}" + (f"中的 {len(keys)} 袋" if len(keys) < len(bags) else "")
                self._run(lambda: stock.reverse(row.id, reason=reason, bags=keys), said, "stock_in", STOCK)

            question.accepted.connect(reverse)
            self._deeds.show(question)

        self._tasks.database(lambda: stock.delivered(row.id), ask, self._deeds.failed.emit, owner=self)

    # patients

    def merge(self) -> None:
        """Ask which two medical record numbers are one patient, and join them."""
        self._named(self._merge)

    def _merge(self, desk: Desk) -> None:
        from bloodbank_desktop.operations import patients
        from bloodbank_desktop.ui.questions import MergeQuestion

        question = MergeQuestion(self._window)

        def look_up(place: int, number: str) -> None:
            self._tasks.database(
                lambda: _who(patients.history(desk, number)),
                lambda words: question.tell(place, number, words),
                self._deeds.failed.emit,
                owner=question,
            )

        def merge() -> None:
            one, other, reason = question.answer
            said = f"✓ 已合并病案号 {one} 与 {other}"
            self._run(lambda: patients.merge(desk, one, other, reason=reason), said)

        question.number_stated.connect(look_up)
        question.accepted.connect(merge)
        self._deeds.show(question)

    def settle(self, one: OutboxRow) -> None:
        """Ask why, then end a refused operation in the platform's favour."""
        self._named(lambda desk: self._settle(desk, one))

    def _settle(self, desk: Desk, one: OutboxRow) -> None:
        words = f"{one.name}\n{one.last_error}\n\n不再报送这项操作，本机改用平台的内容；原来填写的内容留在历史中。"
        question = _question("settle", "以平台为准", words, "以平台为准", "原因", parent=self._window)
        question.accepted.connect(
            lambda: self._run(
                lambda: desk.queue.settle(one.dseq, reason=question.text), f"✓ 已以平台为准 {one.name}", one.kind
            )
        )
        self._deeds.show(question)

    # the stock page

    def stock_deed(self, deed: str, keys: Sequence[BagKey]) -> None:
        """Do something with bags at the stock page, after asking for the words it needs."""
        self._named(lambda desk: self._stock_deed(desk, deed, list(keys)))

    def _stock_deed(self, desk: Desk, deed: str, keys: list[BagKey]) -> None:
        if not keys:
            return
        word = table("bag_event").word(deed)
        said = f"✓ {word}：{bag_name(keys[0]) if len(keys) == 1 else f'{len(keys)} 袋'}"
        if deed == "accept":
            self._accept(desk, keys, said)
            return
        if deed not in _ASKS:
            self._run(lambda: _stock(desk).do(deed, keys), said, STOCK)
            return
        title, words, yes, hint = _ASKS[deed]
        bags = "\n".join(bag_name(key) for key in keys[:5]) + (f"\n… 共 {len(keys)} 袋" if len(keys) > 5 else "")
        question = _question(deed, title, f"{bags}\n\n{words}", yes, hint, parent=self._window)
        question.accepted.connect(
            lambda: self._run(lambda: _stock(desk).do(deed, keys, **{_WORDS_GO_TO[deed]: question.text}), said, STOCK)
        )
        self._deeds.show(question)

    def _accept(self, desk: Desk, keys: list[BagKey], said: str) -> None:
        """Accept bags, after asking for the group of those that must be found again."""
        stock = _stock(desk)

        def ask(waiting: list[StockRow]) -> None:
            if not waiting:
                self._run(lambda: stock.accept(keys, {}), said, STOCK)
                return
            from bloodbank_desktop.ui.regrouping import RegroupQuestion

            question = RegroupQuestion(waiting, len(keys) - len(waiting), self._window)
            question.accepted.connect(lambda: self._run(lambda: stock.accept(keys, question.groups), said, STOCK))
            self._deeds.show(question)

        self._tasks.database(lambda: stock.waiting_for_group(keys), ask, self._deeds.failed.emit, owner=self)

    def set_level(self, group: StockGroup) -> None:
        """Ask how many bags of a group there should be at least."""
        self._named(lambda desk: self._set_level(desk, group))

    def _set_level(self, desk: Desk, group: StockGroup) -> None:
        key = (group.component, group.abo, group.rhd)
        name = " ".join(table(n).word(k) for n, k in zip(("component", "abo", "rhd"), key, strict=True))
        before = f"现在设定 {group.least} 袋。" if group.least is not None else "现在没有设定。"
        question = _question(
            "stock_level", "安全库存", f"{name} 至少应有多少袋可发出？\n{before}", "设定", "袋数", parent=self._window
        )

        def put() -> None:
            if not question.text.isascii() or not question.text.isdigit():
                self._deeds.failed.emit(KnownProblem("安全库存请填写整数袋数，例如 20", code="not-a-number"))
                return
            self._run(lambda: _stock(desk).set_level(key, int(question.text)), f"✓ 已设定 {name}", STOCK)

        question.accepted.connect(put)
        self._deeds.show(question)

    def stock_take(self) -> None:
        """Count a refrigerator."""
        self._named(self._stock_take)

    def _stock_take(self, desk: Desk) -> None:
        from bloodbank_desktop.ui.stock_take import StockTakeWindow

        stock = _stock(desk)

        def open_(found: tuple[list[str], dict[str, list[BagKey]]]) -> None:
            places, known = found

            def finish(keys: list[BagKey], place: str, show: Callable[[StockTake], None]) -> None:
                self._tasks.database(
                    lambda: stock.count(keys, place=place), show, self._deeds.failed.emit, owner=window
                )

            window = StockTakeWindow(places, lambda donation: known.get(donation, []), finish, parent=self._window)
            self._deeds.show(window)

        self._tasks.database(stock.places_and_bags, open_, self._deeds.failed.emit, owner=self)

    # the self-check

    def selfcheck(self) -> None:
        """Run the vectors of every rule and show what they say."""
        self._named(self._selfcheck)

    def _selfcheck(self, desk: Desk) -> None:
        from bloodbank_desktop.operations.selfcheck import REOPEN, SelfCheck
        from bloodbank_desktop.ui.selfcheck_window import SelfCheckWindow

        may = desk.person is not None and desk.person.may(REOPEN)
        check = SelfCheck(desk)
        self._deeds.show(SelfCheckWindow(self._tasks, check, may, hospital=self._hospital, parent=self._window))

    # within

    def _named(self, act: Callable[[Desk], None]) -> None:
        """Do something in somebody's name, asking for it first if need be."""
        desk = self._desk
        if desk is None or self._deeds.dialogs:
            return
        if desk.person is None:
            self._deeds.sign_in_asked.emit(lambda: self._named(act))
            return
        act(desk)

    def _run(self, act: Callable[[], Any], said: str, *kinds: str) -> None:
        self._tasks.database(act, lambda _none: self.done.emit(said, kinds), self._deeds.failed.emit, owner=self)


def _question(name: str, title: str, words: str, yes: str, hint: str, **more: Any) -> WordsQuestion:
    # The window starts without its questions.
    from bloodbank_desktop.ui.questions import WordsQuestion

    return WordsQuestion(name, title, words, yes, hint, **more)


def _who(known: PatientHistory) -> str:
    if not known.records:
        return "✕ 本机没有这个病案号的记录，请核对号码"
    groups = "、".join(dict.fromkeys(one.what for one in known.groups))
    words = [*known.names, f"{len(known.records)} 条记录", groups and f"血型 {groups}"]
    return f"○ {'，'.join(word for word in words if word)}"


def _stock(desk: Desk) -> StockDesk:
    from bloodbank_desktop.operations.stock_desk import StockDesk

    return StockDesk(desk)
