"""The self-check on the screen: runs every vector, shows each rule as word and shape, and says whether issuing is open.

What it shows is what was noted in the data file; nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.clock import china_text, from_utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.questions import WordsQuestion
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.operations.selfcheck import Report, RuleResult, SelfCheck
    from bloodbank_desktop.storage.selfcheck_rows import Outcome

_HEADS = ("结果", "规则", "级别", "例题", "通过", "未通过")
_NUMBERS = (3, 4, 5)
#: How often the bar follows the lane, in ms.
_FOLLOW_MS = 100


class SelfCheckWindow(QDialog):
    """Runs the self-check as soon as it is shown; `may_reopen` says whether who sits here may open issuing again."""

    def __init__(
        self, tasks: Tasks, check: SelfCheck, may_reopen: bool, *, hospital: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("dialog.selfcheck")
        self.setWindowTitle("自检")
        self.setAccessibleName("自检")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._tasks = tasks
        self._check = check
        self._may_reopen = may_reopen
        self._hospital = hospital
        self._at = (0, 1, "")
        self.report: Report | None = None
        self.said = QLabel(self)
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setObjectName("progress")
        self.bar.setAccessibleName("自检进度")
        self.bar.setTextVisible(False)
        self.table = self._table()
        self.detail = QTextBrowser(self)
        self.detail.setObjectName("detail")
        self.detail.setAccessibleName("未通过的例题")
        self.detail.hide()
        self.issuing = QLabel(self)
        self.issuing.setObjectName("issuing")
        self.issuing.setWordWrap(True)
        self.buttons = QDialogButtonBox(self)
        self.again = self._button("action.again", "再运行一次（F5）", "F5", self.run)
        self.pdf = self._button("action.pdf", "另存 PDF…（Ctrl+S）", "Ctrl+S", self._ask_pdf)
        self.reopen = self._button("action.reopen", "重新开放发血…", "", self._ask_reason)
        close = self.buttons.addButton("关闭（Esc）", QDialogButtonBox.ButtonRole.RejectRole)
        close.setObjectName("action.close")
        close.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.addWidget(self.said)
        box.addWidget(self.bar)
        box.addWidget(self.table, 3)
        box.addWidget(self.detail, 2)
        box.addWidget(self.issuing)
        box.addWidget(self.buttons)
        room = self.screen().availableGeometry().size() * 0.9
        self.resize(min(theme.em(self, 54), room.width()), min(theme.em(self, 44), room.height()))
        self._follow = QTimer(self)
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._show_progress)
        self.table.setFocus()
        self.run()

    def _table(self) -> QTableWidget:
        table = QTableWidget(0, len(_HEADS), self)
        table.setObjectName("list.selfcheck")
        table.setAccessibleName("每条规则的结果")
        table.setHorizontalHeaderLabels(list(_HEADS))
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.setStyleSheet("QTableWidget::item{padding:2px 4px}")
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in _NUMBERS:
            head = table.horizontalHeaderItem(column)
            assert head is not None
            head.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        table.itemSelectionChanged.connect(self._show_detail)
        return table

    def _button(self, name: str, words: str, key: str, slot: Callable[[], None]) -> QPushButton:
        made = self.buttons.addButton(words, QDialogButtonBox.ButtonRole.ActionRole)
        made.setObjectName(name)
        made.setAccessibleName(words)
        made.setAutoDefault(False)
        if key:
            made.setShortcut(key)
        made.clicked.connect(lambda _checked=False: slot())
        return made

    # running

    def run(self) -> None:
        """Run every vector on the database lane."""
        self._enable(False)
        self.said.setText("正在用例题核对每一条规则，请稍候；核对期间暂时不能保存。")
        theme.paint_text(self.said, Tone.PLAIN)
        self.detail.hide()
        self.bar.show()
        self._at = (0, 1, "")
        self._follow.start()

        def progress(done: int, of: int, what: str) -> None:
            # Called on the lane: a plain value that the timer looks at.
            self._at = (done, of, what)

        check = self._check
        self._tasks.database(lambda: check.run(progress), self._show, self._failed, owner=self)

    def _show_progress(self) -> None:
        done, of, what = self._at
        self.bar.setRange(0, of)
        self.bar.setValue(done)
        if what:
            self.said.setText(f"正在核对 {done + 1} / {of}：{what}")

    def _enable(self, on: bool) -> None:
        self.again.setEnabled(on)
        self.pdf.setEnabled(on and self.report is not None)
        self.reopen.setEnabled(False)

    def _show(self, report: Report) -> None:
        from bloodbank_desktop.exchange.selfcheck_page import verdict

        self._follow.stop()
        self.bar.hide()
        self.report = report
        counts = report.as_json()["counts"]
        self.said.setText(f"{verdict(report)}　规则 {counts['rules']} 条，例题 {counts['vectors']} 道")
        theme.paint_text(self.said, Tone.GOOD if report.passed else Tone.BAD, bold=True)
        rows = sorted(report.rules, key=lambda one: one.holds)
        self.table.setRowCount(len(rows))
        for row, one in enumerate(rows):
            self._fill(row, one)
        self._rows = rows
        self._enable(True)
        if not report.passed:
            self.table.selectRow(0)
        self._ask_state()

    def _fill(self, row: int, one: RuleResult) -> None:
        from bloodbank_desktop.exchange.selfcheck_page import result
        from bloodbank_desktop.operations.selfcheck import level_word

        numbers = (str(one.total), str(one.passed), str(len(one.failed)))
        for column, words in enumerate((result(one), one.rule.title, level_word(one), *numbers)):
            item = QTableWidgetItem(words)
            if column == 0:
                item.setForeground(QColor(theme.colours().tone(Tone.GOOD if one.holds else Tone.BAD)))
            if column in _NUMBERS:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            item.setToolTip(f"{one.rule.title}（{one.rule.id}）\n来源：{one.rule.source}")
            self.table.setItem(row, column, item)

    def _show_detail(self) -> None:
        row = self.table.currentRow()
        if self.report is None or not 0 <= row < len(self._rows):
            return
        one = self._rows[row]
        lines = [f"✕ {bad.vector}\n　{bad.why}" for bad in one.failed]
        lines += [] if one.total else ["✕ 这条规则没有例题，不能证明它有效"]
        lines += [f"✕ 决策表 {name} 的 {' / '.join(inputs)} 没有例题问到" for name, inputs in one.uncovered]
        if row == 0:
            lines += [f"✕ {bad.vector}：{bad.why}" for bad in self.report.broken]
        self.detail.setPlainText("\n".join(lines))
        self.detail.setVisible(bool(lines))

    def _failed(self, problem: Exception) -> None:
        self._follow.stop()
        self.bar.hide()
        self._enable(True)
        if not isinstance(problem, KnownProblem):
            self._tasks.bug.emit(problem)
            return
        self.said.setText(f"✕ {problem.message}")
        theme.paint_text(self.said, Tone.BAD, bold=True)

    # issuing

    def _ask_state(self) -> None:
        self._tasks.database(self._check.latest, self._show_state, self._failed, owner=self)

    def _show_state(self, outcome: Outcome | None) -> None:
        words, tone, closed = state_of(outcome)
        self.issuing.setText(words)
        theme.paint_text(self.issuing, tone, bold=closed)
        self.reopen.setVisible(closed)
        self.reopen.setEnabled(closed and self._may_reopen)
        if closed and not self._may_reopen:
            self.issuing.setText(f"{words}　您的角色不能重新开放，请由审核或主任登录。")

    def _ask_reason(self) -> None:
        words = (
            "自检未通过而仍要发血：请写明查到的原因和采取的措施。\n\n操作和原因会留痕；下次自检未通过时发血再次关闭。"
        )
        question = WordsQuestion("reopen_issuing", "重新开放发血", words, "重新开放", "原因，至少 6 个字", parent=self)

        def reopen() -> None:
            reason, check = question.text, self._check
            self._tasks.database(lambda: check.reopen(reason), self._show_state, self._failed, owner=self)

        question.accepted.connect(reopen)
        question.open()

    # paper

    def save_pdf(self, file: Path) -> None:
        """Write the report as an A4 PDF. Raises KnownProblem."""
        from bloodbank_desktop.exchange.selfcheck_page import selfcheck_page
        from bloodbank_desktop.ui.paper import write_pdf

        assert self.report is not None
        write_pdf(selfcheck_page(self.report, self._hospital), file)

    def _ask_pdf(self) -> None:
        assert self.report is not None
        name = f"自检报告_{china_text(self.report.at)[:10]}.pdf"
        chosen, _ = QFileDialog.getSaveFileName(self, "另存为 PDF", name, "PDF (*.pdf)")
        if chosen:
            try:
                self.save_pdf(Path(chosen))
            except KnownProblem as problem:
                self._failed(problem)


def state_of(outcome: Outcome | None) -> tuple[str, Tone, bool]:
    """Return what is said of issuing after a self-check, in which tone, and whether it is closed."""
    if outcome is None or outcome.passed:
        return "✓ 发血开放", Tone.GOOD, False
    if outcome.closes:
        return "■ 发血已关闭：没有人能发出血液，直到自检通过，或审核、主任写明原因重新开放。", Tone.BAD, True
    when = china_text(from_utc_text(outcome.reopened_at))
    return f"▲ 发血由 {outcome.reopened_by} 于 {when} 重新开放：{outcome.reason}", Tone.WARN, False
