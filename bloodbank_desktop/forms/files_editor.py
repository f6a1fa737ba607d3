"""The editor of files: a list of names with sizes; files are added by key, button or by dropping them on it.

Only what was read and recognised by its content stands in the list, and only that is ever opened, under a suffix that
follows from the content: no name that somebody sent can make this computer run a program.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms import marks, viewing
from bloodbank_desktop.forms.contract import FileDoor
from bloodbank_desktop.forms.editors import Editor, Now, edits
from bloodbank_desktop.forms.roles import SHAPES, Role
from bloodbank_desktop.records import kinds
from bloodbank_desktop.records.declare import Field
from bloodbank_desktop.records.files import COMING
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.records.kinds.files import MOST_BYTES, SUFFIXES, TYPE_WORDS, Entry, recognise

_SHOWN_LINES = 4
_FILTER = f"{TYPE_WORDS} (*.jpg *.jpeg *.png *.pdf *.JPG *.JPEG *.PNG *.PDF)"


def size_words(size: int) -> str:
    """Return a size in bytes as people read it."""
    return f"{size / 1024**2:.1f} MB" if size >= 1024**2 else f"{max(1, round(size / 1024))} KB"


def open_outside(path: Path) -> bool:
    """Let the program that the system has for it show a file; return whether there is one."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class _Ground(QWidget):
    """What files can be dropped on."""

    dropped = Signal(list)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _files_of(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if _files_of(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = _files_of(event)
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)


def _files_of(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]


@edits(kinds.Files)
class FilesEditor(Editor):
    """Names and sizes of files; what a draft left that is no file stands there as well until somebody removes it."""

    wide = True

    def __init__(self, field: Field, parent: QWidget | None, now: Now) -> None:
        ground = _Ground(parent)
        super().__init__(field, ground, now)
        assert isinstance(field.kind, kinds.Files)
        self._most = field.kind.most
        self._door: FileDoor | None = None
        self._entries: list[Entry] = []
        self._raw = ""
        self._reading = 0
        self._awaited: set[str] = set()
        self._read_only = False
        self.list = QListWidget(ground)
        self.list.setObjectName(f"{field.key}.list")
        self.list.setAccessibleName(field.label)
        # A drop belongs to the ground, which knows what may be dropped.
        self.list.setAcceptDrops(False)
        line = self.list.fontMetrics().height() + 4
        self.list.setFixedHeight(_SHOWN_LINES * line + 2 * self.list.frameWidth())
        ground.setFocusProxy(self.list)
        ground.setAcceptDrops(True)
        ground.dropped.connect(self.add_paths)
        self.add = self._button("添加…（Ins）", "add")
        self.open = self._button("打开（Enter）", "open")
        self.remove = self._button("移除（Ctrl+Del）", "remove")
        self.add.setToolTip(f"{TYPE_WORDS}，每个不超过 {MOST_BYTES // 1024**2} MB；也可以把文件拖到这里")
        self.coming = QLabel(ground)
        self.coming.setObjectName(f"{field.key}.coming")
        # What is said in passing makes no dialog wider.
        self.coming.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        colours = self.coming.palette()
        colours.setColor(self.coming.foregroundRole(), marks.ink(Role.INFO, colours))
        self.coming.setPalette(colours)
        self._arrange(ground)
        self.add.clicked.connect(self.choose)
        self.open.clicked.connect(self.open_current)
        self.remove.clicked.connect(self.remove_current)
        self.list.itemDoubleClicked.connect(lambda _item: self.open_current())
        self.list.currentRowChanged.connect(lambda _row: self._enable())
        for keys, slot in (
            ("Ins", self.choose),
            ("Return", self.open_current),
            ("Enter", self.open_current),
            ("Ctrl+Del", self.remove_current),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.list, context=Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)
        self._enable()

    def _button(self, words: str, name: str) -> QPushButton:
        button = QPushButton(words, self.widget)
        button.setObjectName(f"{self.field.key}.{name}")
        button.setAccessibleName(f"{self.field.label}：{words}")
        button.setAutoDefault(False)
        return button

    def _arrange(self, ground: QWidget) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        for button in (self.add, self.open, self.remove):
            bar.addWidget(button)
        bar.addWidget(self.coming, 1)
        whole = QVBoxLayout(ground)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addWidget(self.list)
        whole.addLayout(bar)

    # -- the contract of editors -----------------------------------------------------------------------------------

    def attach(self, door: FileDoor) -> None:
        self._door = door

    def text(self) -> str:
        return self._raw or self.kind.format(tuple(self._entries))

    def show_text(self, text: str) -> None:
        """Show a text in place of the files; of a text nobody knows which files it means, so it is no value."""
        if text != self.text():
            self._entries, self._raw = [], text
            self._fill()
            self.changed.emit()

    def show(self, value: Any) -> None:
        self._value = value
        self._entries, self._raw = [dict(entry) for entry in value or ()], ""
        self._untouched = self.text()
        self._fill()
        self.changed.emit()

    def put(self, value: Any) -> None:
        self._entries, self._raw = [dict(entry) for entry in value or ()], ""
        self._fill()
        self.changed.emit()

    def value(self) -> Any:
        if self._reading:
            raise Unreadable("files-being-read", "正在读取文件，请稍候再按一次")
        if not self.touched():
            return self._value
        return self.kind.parse(self._raw) or tuple(dict(entry) for entry in self._entries) or None

    def touched(self) -> bool:
        # Not by the text: another file may bear the same name.
        return bool(self._raw) or self._entries != list(self._value or ())

    def settle(self) -> None:
        """A list has nothing to settle."""

    def set_read_only(self, on: bool) -> None:
        self._read_only = on
        self.add.setVisible(not on)
        self.remove.setVisible(not on)
        self.widget.setAcceptDrops(not on)

    def focus_widgets(self) -> tuple[QWidget, ...]:
        return (self.list, self.add, self.open, self.remove)

    # -- the list --------------------------------------------------------------------------------------------------

    def _fill(self) -> None:
        row = self.list.currentRow()
        self.list.clear()
        if self._raw:
            self.list.addItem(QListWidgetItem(self._raw))
        for entry in self._entries:
            item = QListWidgetItem(f"{entry['name']}（{size_words(entry['size'])}）")
            item.setToolTip(entry["name"])
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(row, 0), self.list.count() - 1))
        self._enable()

    def _enable(self) -> None:
        there = self.list.currentRow() >= 0
        self.open.setEnabled(there and not self._raw)
        self.remove.setEnabled(there)

    def choose(self) -> None:
        """Ask for files to add."""
        if self._read_only:
            return
        chooser = QFileDialog(self.widget, f"添加{self.field.label}", "", _FILTER)
        chooser.setObjectName(f"{self.field.key}.chooser")
        chooser.setFileMode(QFileDialog.FileMode.ExistingFiles)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.filesSelected.connect(self.add_paths)
        chooser.open()

    def add_paths(self, paths: list[str]) -> None:
        """Read these files and put those that may be kept in the list; what is wrong is said at the field."""
        if self._read_only or self._door is None:
            return
        self.problem(None)
        for path in paths:
            if len(self._entries) + self._reading >= self._most:
                self.problem(f"最多 {self._most} 个文件，其余没有添加")
                return
            self._reading += 1
            self._door.add_file(path, self._added, self._not_added)

    def _added(self, entry: Entry) -> None:
        if not isValid(self.widget):
            return  # the line was left meanwhile
        self._reading -= 1
        if any(known["sha256"] == entry["sha256"] for known in self._entries):
            self.problem(f"“{entry['name']}”已经添加过")
            return
        self._raw = ""
        self._entries.append(entry)
        self._fill()
        self.list.setCurrentRow(len(self._entries) - 1)
        self.changed.emit()

    def _not_added(self, problem: KnownProblem) -> None:
        if isValid(self.widget):
            self._reading -= 1
            self.problem(problem.message)

    def remove_current(self) -> None:
        """Take the selected file out of the list; its content stays where other records may name it."""
        row = self.list.currentRow()
        if self._read_only or row < 0:
            return
        if self._raw:
            self._raw = ""
        else:
            del self._entries[row]
        self.problem(None)
        self._fill()
        self.changed.emit()

    def open_current(self) -> None:
        """Show the selected file with the program that the system has for it."""
        row = self.list.currentRow()
        if self._door is None or self._raw or not 0 <= row < len(self._entries):
            return
        sha256 = self._entries[row]["sha256"]
        if sha256 not in self._awaited:
            self.problem(None)
            self._awaited.add(sha256)
            self._door.read_file(sha256, partial(self._show, sha256), partial(self._not_shown, sha256))

    def _show(self, sha256: str, content: bytes) -> None:
        self._awaited.discard(sha256)
        if not isValid(self.widget):
            return  # nobody waits for it any more
        self._say_coming("")
        suffix = SUFFIXES.get(recognise(content) or "")
        if suffix is None:
            self.problem(f"这个文件的内容不是 {TYPE_WORDS}，不能打开")
            return
        try:
            with tempfile.NamedTemporaryFile(dir=viewing.folder(), suffix=suffix, delete=False) as written:
                written.write(content)
        except OSError as problem:
            self.problem(f"写不出临时文件，没有打开（{problem.strerror}），请检查磁盘空间")
            return
        if not open_outside(Path(written.name)):
            self.problem("系统没有能显示这种文件的程序，请联系信息科")

    def _not_shown(self, sha256: str, problem: KnownProblem) -> None:
        coming = problem.code == COMING
        if not coming:
            self._awaited.discard(sha256)
        if isValid(self.widget):
            self._say_coming(problem.message if coming else "")
            self.problem(None if coming else problem.message)

    def _say_coming(self, words: str) -> None:
        """Say that a file is on its way, which is nothing wrong, or with "" no longer."""
        self.coming.setText(f"{SHAPES[Role.INFO]} {words}" if words else "")
