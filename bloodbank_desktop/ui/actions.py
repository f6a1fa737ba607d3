"""Everything a person can do from the window, declared once: name, words, keys, explanation.

From here come menus, buttons, tool tips, the list of shortcuts (F1) and the test that no key is given away twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QToolButton, QWidget

from bloodbank_desktop.frozen import dataclass


@dataclass(frozen=True)
class Spec:
    """One action. `keys` in Qt's spelling; `shown` as printed on the keyboard; `group` heads it in the F1 list."""

    name: str
    text: str
    keys: tuple[str, ...]
    tip: str
    group: str
    shown: str = ""

    @property
    def key_text(self) -> str:
        """The first key as a person reads it, "" without one."""
        return self.shown or (self.keys[0] if self.keys else "")


#: What a person most often comes for stands out.
_PRIMARY = frozenset({"action.register", "action.resume"})
_LIST, _STOCK, _QUEUE, _SAFETY, _WINDOW = "列表", "库存", "上传队列", "安全", "窗口"

SPECS = {
    spec.name: spec
    for spec in (
        Spec("register", "登记", ("Ctrl+N",), "登记一条新记录", _LIST),
        Spec("view", "查看", ("Return", "Enter"), "查看选中的记录", _LIST, "Enter"),
        Spec("amend", "修改", ("F2",), "修改选中的记录；每次修改都会留痕", _LIST),
        Spec("delete", "删除", ("Del",), "删除选中的记录；须写明原因", _LIST),
        Spec("activate", "激活…", ("Ctrl+Return",), "激活选中的计划；激活后不能撤回", _LIST, "Ctrl+Enter"),
        Spec("reverse", "冲红…", ("Ctrl+Shift+R",), "冲红选中的入库单或其中几袋；须写明原因，冲红后可重新入库", _LIST),
        Spec("follow", "由此开始", ("Ctrl+R",), "从选中的记录开始下一步：收货、发血、报告反应等", _LIST),
        Spec("trace", "追溯", ("Ctrl+T",), "查看选中记录的来龙去脉；在任何列表中直接扫描血袋也可以", _LIST),
        Spec("import", "导入…", ("Ctrl+Shift+I",), "从 Excel 文件导入；先检查每一行，有问题会指出在哪一格", _LIST),
        Spec("export", "导出…", ("Ctrl+Shift+E",), "把列表中符合条件的全部记录存为 Excel 文件", _LIST),
        Spec("resume", "继续", ("Ctrl+O",), "继续上次未完成的登记", _LIST),
        Spec("discard", "放弃暂存…", (), "放弃未完成的登记", _LIST),
        Spec("search", "搜索", ("Ctrl+F",), "到搜索框；在列表中直接输入也可以", _LIST),
        Spec("clear", "清除条件", ("Esc",), "清除搜索和筛选，显示全部", _LIST),
        Spec("sort_up", "按当前列升序", ("Ctrl+Shift+Up",), "按光标所在的列从小到大排列", _LIST, "Ctrl+Shift+↑"),
        Spec("sort_down", "按当前列降序", ("Ctrl+Shift+Down",), "按光标所在的列从大到小排列", _LIST, "Ctrl+Shift+↓"),
        Spec("sort_newest", "最新的在前", ("Ctrl+Shift+Home",), "恢复原来的次序", _LIST),
        Spec("copy_cell", "复制单元格", ("Ctrl+C",), "复制光标所在的一格", _LIST),
        Spec("copy_row", "复制整行", ("Ctrl+Shift+C",), "复制整行，可粘贴到表格软件", _LIST),
        Spec("columns", "显示列", ("Ctrl+K",), "选择显示哪些列；拖动标题可调整次序和宽度", _LIST),
        Spec("accept", "验收合格", ("Ctrl+Y",), "选中的血袋验收合格，可以发出", _STOCK),
        Spec("quarantine", "隔离…", ("Ctrl+G",), "隔离选中的血袋；须写明原因", _STOCK),
        Spec("reserve", "预留…", ("Ctrl+P",), "为一张申请单预留选中的血袋", _STOCK),
        Spec("release", "解除预留", ("Ctrl+Shift+P",), "解除选中血袋的预留", _STOCK),
        Spec("take_back", "未输收回…", ("Ctrl+B",), "发出而未输的血袋收回并隔离；须写明原因", _STOCK),
        Spec("relocate", "移位…", ("Ctrl+M",), "改变选中血袋的储存位置", _STOCK),
        Spec("stock_take", "盘点…", ("Ctrl+I",), "逐袋扫描冰箱，核对缺少、多出和过期", _STOCK),
        Spec("stock_level", "安全库存…", ("Ctrl+E",), "设定所选血型品种至少应有多少袋", _STOCK),
        Spec("retry", "重新报送", ("Ctrl+R",), "让选中的操作再次报送", _QUEUE),
        Spec("settle", "以平台为准…", ("Ctrl+J",), "不再报送被退回的操作，采用平台的内容；须写明原因", _QUEUE),
        Spec("finished", "显示已完成", ("Ctrl+H",), "同时显示已经完成的操作", _QUEUE),
        Spec("safety_duties", "待办", ("Alt+1",), "还要做完的事，先到期的在前", _SAFETY),
        Spec("safety_exceptions", "例外", ("Alt+2",), "授权通过的情况；次日由另一人签阅", _SAFETY),
        Spec("safety_counts", "警报统计", ("Alt+3",), "每条规则说了多少次，每百次发血多少次", _SAFETY),
        Spec("close_duty", "了结…", ("Ctrl+J",), "写明怎样办理的，了结选中的待办", _SAFETY),
        Spec("sign_exceptions", "签阅…", ("Ctrl+G",), "签阅今天以前的例外；本人授权的由他人签阅", _SAFETY),
        Spec("near_miss", "记为险兆", ("F12",), "由选中的一条开始险兆事件登记；在登记窗口中被拦下时也可以", _SAFETY),
        Spec("back", "返回统计", ("Esc",), "回到每条规则的统计", _SAFETY),
        Spec("refresh", "刷新", ("F5",), "重新读取当前页", _WINDOW),
        Spec("next_tab", "下一页", ("Ctrl+Tab", "Ctrl+PgDown"), "到下一个模块", _WINDOW),
        Spec("previous_tab", "上一页", ("Ctrl+Shift+Tab", "Ctrl+PgUp"), "到上一个模块", _WINDOW),
        Spec("queue", "上传队列", ("Ctrl+0",), "到上传队列，查看尚未送达的记录", _WINDOW),
        Spec("safety", "安全", ("Ctrl+D",), "到安全页，查看待办、例外和警报统计", _WINDOW),
        Spec("merge", "合并患者…", ("Ctrl+Shift+M",), "两个病案号是同一位患者；两边的记录都保留，须写明依据", _WINDOW),
        Spec("selfcheck", "自检…", ("Ctrl+Shift+S",), "用例题核对每一条安全规则，可存为 PDF 签名留档", _WINDOW),
        Spec(
            "code_tables",
            "代码表…",
            ("Ctrl+Shift+T",),
            "查看代码表，增改本院的选项和产品字典；每次改动都会留痕",
            _WINDOW,
        ),
        Spec("operator", "换人登录…", ("Ctrl+U",), "另一位操作员登录；草稿都保留", _WINDOW),
        Spec("lock", "锁定", ("Ctrl+L",), "离开时锁定窗口；未完成的内容都保留", _WINDOW),
        Spec("password", "我的密码…", (), "换一个只有自己知道的密码", _WINDOW),
        Spec("switches", "本院开关…", (), "法规留有余地之处本院如何决定；由管理员更改", _WINDOW),
        Spec("persons", "人员管理…", (), "谁可以登录，各有什么角色；由管理员使用", _WINDOW),
        Spec("help", "快捷键", ("F1",), "列出全部快捷键", _WINDOW),
        Spec("quit", "退出", ("Ctrl+Q",), "关闭程序；未完成的登记会保留", _WINDOW),
    )
}


def tab_spec(place: int, label: str) -> Spec:
    """Return the action that goes to the tab at `place` (1 to 9)."""
    return Spec(f"tab_{place}", label, (f"Ctrl+{place}",), f"到“{label}”", _WINDOW)


def make(
    spec: Spec | str,
    owner: QWidget,
    slot: Callable[[], Any],
    *,
    context: Qt.ShortcutContext = Qt.ShortcutContext.WindowShortcut,
) -> QAction:
    """Make the action, add it to `owner` and connect it. With WindowShortcut it works while `owner` is visible."""
    spec = SPECS[spec] if isinstance(spec, str) else spec
    # Not with its text at once: which of Qt's makers that is, is told by looking at all icons of a theme, 2 ms of a start.
    action = QAction(owner)
    action.setText(spec.text)
    action.setObjectName(f"action.{spec.name}")
    action.setShortcuts([QKeySequence(key) for key in spec.keys])
    action.setShortcutContext(context)
    # A button shows the icon text: whoever uses the mouse learns the key by the way.
    action.setIconText(f"{spec.text} {spec.key_text}".strip())
    action.setToolTip(f"{spec.tip}（{spec.key_text}）" if spec.key_text else spec.tip)
    action.setStatusTip(spec.tip)
    action.triggered.connect(lambda _checked=False: slot())
    owner.addAction(action)
    return action


def button(action: QAction, parent: QWidget | None = None) -> QToolButton:
    """Return a flat button for an action that shows its words and its key."""
    made = QToolButton(parent)
    made.setObjectName(action.objectName().replace("action.", "button."))
    made.setDefaultAction(action)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    made.setProperty("primary", action.objectName() in _PRIMARY)
    made.setAccessibleName(action.text())
    made.setAccessibleDescription(action.toolTip())
    return made
