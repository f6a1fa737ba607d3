"""Evidence is added, looked at and removed with keys, buttons or by dropping; only recognised files ever get in or open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms import files_editor
from bloodbank_desktop.forms.files_editor import FilesEditor, size_words
from bloodbank_desktop.forms.row_dialog import RowDialog
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.files import COMING
from bloodbank_desktop.records.kinds import Unreadable
from tests import papers
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack
from tests.samples import NOW
from tests.waiting import turn_events, wait_until

REVIEW = "entitlement_review"
EVIDENCE = next(of for f, of in record_type(REVIEW).groups if f.key == "evidence")
FIELD = EVIDENCE.fields["files"]

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def editor(back: FakeBack) -> Iterator[FilesEditor]:
    """An editor on the desk in memory."""
    made = FilesEditor(FIELD, None, lambda: NOW)
    made.show(None)
    made.attach(back)
    made.widget.show()
    made.widget.activateWindow()
    wait_until(made.widget.isActiveWindow)
    yield made
    made.widget.close()
    turn_events()


def names(editor: FilesEditor) -> list[str]:
    """Return what stands in the list."""
    return [editor.list.item(row).text() for row in range(editor.list.count())]


def test_an_added_file_stands_with_its_size_and_is_the_value(editor: FilesEditor, tmp_path: Path) -> None:
    """The value names the very content; the list shows name and size."""
    editor.add_paths([str(papers.written(tmp_path, "身份证.pdf"))])
    assert names(editor) == ["身份证.pdf（1 KB）"]
    assert editor.value() == (papers.entry(0, "身份证.pdf"),)
    assert editor.message is None


def test_what_is_no_paper_is_said_at_the_field(editor: FilesEditor, tmp_path: Path) -> None:
    """A program called scan.pdf does not get in; the good file beside it does."""
    bad = tmp_path / "scan.pdf"
    bad.write_bytes(b"MZ\x90\x00")
    editor.add_paths([str(papers.written(tmp_path)), str(bad)])
    assert "不能添加" in (editor.message or "")
    assert len(names(editor)) == 1


def test_the_same_file_twice_and_too_many_are_said(editor: FilesEditor, tmp_path: Path) -> None:
    """A double is not added, nor is the sixth."""
    first = str(papers.written(tmp_path))
    editor.add_paths([first, first])
    assert "已经添加过" in (editor.message or "")
    editor.add_paths([str(papers.written(tmp_path, f"{n}.pdf", n)) for n in range(1, 7)])
    assert "最多 5 个" in (editor.message or "")
    assert len(names(editor)) == 5


def test_while_a_file_is_read_the_value_waits(editor: FilesEditor, back: FakeBack, tmp_path: Path) -> None:
    """Nobody can save a line whose file is still being read, as if it had none."""
    back.hold = True
    editor.add_paths([str(papers.written(tmp_path))])
    with pytest.raises(Unreadable):
        editor.value()
    back.answer_all()
    assert len(editor.value()) == 1


def test_removing_by_key(editor: FilesEditor, tmp_path: Path) -> None:
    """Ctrl+Del takes the selected file out; nothing left is nothing stated."""
    editor.add_paths([str(papers.written(tmp_path))])
    editor.list.setFocus()
    QTest.keyClick(editor.list, Qt.Key.Key_Delete, Qt.KeyboardModifier.ControlModifier)
    turn_events()
    assert editor.value() is None
    assert not editor.remove.isEnabled()


def test_ins_asks_for_files_of_the_three_kinds(editor: FilesEditor, tmp_path: Path) -> None:
    """The chooser takes several files and shows only what may be kept; what is chosen there is added."""
    path = papers.written(tmp_path)
    editor.list.setFocus()
    QTest.keyClick(editor.list, Qt.Key.Key_Insert)
    chooser = editor.widget.findChild(QFileDialog)
    assert chooser is not None
    assert all(word in chooser.nameFilters()[0] for word in ("*.jpg", "*.png", "*.pdf"))
    chooser.filesSelected.emit([str(path)])
    chooser.close()
    assert len(names(editor)) == 1


def _drop(target: QWidget, *urls: QUrl) -> None:
    data = QMimeData()
    data.setUrls(list(urls))
    at, buttons, keys = QPointF(QPoint(5, 5)), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    # A drop is heard only where something has entered before.
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, buttons, keys))
    QApplication.sendEvent(target, QDropEvent(at, Qt.DropAction.CopyAction, data, buttons, keys))


def test_a_dropped_file_is_added_and_a_web_address_is_not(editor: FilesEditor, tmp_path: Path) -> None:
    """Only files of this computer are taken."""
    _drop(editor.widget, QUrl("https://example.org/a.pdf"))
    assert names(editor) == []
    _drop(editor.widget, QUrl.fromLocalFile(str(papers.written(tmp_path))))
    assert len(names(editor)) == 1


def _watched(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return the paths that another program would be asked to open from now on."""
    opened: list[Path] = []

    def open_outside(path: Path) -> bool:
        opened.append(path)
        return True

    monkeypatch.setattr(files_editor, "open_outside", open_outside)
    return opened


@pytest.mark.parametrize("suffix", [".pdf", ".jpg", ".png"])
def test_opening_shows_the_very_content_under_a_safe_name(
    editor: FilesEditor, back: FakeBack, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the file was called, it opens under the suffix of its content, and its name is no part of the path."""
    opened = _watched(monkeypatch)
    content = papers.content(3, suffix)
    editor.show((back.picked.add(content, "发票.exe"),))
    editor.list.setFocus()
    editor.open.click()
    (path,) = opened
    # The name is made of letters by chance, three of which may be these; a full stop is never among them.
    assert (path.suffix, path.read_bytes(), ".exe" in path.name) == (suffix, content, False)


def test_what_is_no_paper_is_never_opened(editor: FilesEditor, back: FakeBack, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the store gave a program, no other program would be asked to open it."""
    opened = _watched(monkeypatch)
    monkeypatch.setattr(back.picked, "content", lambda sha256: b"MZ\x90\x00")
    editor.show((papers.entry(),))
    editor.open.click()
    assert (opened, "不能打开" in (editor.message or "")) == ([], True)


def test_when_the_system_has_no_viewer_it_is_said(
    editor: FilesEditor, back: FakeBack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing happening would be silence."""
    monkeypatch.setattr(files_editor, "open_outside", lambda path: False)
    editor.show((back.picked.add(papers.content(), "证.pdf"),))
    editor.open.click()
    assert "没有能显示" in (editor.message or "")


def test_read_only_can_be_opened_and_not_changed(editor: FilesEditor, back: FakeBack, tmp_path: Path) -> None:
    """In a record that is looked at, files open and neither come nor go."""
    named = back.picked.add(papers.content(), "证.pdf")
    editor.show((named,))
    editor.set_read_only(True)
    editor.add_paths([str(papers.written(tmp_path, seed=8))])
    editor.remove_current()
    editor.choose()
    assert editor.value() == (named,)
    assert editor.widget.findChild(QFileDialog) is None
    assert (editor.add.isVisibleTo(editor.widget), editor.open.isEnabled()) == (False, True)


def test_another_file_of_the_same_name_is_a_change(editor: FilesEditor, back: FakeBack, tmp_path: Path) -> None:
    """The text is the same, the paper is not."""
    editor.show((back.picked.add(papers.content(1), "证.pdf"),))
    editor.remove_current()
    editor.add_paths([str(papers.written(tmp_path, "证.pdf", 2))])
    assert editor.touched()
    assert editor.value() == (papers.entry(2, "证.pdf"),)


def test_evidence_is_added_in_its_line_and_registered(make: MakeDialog, back: FakeBack, tmp_path: Path) -> None:
    """In the real dialog: a line with a file needs no pages, is kept as a draft, and is in the record."""
    dialog = make(REVIEW)
    dialog.blocks["evidence"].add.click()
    row = dialog.findChild(RowDialog)
    assert row is not None
    row.form.editors["evidence_kind"].show(next(iter(EVIDENCE.fields["evidence_kind"].kind.table)))  # type: ignore[attr-defined]
    editor = row.form.editors["files"]
    assert isinstance(editor, FilesEditor)
    assert row.form.editors["pages"].required
    editor.add_paths([str(papers.written(tmp_path))])
    assert not row.form.editors["pages"].required
    row.finish()
    turn_events()
    (kept,) = back.drafts[dialog.draft_id].lines.values()
    assert [entry["name"] for entry in kept[1]["files"]] == ["身份证.pdf"]
    model = dialog.blocks["evidence"].model
    column = [f.key for f in model.fields].index("files") + 1
    assert model.index(0, column).data() == "身份证.pdf"


def test_an_answer_after_the_line_was_left_is_dropped(make: MakeDialog, back: FakeBack, tmp_path: Path) -> None:
    """A slow disk answers into nowhere without harm."""
    dialog = make(REVIEW)
    dialog.blocks["evidence"].add.click()
    row = dialog.findChild(RowDialog)
    assert row is not None
    editor = row.form.editors["files"]
    assert isinstance(editor, FilesEditor)
    back.hold = True
    editor.add_paths([str(papers.written(tmp_path)), str(tmp_path / "没有.pdf")])
    row.done(0)
    turn_events()
    back.answer_all()
    assert dialog.findChild(RowDialog) is None


def test_sizes_are_read_by_people() -> None:
    """Small files in KB, at least 1, large ones in MB."""
    assert [size_words(size) for size in (1, 2048, 5 * 1024 * 1024)] == ["1 KB", "2 KB", "5.0 MB"]


class Coming(FakeBack):
    """A desk whose file comes from the platform: `later` is how the test lets it come, or not."""

    later: tuple[Any, Any]

    def read_file(self, sha256: str, done: Any, failed: Any) -> None:
        self.calls.append("read_file")
        self.later = (done, failed)
        failed(KnownProblem("正在从平台取回，到了会自动打开…", code=COMING))


@pytest.fixture
def coming(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FilesEditor, Coming, list[Path]]]:
    """An editor with a file of another workstation, its desk, and what was opened."""
    opened: list[Path] = []

    def show(path: Path) -> bool:
        opened.append(path)
        return True

    monkeypatch.setattr(files_editor, "open_outside", show)
    back = Coming()
    made = FilesEditor(FIELD, None, lambda: NOW)
    made.show((papers.entry(5),))
    made.attach(back)
    made.list.setCurrentRow(0)
    yield made, back, opened
    made.widget.close()
    turn_events()


def test_a_file_that_is_fetched_opens_when_it_is_here(coming: tuple[FilesEditor, Coming, list[Path]]) -> None:
    """Meanwhile the field says so, a second press asks no second time, and then one window opens and the words go."""
    editor, back, opened = coming
    editor.open_current()
    editor.open_current()
    assert "正在从平台取回" in editor.coming.text() and editor.message is None, "nothing is wrong"
    assert (back.calls.count("read_file"), opened) == (1, [])
    back.later[0](papers.content(5))
    assert len(opened) == 1 and opened[0].read_bytes() == papers.content(5)
    assert (editor.message, editor.coming.text()) == (None, "")


def test_a_file_that_does_not_come_says_why_and_may_be_asked_for_again(
    coming: tuple[FilesEditor, Coming, list[Path]],
) -> None:
    """The reason takes the place of the waiting words, and the next press asks anew."""
    editor, back, opened = coming
    editor.open_current()
    back.later[1](KnownProblem("平台上还没有这个文件：请稍后再打开", code="file-not-now"))
    assert "还没有这个文件" in (editor.message or "") and (editor.coming.text(), opened) == ("", [])
    editor.open_current()
    assert back.calls.count("read_file") == 2
