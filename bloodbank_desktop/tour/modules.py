"""The third act of the tour: every module with rows in its list, its dialog empty, refused, filled, and answered.

The records are registered by the program and travel to the training platform, whose acts answer them; nothing shown here
was painted for the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTableView,
    QTextBrowser,
)

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.records.declare import Verb
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.tour.filling import Filling, bag, codes, paper
from bloodbank_desktop.tour.stage import Failed, Stage, part, shown, until
from bloodbank_desktop.training import labels, papers
from bloodbank_desktop.ui.safety_tab import COUNTS, DUTIES, EXCEPTIONS, SafetyTab

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk

_ALT, _CTRL = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
_NONE = Qt.KeyboardModifier.NoModifier
VISITED = "module visited"
_STOCK = "stock"


def visit(folder: Path, url: str, say: Callable[[dict[str, Any]], None]) -> None:
    """Visit every module, in a window of its own. Raises KnownProblem when something did not come true."""
    stage = Stage(folder, say)
    stage.start(url)
    stage.link("在线")
    filling = Filling(stage, url, datetime.now(CHINA).replace(second=0, microsecond=0))
    filling.fill()
    visitor = Visitor(stage, filling)
    for kind in all_records():
        visitor.visit(kind)
        if kind == "stock_in":
            visitor.stock()
    visitor.safety()
    stage.tab("queue")
    stage.picture("上传队列-全部送达")
    stage.note("modules ended", keys_pressed_again=stage.again)
    stage.stop()


def _stands_at(page: SafetyTab, name: str) -> bool:
    return page.current == name


class Visitor:
    """Goes from module to module and takes the pictures."""

    def __init__(self, stage: Stage, filling: Filling) -> None:
        self.stage = stage
        self.filling = filling
        self.now, self.bags = filling.now, filling.bags

    def safety(self) -> None:
        """Show what is left to be done, what was passed by an override, and how often each rule spoke."""
        stage = self.stage
        stage.tab("safety")
        page = part(stage.window, SafetyTab, "tab.safety")
        for place, (name, word) in enumerate({DUTIES: "待办", EXCEPTIONS: "例外", COUNTS: "警报统计"}.items()):
            key = Qt.Key(Qt.Key.Key_1 + place)
            stage.press(stage.window, key, _ALT, partial(_stands_at, page, name), f"没有到{word}")
            stage.settled()
            stage.picture(f"安全-{word}")

    # -- one module after the other -------------------------------------------------------------------------------

    def visit(self, kind: str) -> None:
        """Show the list of a module and its dialog in every condition that the module knows."""
        stage, declared = self.stage, all_records()[kind]
        first = stage.pictures_taken
        stage.tab(kind)
        until(lambda: stage.rows(kind) > 0, f"{declared.label}的列表是空的")
        name = declared.label
        stage.picture(f"{name}-列表")
        view = stage.dialog(f"dialog.{kind}", Qt.Key.Key_Return)
        self._whole_dialog(f"{name}-查看", view)
        stage.leave(view, Qt.Key.Key_Escape, _NONE, f"{name}的查看窗口没有关闭")
        if Verb.REGISTER in declared.verbs:
            self._empty(kind, name)
            self._filled(kind, name)
        further = getattr(self, f"_further_{kind}", None)
        if further is not None:
            further(name)
        pictures = stage.pictures_taken - first
        stage.note(VISITED, module=kind, label=name, rows=stage.rows(kind), pictures=pictures)

    def _empty(self, kind: str, name: str) -> None:
        stage = self.stage
        dialog = stage.dialog(f"dialog.{kind}", Qt.Key.Key_N, _CTRL)
        stage.picture(f"{name}-新单", dialog)
        state = part(dialog, QLabel, "state")
        stage.press(dialog, Qt.Key.Key_S, _CTRL, lambda: "没有保存" in state.text(), f"空的{name}没有被退回")
        self._whole_dialog(f"{name}-逐栏提示", dialog)
        stage.leave(dialog, Qt.Key.Key_Escape, _NONE, f"{name}的窗口没有关闭")

    def _filled(self, kind: str, name: str) -> None:
        stage = self.stage
        if kind == "stock_in":
            self._receive(name)
            return
        if kind == "clinical_issue":
            self._issue(name)
            return
        if kind == "adverse_reaction":
            dialog = self._follow("clinical_issue", "reaction", kind)
            known = self.filling.reaction([])
            self._show(dialog, {key: value for key, value in known.items() if key != "bags"})
        else:
            dialog = self._draft(kind, self._next_paper(kind))
        self._whole_dialog(f"{name}-已填", dialog)
        stage.leave(dialog, Qt.Key.Key_S, _CTRL, f"{name}没有登记成功")

    def _next_paper(self, kind: str) -> dict[str, Any]:
        """Return a paper that is in no list yet."""
        if kind == "other_stock_out":
            return papers.removal_values(bags=[self.bags[8]], now=self.now, out_no=None, reason="expired")
        return paper(kind, 3, self.now)

    def _whole_dialog(self, name: str, dialog: QDialog) -> None:
        """Take a picture of a dialog, and one of its lower end if not all of it is on the screen."""
        stage = self.stage
        area = dialog.findChild(QScrollArea)
        bar = area.verticalScrollBar() if area is not None else None
        if bar is None or bar.maximum() <= bar.minimum():
            stage.picture(name, dialog)
            return
        bar.setValue(bar.minimum())
        stage.picture(name, dialog)
        if bar.maximum() > bar.pageStep() // 8:
            bar.setValue(bar.maximum())
            stage.picture(f"{name}-下半", dialog)

    def _draft(self, kind: str, values: Mapping[str, Any]) -> QDialog:
        """Open unfinished work: a draft with these values, as a crash or a colleague leaves it."""
        declared = all_records()[kind]

        def keep(desk: Desk) -> Any:
            draft_id = new_id()
            whole = {**desk.fresh(kind), **values}
            desk.drafts.keep(
                kind, draft_id, {f.key: whole[f.key] for f in declared.plain if whole.get(f.key) is not None}
            )
            for f, _ in declared.groups:
                for line in values.get(f.key) or ():
                    desk.drafts.keep_line(kind, draft_id, f.key, new_id(), line)
            return desk.drafts.find(draft_id)

        draft = self.filling.lane(keep)
        program = self.stage.program
        assert program is not None
        program.window.deeds.open(kind, "register", None, draft)
        return self._opened(f"dialog.{kind}")

    def _follow(self, kind: str, key: str, leads_to: str, record_id: str | None = None) -> QDialog:
        """Begin a follow-up from a record, by default the first one that the tour registered."""
        from bloodbank_desktop.operations.followups import begin

        source = record_id or self.filling.saved[kind][0].record_id
        draft = self.filling.lane(lambda desk: begin(desk, kind, source, key))
        program = self.stage.program
        assert program is not None
        program.window.deeds.open(leads_to, "register", None, draft)
        return self._opened(f"dialog.{leads_to}")

    def _opened(self, name: str) -> QDialog:
        until(lambda: shown(name), f"窗口 {name} 没有打开")
        dialog = shown(name)
        assert dialog is not None
        self.stage.front(dialog)
        self.stage.settled()
        return dialog

    def _show(self, dialog: QDialog, values: Mapping[str, Any]) -> None:
        """Put values into the fields of a dialog that are still empty."""
        from bloodbank_desktop.forms.record_dialog import RecordDialog

        assert isinstance(dialog, RecordDialog)
        dialog.form.fill_empty(values)
        dialog.form.changed.emit(next(iter(values)))
        self.stage.settled()

    # -- what only one module has ---------------------------------------------------------------------------------

    def _receive(self, name: str) -> None:
        """A delivery is ticked off its note: one bag is missing, one is extra."""
        stage = self.stage
        note = self.filling.lane(lambda desk: _first_id(desk, "dispatch_note"))
        dialog = self._follow("dispatch_note", "receive", "stock_in", note)
        for label in self.filling.labels[:-1]:
            for code in label["scans"]:
                stage.scan(dialog, code)
        extra = bag(90, self.now, "E5445", 0, 12)
        for code in labels.scans(extra):
            stage.scan(dialog, code)
        stage.sign(dialog, "checker", papers.STAFF[1])
        self._whole_dialog(f"{name}-与发血单核对", dialog)
        words = " ".join(one.text() for one in dialog.findChildren(QLabel))
        if "缺 1" not in words or "单外 1" not in words:
            raise Failed("入库窗口没有指出缺少和单外的血袋")
        stage.note("delivery ticked off its note", sent=len(self.filling.labels), missing=1, extra=1)
        self._override(dialog, name, "供血机构电话确认为本院加送")

    def _override(self, dialog: QDialog, name: str, comment: str) -> None:
        """Save what a rule lets pass only when a person with the role answers for it."""
        stage = self.stage
        offer = part(dialog, QPushButton, "action.authorise")
        stage.press(dialog, Qt.Key.Key_S, _CTRL, offer.isVisible, f"{name}没有要求授权")
        asking = stage.dialog("dialog.override", Qt.Key.Key_F10, on=dialog)
        part(asking, QComboBox, "reason.1").setCurrentIndex(len(table("override_reason")))
        part(asking, QPlainTextEdit, "comment.1").setPlainText(comment)
        stage.picture(f"{name}-授权", asking)
        stage.press(asking, Qt.Key.Key_S, _CTRL, lambda: shown(dialog.objectName()) is None, f"{name}没有登记成功")
        stage.front(stage.window)
        stage.settled()

    def _issue(self, name: str) -> None:
        """Blood leaves for the second request: a wrong bag is refused, the right one crossmatched."""
        stage, now = self.stage, self.now
        dialog = self._follow(
            "transfusion_request", "issue", "clinical_issue", self.filling.saved["transfusion_request"][1].record_id
        )
        for code in codes(self.bags[8]):
            answer = stage.scan(dialog, code)
        stage.note("expired bag refused at issue", answer=answer)
        self._whole_dialog(f"{name}-过期血袋拒发", dialog)
        table = part(dialog, QTableView, "bags")
        until(lambda: table.model().rowCount() == 0, "拒发的血袋还在发血单上")
        for code in codes(self.bags[4]):
            stage.scan(dialog, code)
        until(lambda: table.model().rowCount() >= 1, "血袋没有进入发血单")
        stage.picture(f"{name}-已扫血袋", dialog)
        table.setFocus()
        row = stage.dialog("dialog.clinical_issue.bags", Qt.Key.Key_Return, on=dialog)
        from bloodbank_desktop.forms.row_dialog import RowDialog

        assert isinstance(row, RowDialog)
        row.form.fill_empty(papers.crossmatch_values(self.bags[4], now=now))
        stage.picture(f"{name}-交叉配血", row)
        stage.leave(row, Qt.Key.Key_S, _CTRL, "配血结果没有填上")
        sample = {k: v for k, v in papers.sample_values(1, now=now).items() if k not in ("sample_no", "sampled_at")}
        self._show(dialog, {**sample, "checker": papers.STAFF[1], "pickup_no": "QX00000401"})
        stage.sign(dialog, "collector", papers.CLINIC[3])
        self._whole_dialog(f"{name}-已填", dialog)
        last = stage.dialog("dialog.confirm_issue", Qt.Key.Key_S, _CTRL, on=dialog)
        stage.picture(f"{name}-核对后发出", last)
        stage.press(last, Qt.Key.Key_S, _CTRL, lambda: shown(dialog.objectName()) is None, f"{name}没有发出")
        stage.front(stage.window)
        stage.settled()

    def _further_stock_in(self, name: str) -> None:
        self._question(f"{name}-冲红", "dialog.reverse", Qt.Key.Key_R, _CTRL | Qt.KeyboardModifier.ShiftModifier)

    def _further_donor_plan(self, name: str) -> None:
        stage = self.stage
        question = stage.dialog("dialog.activate", Qt.Key.Key_Return, _CTRL)
        stage.picture(f"{name}-激活", question, over=stage.window)
        question.accept()
        until(lambda: shown("dialog.activate") is None, "激活窗口没有关闭")
        self.filling.arrived()
        stage.settled()
        stage.picture(f"{name}-已激活")

    def _question(self, name: str, dialog: str, key: Qt.Key, held: Qt.KeyboardModifier) -> None:
        """Take a picture of a question in front of the window, and answer no."""
        question = self.stage.dialog(dialog, key, held)
        self.stage.picture(name, question, over=self.stage.window)
        self.stage.leave(question, Qt.Key.Key_Escape, _NONE, f"{name}的窗口没有关闭")

    # -- the stock page -------------------------------------------------------------------------------------------

    def stock(self) -> None:
        """Show what is here by group and bag by bag, count the refrigerator, and trace a bag."""
        stage = self.stage
        first = stage.pictures_taken
        stage.tab(_STOCK)
        until(lambda: stage.rows(_STOCK) > 0, "库存是空的")
        stage.picture("库存管理-分组与血袋")
        groups = part(stage.window, QTableView, "list.stock_groups")
        groups.selectRow(0)
        stage.settled()
        stage.settled()
        groups.setFocus()
        stage.picture("库存管理-一个分组")
        self._question("库存管理-安全库存", "dialog.stock_level", Qt.Key.Key_E, _CTRL)
        stage.press(stage.window, Qt.Key.Key_Escape, _NONE, lambda: not groups.selectedIndexes(), "条件没有清除")
        stage.settled()
        self._count()
        self._trace()
        stage.note(
            VISITED, module=_STOCK, label="库存管理", rows=stage.rows(_STOCK), pictures=stage.pictures_taken - first
        )

    def _count(self) -> None:
        stage = self.stage
        window = stage.dialog("dialog.stock_take", Qt.Key.Key_I, _CTRL)
        said, counted = part(window, QLabel, "said"), part(window, QListWidget, "list.counted")
        here = [one for place, one in enumerate(self.bags) if place not in (0, 1, 10, 13, 15)]
        strange = bag(91, self.now, "E5445", 2, 12)
        for place, one in enumerate([*here, strange], start=1):
            for code in codes(one):
                stage.scan(window, code, label="said")
                if counted.count() == place:
                    break
            until(partial(_holds, counted, place), f"第 {place} 袋没有计入（{said.text()}）")
        stage.picture("库存管理-盘点扫描", window)
        report = part(window, QTextBrowser, "report")
        stage.press(window, Qt.Key.Key_S, _CTRL, report.isVisible, "没有盘点结果")
        stage.settled()
        stage.picture("库存管理-盘点结果", window)
        stage.leave(window, Qt.Key.Key_Escape, _NONE, "盘点窗口没有关闭")

    def _trace(self) -> None:
        from bloodbank_desktop.records.bag import bag_key

        stage, program = self.stage, self.stage.program
        assert program is not None
        program.window.further.trace_bag(bag_key(self.bags[0]))
        window = self._opened("dialog.trace")
        stage.picture("追溯-一袋血的来龙去脉", window)
        stage.leave(window, Qt.Key.Key_Escape, _NONE, "追溯窗口没有关闭")


def _first_id(desk: Desk, kind: str) -> str:
    from bloodbank_desktop.storage.listing import ListQuery

    return desk.page(desk.open_list(ListQuery(kind)), 0, 1)[0].record_id


def _holds(counted: QListWidget, count: int) -> bool:
    """Return whether so many bags have been counted."""
    return counted.count() == count
