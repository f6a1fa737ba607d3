"""血袋入库 is done with the scanner: each scan finds its bag and is on the disk before it is confirmed, one by one.

Scans wait in a queue while the stock or the disk answers, so that their order is the order in which they were made.
After a crash the delivery stands exactly where the last confirmed scan left it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.behaviours import Behaviour, Host, behaves
from bloodbank_desktop.forms.contract import StockRow
from bloodbank_desktop.forms.lines_block import Row
from bloodbank_desktop.forms.manual_entry import ManualEntry
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.forms.scan_router import Router, Step, Verdict, missing
from bloodbank_desktop.forms.scan_strip import ScanStrip
from bloodbank_desktop.records.codes import donation_number, scan
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem

_BAGS = "bags"
_KEYS = "F3 手工录入　F9 确认　Ctrl+Del 删除一袋　Enter 看一袋、填储存位置　F6 中文输入　Ctrl+S 登记"

Finished = Callable[[Verdict], None]
Job = Callable[[], None]


@behaves("stock_in")
class StockInScanning(Behaviour):
    """Scanning for a delivery of bags."""

    input_method_off = True
    owned_lines = frozenset({_BAGS})

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._block = host.blocks[_BAGS]
        self.router = Router(self._block.of, host.back.now, most=self._block.most)
        self._strip = ScanStrip(_KEYS)
        self._jobs: deque[Job] = deque()
        self._working = False
        self._question: tuple[str, str] | None = None

    # -- the dialog -----------------------------------------------------------------------------------------------

    def strip(self) -> QWidget:
        return self._strip

    def started(self) -> None:
        rows = self._block.model.rows
        self.router.load(row.values for row in rows)
        for row in rows:
            row.status, row.role = _status(row.values)
        self._block.add.setText("手工录入（F3）")
        self._block.select(len(rows) - 1)
        self._block.table.setFocus()
        draft = self.host.draft
        if draft is not None and rows:
            # Once the page has its size: on a small screen the last bag would else stand below its edge.
            QTimer.singleShot(0, self._block.table, lambda: self.host.reveal(self._block.table))
            kept = f"{draft.updated_at.astimezone(CHINA):%H:%M}"
            self._strip.set_verdict(f"已恢复 {kept} 暂存的 {len(rows)} 袋，请接着扫", Role.INFO)
        else:
            self._strip.set_verdict("可以开始扫描；每袋四个码，次序不限", Role.INFO)
        self._stand()

    def shortcuts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        return (("F3", self.type_in), ("F9", self.confirm))

    def editable(self, lines_key: str) -> Iterable[str] | None:
        # What the label says is scanned or typed twice, and never touched up.
        return ("location",)

    def obstacles(self) -> list[Problem]:
        if self._working:
            return [Problem("", "scan-pending", "还有扫描正在处理，请稍候再按 Ctrl+S")]
        current = self.router.current
        if current is None:
            return []
        lacking = "、".join(missing(self.router.lines[current]))
        message = f"第 {current + 1} 袋还没扫齐（缺{lacking}）。请扫齐，或按 Ctrl+Del 删除该行"
        return [Problem(_BAGS, "bag-incomplete", message, current + 1)]

    def refuse(self, message: str) -> None:
        self._show(Verdict("not-accepted", message, Tone.REFUSED, Role.REFUSED))

    # -- what a person or a scanner does; each is done in its turn ------------------------------------------------

    def scanned(self, text: str) -> None:
        self._queue(lambda: self._weigh(self.router.weigh(scan.read(text)), self._finish, raw=text))

    def confirm(self) -> None:
        """Take the suggestion that the last scan left, after the person compared it with the label."""
        self._queue(self._confirm)

    def type_in(self) -> None:
        """Open the manual entry of a bag."""
        window = ManualEntry(self._block.of, self.host.back.now, self.host.widget())
        window.entered.connect(self._typed)
        window.finished.connect(window.deleteLater)
        window.open()

    def add(self, lines_key: str) -> None:
        self.type_in()

    def changed(self, lines_key: str, index: int, values: dict[str, Any]) -> None:
        row = self._block.model.rows[index]
        self._queue(lambda: self._put_away(row, values.get("location")))

    def remove(self, lines_key: str, index: int) -> None:
        row = self._block.model.rows[index]
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
        self._strip.set_verdict(verdict.message, verdict.role, verdict.tone)
        self.host.sounds.play(verdict.tone)
        if verdict.line is not None and verdict.line <= len(self._block.model.rows):
            self._block.select(verdict.line - 1)
            self.host.reveal(self._block.table)
        self._stand()

    def _stand(self) -> None:
        lines, current = self.router.lines, self.router.current
        latest = next((line for line in reversed(lines) if not missing(line)), None)
        whole = len(lines) - (current is not None)
        self._strip.set_count(whole, donation_number.format(latest["donation_number"]) if latest else "")
        self._strip.set_expected((len(lines) if current is None else current) + 1, self.router.expected())

    # -- the jobs -------------------------------------------------------------------------------------------------

    def _weigh(self, step: Step, finish: Finished, raw: str | None = None) -> None:
        suggestion = step.verdict.suggestion
        self._question = (raw, suggestion) if raw is not None and suggestion is not None else None
        if step.line is None:
            finish(step.verdict)
        elif step.ask is None:
            self._judge(step, None, finish)
        else:
            self.host.back.bag_in_stock(
                step.ask, lambda row: self._judge(step, row, finish), lambda problem: finish(_not_kept(problem))
            )

    def _judge(self, step: Step, in_stock: StockRow | None, finish: Finished) -> None:
        verdict = self.router.judge(step, in_stock)
        if verdict is not step.verdict or step.line is None:
            finish(verdict)
            return
        line, rows = step.line, self._block.model.rows
        row_id = rows[step.index].id if step.index < len(rows) else new_id()

        def kept() -> None:
            self.router.take(step)
            self._block.model.put(step.index, Row(row_id, line, *_status(line)))
            self.host.line_kept()
            finish(verdict)

        self._keep(row_id, line, kept, finish)

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

    def _put_away(self, row: Row, location: str | None) -> None:
        index = self._block.model.index_of(row.id)
        if index is None:
            self._finish(_gone())
            return
        line = {**self.router.lines[index], "location": location}

        def kept() -> None:
            self.router.put_away(index, location)
            self._block.model.put(index, Row(row.id, line, *_status(line)))
            self.host.line_kept()
            message = f"第 {index + 1} 袋储存位置：{location or '未填'}"
            self._finish(Verdict("put-away", message, Tone.ACCEPTED, Role.INFO, index + 1))

        self._keep(row.id, line, kept, self._finish)

    def _remove(self, row: Row) -> None:
        index = self._block.model.index_of(row.id)
        if index is None:
            self._finish(_gone())
            return

        def dropped() -> None:
            verdict = self.router.remove(index)
            self._block.model.take(index)
            self._block.select(min(index, len(self._block.model.rows) - 1))
            self.host.line_kept()
            self._finish(verdict)

        self.host.back.drop_line(self.host.draft_id, row.id, dropped, lambda problem: self._finish(_not_kept(problem)))


def _status(line: dict[str, Any]) -> tuple[str, Role]:
    lacking = missing(line)
    if lacking:
        # The promise first: the end of a long sentence is cut in a narrow column.
        return f"已暂存，缺{'、'.join(lacking)}", Role.ATTENTION
    if line.get("label_message"):
        return "已暂存，须隔离", Role.ATTENTION
    return "已暂存", Role.GOOD


def _not_kept(problem: KnownProblem) -> Verdict:
    message = f"没有存下，这一步没有被接受，请重做：{problem.message}"
    return Verdict("not-kept", message, Tone.REFUSED, Role.REFUSED)


def _gone() -> Verdict:
    return Verdict("gone", "这一行已经不在表中", Tone.WRONG_LABEL, Role.INFO)
