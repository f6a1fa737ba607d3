"""Bags are scanned one after the other: each scan finds its bag and is on the disk before it is confirmed.

Scans wait in a queue while the stock or the disk answers, so that their order is the order in which they were made.
After a crash the record stands exactly where the last confirmed scan left it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.behaviours import Behaviour, Host
from bloodbank_desktop.forms.contract import StockRow
from bloodbank_desktop.forms.lines_block import Row
from bloodbank_desktop.forms.manual_entry import ManualEntry
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.scan_router import Router
from bloodbank_desktop.forms.scan_strip import ScanStrip
from bloodbank_desktop.forms.verdicts import Step, Verdict
from bloodbank_desktop.records.bag import bag_name
from bloodbank_desktop.records.codes import donation_number, scan
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem

_BAGS = "bags"
#: Refusals that say nothing of a bag: an input method swallowed the scan, the disk took no line.
_NO_NEAR_MISS = ("not-accepted", "not-kept")

Finished = Callable[[Verdict], None]
Job = Callable[[], None]


class BagScanning(Behaviour):
    """Scanning of the lines field "bags"; a module says with which router, and which fields of a line are typed."""

    #: How scans are weighed.
    router_type: type[Router] = Router
    #: Fields of a line that a person fills in by hand; what the label says is scanned or typed twice, never touched up.
    by_hand: tuple[str, ...] = ()
    keys = ""
    intro = "可以开始扫描；每袋四个码，次序不限"

    input_method_off = True
    owned_lines = frozenset({_BAGS})

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.block = host.blocks[_BAGS]
        self.router = self.router_type(self.block.of, host.back.now, most=self.block.most)
        self.strip_ = ScanStrip(self.keys)
        self._jobs: deque[Job] = deque()
        self._working = False
        self._question: tuple[str, str] | None = None

    # -- the dialog -----------------------------------------------------------------------------------------------

    def strip(self) -> QWidget:
        return self.strip_

    def started(self) -> None:
        rows = self.block.model.rows
        self.router.load(row.values for row in rows)
        for row in rows:
            row.status, row.role = self.status(row.values)
        self.block.add.setText("手工录入（F3）")
        self.block.select(len(rows) - 1)
        self.block.table.setFocus()
        draft = self.host.draft
        if draft is not None and rows:
            # Once the page has its size: on a small screen the last bag would else stand below its edge.
            QTimer.singleShot(0, self.block.table, lambda: self.host.reveal(self.block.table))
            kept = f"{draft.updated_at.astimezone(CHINA):%H:%M}"
            self.strip_.set_verdict(f"已恢复 {kept} 暂存的 {len(rows)} 袋，请接着扫", Role.INFO)
        else:
            self.strip_.set_verdict(self.intro, Role.INFO)
        self.stand()

    def shortcuts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        return (("F3", self.type_in), ("F9", self.confirm))

    def editable(self, lines_key: str) -> Iterable[str] | None:
        return self.by_hand

    def obstacles(self) -> list[Problem]:
        if self._working:
            return [Problem("", "scan-pending", "还有扫描正在处理，请稍候再按 Ctrl+S")]
        current = self.router.current
        if current is None:
            return []
        lacking = "、".join(self.router.lacking(self.router.lines[current]))
        message = f"第 {current + 1} 袋还没扫齐（缺{lacking}）。请扫齐，或按 Ctrl+Del 删除该行"
        return [Problem(_BAGS, "bag-incomplete", message, current + 1)]

    def refuse(self, message: str) -> None:
        self._show(Verdict("not-accepted", message, Tone.REFUSED, Role.REFUSED))

    def status(self, line: dict[str, Any]) -> tuple[str, Role]:
        """Return how a line stands, in words for its row."""
        lacking = self.router.lacking(line)
        if lacking:
            # The promise first: the end of a long sentence is cut in a narrow column.
            return f"已暂存，缺{'、'.join(lacking)}", Role.ATTENTION
        if line.get("label_message"):
            return "已暂存，须隔离", Role.ATTENTION
        return "已暂存", Role.GOOD

    def filled_in(self, index: int, values: dict[str, Any]) -> str:
        """Return what to say when a person has filled in fields of a line."""
        return f"第 {index + 1} 袋已填写"

    # -- what a person or a scanner does; each is done in its turn ------------------------------------------------

    def scanned(self, text: str) -> None:
        self._queue(lambda: self._weigh(self.router.weigh(scan.read(text)), self._finish, raw=text))

    def confirm(self) -> None:
        """Take the suggestion that the last scan left, after the person compared it with the label."""
        self._queue(self._confirm)

    def type_in(self) -> None:
        """Open the manual entry of a bag."""
        window = ManualEntry(self.block.of, self.host.back.now, self.host.widget())
        window.entered.connect(self._typed)
        window.finished.connect(window.deleteLater)
        window.open()

    def add(self, lines_key: str) -> None:
        self.type_in()

    def changed(self, lines_key: str, index: int, values: dict[str, Any]) -> None:
        row = self.block.model.rows[index]
        self._queue(lambda: self._fill_in(row, {key: values.get(key) for key in self.by_hand}))

    def remove(self, lines_key: str, index: int) -> None:
        row = self.block.model.rows[index]
        self._queue(lambda: self._remove(row))

    # -- one after the other --------------------------------------------------------------------------------------

    def _queue(self, job: Job) -> None:
        self._jobs.append(job)
        if not self._working:
            self._next()

    def _next(self) -> None:
        # A loop and not a recursion: answers may come at once, and a hundred scans may wait.
        while self._jobs and not self._working:
            self._working = True
            self._jobs.popleft()()

    def _finish(self, verdict: Verdict) -> None:
        self._show(verdict)
        self._working = False
        self._next()

    def _show(self, verdict: Verdict) -> None:
        self.strip_.set_verdict(verdict.message, verdict.role, verdict.tone)
        self.strip_.offer_near_miss(verdict.role is Role.REFUSED and verdict.code not in _NO_NEAR_MISS)
        self.host.sounds.play(verdict.tone)
        if verdict.line is not None and verdict.line <= len(self.block.model.rows):
            self.block.select(verdict.line - 1)
            self.host.reveal(self.block.table)
        self.stand()

    def stand(self) -> None:
        """Show how many bags there are and which code comes next."""
        lines, current = self.router.lines, self.router.current
        latest = next((line for line in reversed(lines) if not self.router.lacking(line)), None)
        whole = len(lines) - (current is not None)
        self.strip_.set_count(whole, donation_number.format(latest["donation_number"]) if latest else "")
        self.strip_.set_expected((len(lines) if current is None else current) + 1, self.router.expected())

    # -- the jobs -------------------------------------------------------------------------------------------------

    def _weigh(self, step: Step, finish: Finished, raw: str | None = None) -> None:
        suggestion = step.verdict.suggestion
        self._question = (raw, suggestion) if raw is not None and suggestion is not None else None
        if step.line is None:
            self._turn_away(step, finish, self._bag_of(step))
        elif step.ask is None:
            self._judge(step, None, finish)
        else:
            self.host.back.bag_in_stock(
                step.ask, lambda row: self._judge(step, row, finish), lambda problem: finish(_not_kept(problem))
            )

    def _judge(self, step: Step, in_stock: StockRow | None, finish: Finished) -> None:
        final = self.router.settle(step, in_stock)
        if final.line is None:
            self._turn_away(final, finish, self._bag_of(step))
            return
        line, rows = final.line, self.block.model.rows
        row_id = rows[final.index].id if final.index < len(rows) else new_id()

        def kept() -> None:
            self.router.take(final)
            self.block.model.put(final.index, Row(row_id, line, *self.status(line)))
            self.host.line_kept()
            self.host.scan_passed()
            finish(final.verdict)

        self._keep(row_id, line, kept, finish)

    def _bag_of(self, step: Step) -> str:
        """Return the bag that a scan was about as a person reads it, "" if nobody can tell."""
        line = step.verdict.line
        if step.ask is not None:
            return bag_name(step.ask)
        return self.router.bag_at(line - 1) if line is not None else ""

    def _turn_away(self, final: Step, finish: Finished, bag: str) -> None:
        """Refuse a scan, and take out what was kept of a bag that is refused as a whole."""
        if final.verdict.role is Role.REFUSED:
            self.host.scan_refused(final.verdict.code, final.verdict.message, bag)
        rows = self.block.model.rows
        if not final.turned_away or final.index >= len(rows):
            finish(self.router.take(final))
            return

        def dropped() -> None:
            self.router.take(final)
            self.block.model.take(final.index)
            self.host.line_kept()
            finish(final.verdict)

        failed = lambda problem: finish(_not_kept(problem))  # noqa: E731
        self.host.back.drop_line(self.host.draft_id, rows[final.index].id, dropped, failed)

    def _keep(self, row_id: str, line: dict[str, Any], kept: Callable[[], None], finish: Finished) -> None:
        self.host.open_draft()
        key, draft_id = self.host.declared.key, self.host.draft_id
        failed = lambda problem: finish(_not_kept(problem))  # noqa: E731
        self.host.back.keep_line(key, draft_id, _BAGS, row_id, line, None, kept, failed)

    def _confirm(self) -> None:
        if self._question is None:
            self._finish(Verdict("nothing-to-confirm", "没有等待确认的扫描", Tone.WRONG_LABEL, Role.INFO))
            return
        raw, suggestion = self._question
        self._weigh(self.router.weigh(scan.read(raw, confirmed=suggestion)), self._finish)

    def _typed(self, values: dict[str, Any], answer: Finished) -> None:
        def finish(verdict: Verdict) -> None:
            answer(verdict)
            self._finish(verdict)

        self._queue(lambda: self._weigh(self.router.weigh_typed(values), finish))

    def _fill_in(self, row: Row, values: dict[str, Any]) -> None:
        index = self.block.model.index_of(row.id)
        if index is None:
            self._finish(_gone())
            return
        line = {**self.router.lines[index], **values}

        def kept() -> None:
            self.router.fill_in(index, values)
            self.block.model.put(index, Row(row.id, line, *self.status(line)))
            self.host.line_kept()
            self._finish(Verdict("filled-in", self.filled_in(index, values), Tone.ACCEPTED, Role.INFO, index + 1))

        self._keep(row.id, line, kept, self._finish)

    def _remove(self, row: Row) -> None:
        index = self.block.model.index_of(row.id)
        if index is None:
            self._finish(_gone())
            return

        def dropped() -> None:
            verdict = self.router.remove(index)
            self.block.model.take(index)
            self.block.select(min(index, len(self.block.model.rows) - 1))
            self.host.line_kept()
            self._finish(verdict)

        self.host.back.drop_line(self.host.draft_id, row.id, dropped, lambda problem: self._finish(_not_kept(problem)))


def _not_kept(problem: KnownProblem) -> Verdict:
    message = f"没有存下，这一步没有被接受，请重做：{problem.message}"
    return Verdict("not-kept", message, Tone.REFUSED, Role.REFUSED)


def _gone() -> Verdict:
    return Verdict("gone", "这一行已经不在表中", Tone.WRONG_LABEL, Role.INFO)
