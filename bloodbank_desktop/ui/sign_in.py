"""The dialogs of signing in: who works here, the first administrator of a new file, an own password, a locked window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from bloodbank_desktop.forms.credentials import CredentialsDialog, Entry
from bloodbank_desktop.passwords import LEAST_LENGTH

if TYPE_CHECKING:
    from bloodbank_desktop.rules.persons import Person

_RULE = f"至少 {LEAST_LENGTH} 个字符，同时含有字母和数字"
_LOGIN_HINT = "例如工号"


def sign_in_dialog(parent: QWidget, login: str, *, training: bool) -> CredentialsDialog:
    """Return the dialog that asks who works here; in training it says whom there is to be."""
    words = "现在是谁在操作？每条记录和操作日志都会记下登录的人。"
    entries = (Entry("login", "登录名", text=login), Entry("password", "密码", secret=True))
    return CredentialsDialog(
        "sign_in", "登录", words, entries, "登录", parent, foot=_training_foot() if training else ""
    )


def _training_foot() -> str:
    # Only here: a start of the training mode does not read it.
    from bloodbank_desktop.operations import training_persons
    from bloodbank_desktop.records.tables import table

    roles = table("role")
    lines = []
    for login, (name, held) in training_persons.known().items():
        words = "、".join(roles.word(role) for role in roles if role in held)
        lines.append(f"{login}　{name}（{words}）")
    return "训练人员：\n" + "\n".join(lines) + f"\n密码都是 {training_persons.password()}"


def unlock_dialog(parent: QWidget, person: Person) -> CredentialsDialog:
    """Return the dialog of a locked window; another person may take over by changing the login."""
    words = f"{person.name} 的窗口已锁定，未完成的内容都还在。\n\n其他人接班时改成自己的登录名，原来未完成的内容会存为草稿。"
    entries = (Entry("login", "登录名", text=person.login), Entry("password", "密码", secret=True))
    dialog = CredentialsDialog("unlock", "已锁定", words, entries, "解锁", parent)
    dialog.stay()
    return dialog


def first_administrator_dialog(parent: QWidget) -> CredentialsDialog:
    """Return the dialog that names the first administrator of a new file."""
    words = (
        "这是本机第一次使用，请先指定一位管理员。\n\n"
        "管理员添加其他人员并分配角色；管理员自己要登记或发血，还须另给自己相应的角色。"
    )
    entries = (
        Entry("login", "登录名", hint=_LOGIN_HINT),
        Entry("name", "姓名"),
        Entry("password", "密码", secret=True, hint=_RULE),
        Entry("again", "再输一次", secret=True, again=True),
    )
    return CredentialsDialog("first_administrator", "第一位管理员", words, entries, "确定", parent)


def own_password_dialog(parent: QWidget, person: Person, *, forced: bool) -> CredentialsDialog:
    """Return the dialog in which a person chooses an own password; `forced`: the old one was given just now."""
    why = "您的密码是管理员设定的，请换成只有您自己知道的密码。" if forced else "请选择新的密码。"
    entries = [
        Entry("password", "新密码", secret=True, hint=_RULE),
        Entry("again", "再输一次", secret=True, again=True),
    ]
    if not forced:
        entries.insert(0, Entry("old", "原密码", secret=True))
    title = "我的密码"
    return CredentialsDialog(
        "own_password", title, f"{person.name}（{person.login}）\n\n{why}", entries, "确定", parent
    )
