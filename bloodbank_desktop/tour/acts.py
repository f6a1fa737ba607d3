"""The first two acts of the tour: scanning while the line is cut until the plug is pulled, and the upload after it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWidgets import QDialog, QLabel, QTableView, QToolButton, QWidget

from bloodbank_desktop.clock import CHINA
from bloodbank_desktop.records.codes import scan
from bloodbank_desktop.tour.labels import BAGS, faulty_labels, label, request
from bloodbank_desktop.tour.stage import Failed, Stage, kept, part, until
from bloodbank_desktop.training import papers

#: Nothing listens here; a window that is sent here is a window whose network cable is out.
NOWHERE = "http://127.0.0.1:9"
#: After this the first act waits to be killed.
CRASH = "ready to be killed"
_CTRL, _NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier


def play(act: str, folder: Path, url: str, say: Callable[[dict[str, Any]], None]) -> None:
    """Play one act; what happens goes to `say`. `url` is where the platform will be. Raises KnownProblem."""
    if act == "modules":
        from bloodbank_desktop.tour.modules import visit

        visit(folder, url, say)
        return
    stage = Stage(folder, say)
    now = datetime.now(CHINA)
    if act == "scan":
        stage.start(NOWHERE)
        stage.note("started with the network cut", status=stage.link("离线"))
        stage.picture("血袋入库-离线")
        _write_request(stage, now)
        _scan_delivery(stage, now)
        stage.note(CRASH, keys_pressed_again=stage.again)
        # Whoever started this act pulls the plug now; nothing is closed, nothing is flushed.
        QEventLoop().exec()
    stage.start(url)
    _register_delivery(stage)
    _upload(stage)
    stage.note("ended", keys_pressed_again=stage.again)
    stage.stop()


def _write_request(stage: Stage, now: datetime) -> None:
    stage.tab("transfusion_request")
    stage.picture("输血申请单-列表-空")
    dialog = stage.dialog("dialog.transfusion_request", Qt.Key.Key_N, _CTRL)
    stage.picture("输血申请单-新单", dialog)
    state = part(dialog, QLabel, "state")
    stage.press(dialog, Qt.Key.Key_S, _CTRL, lambda: "没有保存" in state.text(), "空的申请单没有被退回")
    stage.note("empty request refused", answer=state.text())
    stage.picture("输血申请单-逐栏提示", dialog)
    head, components, approvals = request(now)
    stage.fill(dialog, head)
    _add_line(stage, dialog, "components", components[0], picture="输血申请单-添加品种")
    for step in approvals:
        _add_line(stage, dialog, "approvals", step)
    until(lambda: "已暂存" in state.text(), f"申请单没有暂存（{state.text()}）")
    stage.picture("输血申请单-已填", dialog)
    stage.leave(dialog, Qt.Key.Key_S, _CTRL, "申请单没有登记成功")
    until(lambda: len(stage.queue()) == 1, "申请单没有进入上传队列")
    stage.note("request registered offline", queue=stage.queue(), said=part(stage.window, QLabel, "status.said").text())
    stage.picture("输血申请单-列表")
    stage.tab("stock_in")


def _add_line(stage: Stage, dialog: QDialog, key: str, texts: dict[str, str], picture: str = "") -> None:
    table_ = part(dialog, QTableView, key)
    table_.setFocus()
    before = table_.model().rowCount()
    row = stage.dialog(f"dialog.transfusion_request.{key}", Qt.Key.Key_Insert, on=dialog)
    stage.fill(row, texts)
    if picture:
        stage.picture(picture, row)
    stage.leave(row, Qt.Key.Key_S, _CTRL, f"{key} 没有加上一行")
    until(lambda: table_.model().rowCount() == before + 1, f"{key} 没有加上一行")


def _scan_delivery(stage: Stage, now: datetime) -> None:
    dialog = stage.dialog("dialog.stock_in", Qt.Key.Key_N, _CTRL)
    stage.picture("新的入库单", dialog)
    counter = part(dialog, QLabel, "scan.counter")
    faults = faulty_labels(now)
    for place in range(BAGS):
        answer = ""
        for code in label(place, now):
            answer = stage.scan(dialog, code)
        stage.note("bag scanned", bag=place + 1, answer=answer, counter=counter.text())
        if place in (2, 4, 6, 8, 10):
            _refuse(stage, dialog, *faults[place // 2 - 1])
    until(lambda: kept(dialog) == BAGS, "十二袋没有全部暂存")
    stage.note("delivery kept", acknowledged=kept(dialog), state=part(dialog, QLabel, "state").text())
    stage.picture("十二袋已暂存", dialog)
    size = dialog.size()
    dialog.resize(round(stage.window.width() * 0.9), round(stage.window.height() * 0.88))
    stage.settled()
    stage.picture("入库单在列表之上", dialog, over=stage.window)
    dialog.resize(size)


def _refuse(stage: Stage, dialog: QDialog, fault: str, words: str, code: str) -> None:
    counter, rows = part(dialog, QLabel, "scan.counter"), part(dialog, QTableView, "bags").model()
    before = (counter.text(), rows.rowCount())
    answer = stage.scan(dialog, code)
    if (counter.text(), rows.rowCount()) != before:
        raise Failed(f"不该收下的袋签被收下了（{words}）")
    decoded = scan.scan_as_json(scan.read(code))
    stage.note("faulty label refused", fault=fault, code=code, answer=answer, problems=decoded["problems"])
    stage.picture(f"拒收-{words}", dialog)


def _register_delivery(stage: Stage) -> None:
    bar = part(stage.window, QWidget, "drafts")
    until(bar.isVisible, "未完成的登记没有提示")
    drafts = stage.desk.drafts.all("stock_in")
    in_file = [len(one.values.get("bags") or ()) for one in drafts]
    words = part(stage.window, QLabel, "drafts.words").text()
    stage.note("started again after the crash", bar=words, drafts_in_file=in_file, status=stage.link("离线"))
    stage.picture("重新启动-未完成的登记")
    dialog = stage.dialog("dialog.stock_in", Qt.Key.Key_O, _CTRL)
    counter = part(dialog, QLabel, "scan.counter")
    until(lambda: kept(dialog) == BAGS, f"草稿没有恢复（{counter.text()}，文件中 {in_file}）")
    stage.note("reopened where it stood", restored=kept(dialog), counter=counter.text())
    stage.picture("接着上次", dialog)
    stage.sign(dialog, "checker", papers.STAFF[1])
    stage.leave(dialog, Qt.Key.Key_S, _CTRL, "入库单没有登记成功")
    until(lambda: len(stage.queue()) == 2, "登记没有进入上传队列")
    stage.note(
        "delivery registered offline", queue=stage.queue(), said=part(stage.window, QLabel, "status.said").text()
    )
    stage.picture("已保存-离线")
    view = stage.dialog("dialog.stock_in", Qt.Key.Key_Return)
    stage.picture("查看入库单", view)
    stage.leave(view, Qt.Key.Key_Escape, _NONE, "查看窗口没有关闭")
    stage.tab("queue")
    until(lambda: stage.rows("queue") == 2, "上传队列没有显示两项")
    waiting = part(stage.window, QWidget, "status.waiting").property("text")
    stage.note("waiting in the queue", rows=stage.rows("queue"), status=waiting)
    stage.picture("上传队列-等待")
    keys = stage.dialog("dialog.shortcuts", Qt.Key.Key_F1)
    stage.picture("快捷键", keys)
    stage.leave(keys, Qt.Key.Key_Escape, _NONE, "快捷键窗口没有关闭")


def _upload(stage: Stage) -> None:
    stage.note("network comes back")
    until(lambda: all(one["state"] == "done" for one in stage.queue()), "记录没有送达平台")
    until(lambda: stage.rows("queue") == 0, "上传队列没有清空")
    status = stage.link("在线")
    stage.note("uploaded by itself", queue=stage.queue(), status=status)
    shown = part(stage.window, QToolButton, "button.finished")
    stage.press(stage.window, Qt.Key.Key_H, _CTRL, shown.isChecked, "没有显示已完成的操作")
    until(lambda: stage.rows("queue") == 2, "上传队列没有显示已完成的两项")
    stage.settled()
    stage.picture("上传队列-已完成")
    for key, name in (("transfusion_request", "输血申请单-已报送"), ("stock_in", "血袋入库-已报送")):
        stage.tab(key)
        stage.picture(name)
