"""人员管理: who may sign in here, with which roles; the administrator adds, changes, sets passwords and disables.

Nothing is decided here: whether it may be done, and what is wrong with it, say the operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bloodbank_desktop.clock import china_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.credentials import CredentialsDialog, Entry
from bloodbank_desktop.passwords import LEAST_LENGTH
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.ui import theme
from bloodbank_desktop.ui.tasks import Tasks

if TYPE_CHECKING:
    from bloodbank_desktop.operations.desk import Desk
    from bloodbank_desktop.operations.persons import Account
    from bloodbank_desktop.rules.persons import Person

_HEADS = ("登录名", "姓名", "角色", "状态")
_RULE = f"至少 {LEAST_LENGTH} 个字符，含字母和数字"
_FIRST = "初始密码只用一次：本人第一次登录时须改成自己的密码。"


def role_words(roles: frozenset[str]) -> str:
    """Return roles in words, in the order of the table."""
    return "、".join(table("role").word(role) for role in table("role") if role in roles)


class PersonsWindow(QDialog):
    """The list with its acts. `failed(exception)` carries what is no problem of a person."""

    failed = Signal(object)

    def __init__(self, desk: Desk, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._tasks = tasks
        self._accounts: list[Account] = []
        self.setObjectName("dialog.persons")
        self.setWindowTitle("人员管理")
        self.setAccessibleName("人员管理")
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.list = QTableWidget(0, len(_HEADS), self)
        self.list.setObjectName("list.persons")
        self.list.setAccessibleName("人员")
        self.list.setHorizontalHeaderLabels(_HEADS)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setTabKeyNavigation(False)
        self.list.verticalHeader().hide()
        heads = self.list.horizontalHeader()
        heads.setMinimumSectionSize(theme.em(self, 6))
        heads.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        heads.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.list.currentCellChanged.connect(lambda *_places: self._enable())
        self.said = QLabel(self)
        self.said.setObjectName("said")
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.buttons = QDialogButtonBox(self)
        role = QDialogButtonBox.ButtonRole
        self.add = self._button("添加…（Ctrl+N）", "add", "Ctrl+N", self._add)
        self.change = self._button("姓名和角色…（F2）", "change", "F2", self._change)
        self.password = self._button("重设密码…（Ctrl+P）", "password", "Ctrl+P", self._password)
        self.end = self._button("停用（Del）", "disable", "Del", self._disable)
        close = self.buttons.addButton("关闭（Esc）", role.RejectRole)
        close.setObjectName("action.close")
        close.setAutoDefault(False)
        self.buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.addWidget(self.list, 1)
        box.addWidget(self.said)
        box.addWidget(self.buttons)
        self.resize(theme.em(self, 48), theme.em(self, 28))
        self._enable()
        self.read()

    def read(self) -> None:
        """Read the persons anew."""

        def load() -> list[Account]:
            self._desk.need("administer-persons")
            return self._desk.persons.all()

        self._tasks.database(load, self._show, self._failed, owner=self)

    @property
    def chosen(self) -> Account | None:
        """The person of the current row."""
        row = self.list.currentRow()
        return self._accounts[row] if 0 <= row < len(self._accounts) else None

    def _show(self, accounts: Sequence[Account]) -> None:
        before = self.chosen
        self._accounts = list(accounts)
        self.list.setRowCount(len(accounts))
        for row, one in enumerate(accounts):
            for column, words in enumerate(self._words(one)):
                self.list.setItem(row, column, QTableWidgetItem(words))
        ids = [one.person.id for one in accounts]
        place = ids.index(before.person.id) if before is not None and before.person.id in ids else 0
        self.list.setCurrentCell(place if accounts else -1, 0)
        self._enable()

    def _words(self, one: Account) -> tuple[str, ...]:
        if one.disabled_at is not None:
            state = f"✕ {china_text(one.disabled_at)[:10]} 停用"
        elif one.locked_until is not None:
            state = f"◆ 输错次数过多，{china_text(one.locked_until)[11:]} 前不能登录"
        elif not one.own_password:
            state = "◇ 尚未改成自己的密码"
        else:
            state = "● 可以登录"
        return one.person.login, one.person.name, role_words(one.person.roles), state

    def _enable(self) -> None:
        one = self.chosen
        mine = one is not None and self._desk.person is not None and one.person.id == self._desk.person.id
        for button in (self.change, self.password, self.end):
            button.setEnabled(one is not None)
        self.password.setEnabled(one is not None and not mine)
        disabled = one is not None and one.disabled_at is not None
        self.end.setText("恢复使用（Del）" if disabled else "停用（Del）")
        self.end.setAccessibleName("恢复使用" if disabled else "停用")
        self.end.setShortcut("Del")

    # -- acts ------------------------------------------------------------------------------------------------------

    def _add(self) -> None:
        entries = (
            Entry("login", "登录名", hint="例如工号"),
            Entry("name", "姓名"),
            Entry("password", "初始密码", secret=True, hint=_RULE),
            Entry("again", "再输一次", secret=True, again=True),
        )
        dialog = self._asking("add_person", "添加人员", _FIRST, entries, "添加", frozenset())
        self._when_asked(
            dialog, lambda by, a: self._desk.persons.add(by, a["login"], a["name"], a["roles"], a["password"])
        )

    def _change(self) -> None:
        if (one := self.chosen) is None:
            return
        person = one.person
        words = "角色从下一次操作起生效；更改前后的内容都会留痕。"
        entries = (Entry("login", "登录名", text=person.login, fixed=True), Entry("name", "姓名", text=person.name))
        dialog = self._asking("change_person", "姓名和角色", words, entries, "保存", person.roles)
        self._when_asked(
            dialog, lambda by, a: self._desk.persons.change(by, person.id, name=a["name"], roles=a["roles"])
        )

    def _password(self) -> None:
        if (one := self.chosen) is None:
            return
        person = one.person
        entries = (
            Entry("password", "初始密码", secret=True, hint=_RULE),
            Entry("again", "再输一次", secret=True, again=True),
        )
        words = f"{person.name}（{person.login}）\n\n{_FIRST}"
        dialog = CredentialsDialog("set_password", "重设密码", words, entries, "重设", self)
        self._when_asked(dialog, lambda by, a: self._desk.persons.set_password(by, person.id, a["password"]))

    def _disable(self) -> None:
        from bloodbank_desktop.ui.questions import SureQuestion

        if (one := self.chosen) is None:
            return
        person, persons = one.person, self._desk.persons
        if one.disabled_at is not None:
            self._run(lambda by: persons.enable(by, person.id))
            return
        words = f"停用 {person.name}（{person.login}）？\n\n此人立即不能再登录和签名；以前的记录和操作都保留。"
        question = SureQuestion("disable_person", "停用人员", words, "停用", self)
        question.accepted.connect(lambda: self._run(lambda by: persons.disable(by, person.id)))
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.open()

    # -- within ----------------------------------------------------------------------------------------------------

    def _asking(
        self, name: str, title: str, words: str, entries: Sequence[Entry], yes: str, held: frozenset[str]
    ) -> CredentialsDialog:
        roles = {role: table("role").word(role) for role in table("role")}
        return CredentialsDialog(name, title, words, entries, yes, self, choices=("roles", "角色", roles, held))

    def _when_asked(self, dialog: CredentialsDialog, act: Callable[[Person, Mapping[str, Any]], object]) -> None:
        def done(_result: object) -> None:
            dialog.accept()
            self._done()

        dialog.asked.connect(
            lambda answer: self._tasks.database(lambda: act(self._by(), answer), done, dialog.refuse, owner=dialog)
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _run(self, act: Callable[[Person], object]) -> None:
        self._tasks.database(lambda: act(self._by()), lambda _none: self._done(), self._failed, owner=self)

    def _by(self) -> Person:
        self._desk.need("administer-persons")
        assert self._desk.person is not None
        return self._desk.person

    def _done(self) -> None:
        self.said.clear()
        self.read()

    def _failed(self, problem: Exception) -> None:
        if not isinstance(problem, KnownProblem):
            self.failed.emit(problem)
            return
        self.said.setText(f"✕ {problem.message}")
        theme.paint_text(self.said, theme.Tone.BAD)

    def _button(self, words: str, name: str, key: str, slot: Callable[[], None]) -> QPushButton:
        made = self.buttons.addButton(words, QDialogButtonBox.ButtonRole.ActionRole)
        made.setObjectName(f"action.{name}")
        made.setAccessibleName(words.partition("（")[0].rstrip("…"))
        made.setShortcut(key)
        made.setAutoDefault(False)
        made.clicked.connect(slot)
        return made
