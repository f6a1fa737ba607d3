"""设置 › 代码表: every code table with its source, its entries, and what this hospital changed in it, when and why.

Looking is for everybody; what may be changed is refused below the screen. The keyboard is enough: Tab goes from the
tables to their entries and on to the changes, Enter opens, typing narrows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.table_desk import SITE_WORDS, facet_text
from bloodbank_desktop.records.overlay import ACT_WORDS, Act, standing
from bloodbank_desktop.records.tables import Facet, Site, Table
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.entry_dialog import Answer, EntryDialog
from bloodbank_desktop.ui.grid import Grid
from bloodbank_desktop.ui.questions import WordsQuestion
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import Tone

if TYPE_CHECKING:
    from bloodbank_desktop.operations.table_desk import Overview, TableDesk
    from bloodbank_desktop.storage.table_changes import Noted

_SHORT = {Site.NOTHING: "不可改", Site.WORDS: "改名称", Site.ENTRIES: "可增改"}
_CHANGES = ("号", "改动", "代码", "内容", "原因", "何人", "何时")


class TablesDialog(QDialog):
    """The page of code tables; `bug(exception)` is what nobody can mend."""

    bug = Signal(object)

    def __init__(self, desk: TableDesk, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = tasks
        self._overview: list[Overview] = []
        self._noted: list[Noted] = []
        self._wanted = ""
        self._wish: str | None = None
        self.setObjectName("dialog.code_tables")
        self.setWindowTitle("代码表")
        self.setAccessibleName("代码表")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.search = QLineEdit(self)
        self.search.setObjectName("search")
        self.search.setAccessibleName("查找代码表")
        self.search.setPlaceholderText("按名称查找代码表")
        self.search.setClearButtonEnabled(True)
        self.tables = Grid("list.tables", "代码表", self)
        self.entries = Grid("list.entries", "代码表的各项", self)
        self.changes = Grid("list.changes", "本院的改动", self)
        self.head, self.source, self.said = QLabel(self), QLabel(self), QLabel(self)
        for label, name in ((self.head, "head"), (self.source, "source"), (self.said, "said")):
            label.setObjectName(name)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(self)
        self.amend = self._button("amend", "修改（F2）", "F2", self._amend)
        self.add = self._button("add", "新增（Ctrl+N）", "Ctrl+N", self._add)
        self.retire = self._button("retire", "停用…（Del）", "Del", self._retire)
        self.revert = self._button("revert", "撤销所选改动…（Ctrl+Z）", "Ctrl+Z", self._revert)
        close = self.buttons.addButton("关闭（Esc）", QDialogButtonBox.ButtonRole.RejectRole)
        close.setObjectName("action.close")
        close.setAccessibleName("关闭")
        close.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)
        self._lay_out()
        self.search.textChanged.connect(lambda _text: self._show_tables())
        self.search.returnPressed.connect(self.tables.setFocus)
        self.tables.currentCellChanged.connect(lambda *_: self._choose())
        self.tables.opened.connect(self.entries.setFocus)
        self.entries.currentCellChanged.connect(lambda *_: self._enable())
        self.entries.opened.connect(self._amend)
        self.changes.currentCellChanged.connect(lambda *_: self._enable())
        self.search.setFocus()
        self._enable()
        self.read()

    # building

    def _button(self, name: str, text: str, key: str, slot: Callable[[], None]) -> QPushButton:
        made = self.buttons.addButton(text, QDialogButtonBox.ButtonRole.ActionRole)
        made.setObjectName(f"action.{name}")
        made.setAccessibleName(text.partition("（")[0].rstrip("…"))
        made.setShortcut(key)
        made.setAutoDefault(False)
        made.clicked.connect(lambda _checked=False: slot())
        return made

    def _lay_out(self) -> None:
        left, right = QWidget(self), QWidget(self)
        for holder, parts in (
            (left, ((self.search, 0), (self.tables, 1))),
            (
                right,
                (
                    (self.head, 0),
                    (self.source, 0),
                    (self.entries, 3),
                    (QLabel("本院的改动", self), 0),
                    (self.changes, 1),
                ),
            ),
        ):
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            for part, share in parts:
                column.addWidget(part, share)
        theme.paint_text(self.source, Tone.MUTED)
        self.tables.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        splitter = QSplitter(self)
        splitter.setObjectName("tables.splitter")
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 5)
        below = QHBoxLayout()
        below.addWidget(self.buttons, 1)
        whole = QVBoxLayout(self)
        whole.addWidget(splitter, 1)
        whole.addWidget(self.said)
        whole.addLayout(below)
        room = self.screen().availableGeometry().size() * 0.94
        self.resize(min(theme.em(self, 92), room.width()), min(theme.em(self, 46), room.height()))
        splitter.setSizes([self.width() * 3 // 11, self.width() * 8 // 11])

    # reading

    def read(self) -> None:
        """Read every table anew."""
        self._tasks.database(self._desk.overview, self._read, self._failed, owner=self)

    def _read(self, found: list[Overview]) -> None:
        self._overview = found
        self._show_tables()

    def _show_tables(self) -> None:
        wanted = self.search.text().strip().lower()
        shown = [one for one in self._overview if wanted in one.table.label.lower() or wanted in one.table.name]
        rows = [(one.table.name, (one.table.label, _SHORT[one.table.site], str(one.changed or ""))) for one in shown]
        self.tables.show_rows(("代码表", "本院", "改动"), rows)
        self._choose()

    def table(self) -> Table | None:
        """The table that is chosen."""
        name = self.tables.current()
        return next((one.table for one in self._overview if one.table.name == name), None)

    def _choose(self) -> None:
        table = self.table()
        if table is None:
            self._noted = []
            self._show()
            return
        self._wanted = table.name
        self._tasks.database(
            lambda: self._desk.history(table.name),
            lambda noted: self._chosen(table.name, noted),
            self._failed,
            owner=self,
        )

    def _chosen(self, name: str, noted: list[Noted]) -> None:
        # Whoever walks along the tables is past this one by now.
        if name == self._wanted:
            self._noted = noted
            self._show()

    def _show(self) -> None:
        table = self.table()
        self.head.setText(
            f"{table.label}　版本 {table.version}　{SITE_WORDS[table.site]}" if table else "没有这个名称的代码表"
        )
        self.source.setText(f"依据：{table.source}" if table else "")
        facets = table.facets if table else ()
        rows = []
        for place, (key, entry) in enumerate(table.entries.items() if table else (), start=1):
            more = [facet_text(facet, entry.get(facet.key)) for facet in facets]
            rows.append((key, (str(place), key, str(entry["word"]), _state(entry), *more)))
        heads = ("次序", "代码", "名称", "状态", *(facet.label for facet in facets))
        self.entries.show_rows(heads, rows)
        if self._wish is not None:
            self.entries.go_to(self._wish)
            self._wish = None
        held = {change.seq for change in standing(noted.change for noted in self._noted)}
        lines = [(one.change.seq, _line(one, facets, one.change.seq in held)) for one in reversed(self._noted)]
        self.changes.show_rows(_CHANGES, lines)
        self._enable()

    def _enable(self) -> None:
        table, key = self.table(), self.entries.current()
        entry = table.entries.get(key, {}) if table is not None else {}
        words = table is not None and table.site is not Site.NOTHING
        whole = table is not None and table.site is Site.ENTRIES
        self.amend.setEnabled(words and bool(entry))
        self.add.setEnabled(whole)
        self.retire.setEnabled(whole and bool(entry) and not entry.get("retired") and not entry.get("kept"))
        back = next((one.change for one in self._noted if one.change.seq == self.changes.current()), None)
        held = {change.seq for change in standing(one.change for one in self._noted)}
        self.revert.setEnabled(words and back is not None and back.seq in held and back.act is not Act.LEARN)

    # what the person does

    def _amend(self) -> None:
        table, key = self.table(), self.entries.current()
        if table is None or key is None or not self.amend.isEnabled():
            return
        before = table.entries[key]
        place = list(table).index(key) + 1

        def keep(answer: Answer) -> Any:
            known = {facet.key: facet_text(facet, before.get(facet.key)) for facet in table.facets}
            changed = {name: text for name, text in answer.facets.items() if text != known[name]}
            moved = None if answer.place == place else answer.place
            return self._desk.set(table.name, key, word=answer.word, place=moved, facets=changed, reason=answer.reason)

        self._ask(EntryDialog(table, key, self), keep, f"✓ 已修改《{table.label}》")

    def _add(self) -> None:
        table = self.table()
        if table is None or not self.add.isEnabled():
            return

        def keep(answer: Answer) -> Any:
            return self._desk.add(
                table.name, answer.key, word=answer.word, place=answer.place, facets=answer.facets, reason=answer.reason
            )

        self._ask(EntryDialog(table, None, self), keep, f"✓ 已在《{table.label}》中新增一项")

    def _ask(self, dialog: EntryDialog, keep: Callable[[Answer], Any], said: str) -> None:
        def kept(key: str) -> None:
            dialog.accept()
            self._done(said, key)

        def refused(problem: Exception) -> None:
            if isinstance(problem, KnownProblem):
                dialog.refuse(problem.message)
            else:
                dialog.reject()
                self.bug.emit(problem)

        dialog.asked.connect(
            lambda answer: self._tasks.database(
                lambda: keep(answer), lambda _change: kept(answer.key), refused, owner=dialog
            )
        )
        dialog.finished.connect(lambda _result: dialog.deleteLater())
        dialog.open()

    def _retire(self) -> None:
        table, key = self.table(), self.entries.current()
        if table is None or key is None:
            return
        words = f"停用《{table.label}》中的“{table.word(key)}”？\n\n新的记录不再能选它；已有的记录保持原样，照常显示。"
        question = WordsQuestion("retire_entry", "停用一项", words, "停用", "停用原因", self)
        question.accepted.connect(
            lambda: self._run(
                lambda: self._desk.retire(table.name, key, reason=question.text), f"✓ 已停用“{table.word(key)}”"
            )
        )
        question.open()

    def _revert(self) -> None:
        table, seq = self.table(), self.changes.current()
        if table is None or seq is None:
            return
        words = f"撤销《{table.label}》的第 {seq} 号改动？\n\n这一项恢复到改动之前；改动和撤销都会留痕。"
        question = WordsQuestion("revert_change", "撤销改动", words, "撤销", "撤销原因", self)
        question.accepted.connect(
            lambda: self._run(
                lambda: self._desk.revert(seq, table=table.name, reason=question.text), f"✓ 已撤销第 {seq} 号改动"
            )
        )
        question.open()

    def _run(self, act: Callable[[], Any], said: str) -> None:
        self._tasks.database(act, lambda _change: self._done(said), self._failed, owner=self)

    def _done(self, said: str, key: str | None = None) -> None:
        self._say(said, Tone.GOOD)
        self._wish = key
        self.read()

    def _failed(self, problem: Exception) -> None:
        if isinstance(problem, KnownProblem):
            self._say(f"✕ {problem.message}", Tone.BAD)
        else:
            self.bug.emit(problem)

    def _say(self, text: str, tone: Tone) -> None:
        self.said.setText(text)
        self.said.setAccessibleName(text)
        theme.paint_text(self.said, tone)


def _state(entry: Any) -> str:
    said = [
        "停用" if entry.get("retired") else "",
        "本院新增" if entry.get("added") else "",
        "程序使用" if entry.get("kept") else "",
    ]
    return "、".join(word for word in said if word)


def _line(noted: Noted, facets: Sequence[Facet], held: bool) -> tuple[str, ...]:
    change = noted.change
    said = [change.word and f"名称“{change.word}”", change.place and f"次序 {change.place}"]
    said += [f"{one.label} {facet_text(one, change.facets[one.key])}" for one in facets if one.key in change.facets]
    said += [change.reverts and f"第 {change.reverts} 号"]
    act = ACT_WORDS[change.act] + ("" if held or change.act is Act.REVERT else "（已撤销）")
    at = china_text(noted.at)
    return (str(change.seq), act, change.key, "，".join(str(one) for one in said if one), noted.reason, noted.actor, at)
