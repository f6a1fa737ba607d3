"""Adding, opening and removing lines of a record; each change of a line is kept durably by itself.

A table shows "已暂存" at a line only after the disk has it. Lines that a behaviour owns are left to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import Draft, Existing
from bloodbank_desktop.forms.lines_block import Row
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.forms.row_dialog import RowDialog
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Problem

if TYPE_CHECKING:
    from bloodbank_desktop.forms.record_dialog import RecordDialog


class LinesDesk:
    """The lines of one dialog."""

    def __init__(self, dialog: RecordDialog) -> None:
        self._dialog = dialog
        self._all_kept = dialog.mode == "register" or dialog.draft is not None
        for key, block in dialog.blocks.items():
            block.add_wanted.connect(lambda key=key: self._add(key))
            block.open_wanted.connect(lambda index, key=key: self._open(key, index))
            block.remove_wanted.connect(lambda index, key=key: self._remove(key, index))

    def show(self, draft: Draft | None, existing: Existing | None) -> None:
        """Show the lines of a draft or record."""
        for key, block in self._dialog.blocks.items():
            if draft is not None:
                ids = draft.line_ids.get(key, ())
                pairs = zip(ids, draft.values.get(key, ()), strict=True)
                block.model.set_rows([Row(line_id, dict(line), "已暂存", Role.GOOD) for line_id, line in pairs])
            elif existing is not None:
                block.model.set_rows([Row(new_id(), dict(line)) for line in existing.values.get(key) or ()])

    def ensure_kept(self) -> None:
        """The first change of an amendment keeps the lines that are not changed as well, for a draft is whole."""
        if self._all_kept:
            return
        self._all_kept = True
        for key, block in self._dialog.blocks.items():
            for row in block.model.rows:
                self._keep(key, row)

    def _owned(self, key: str) -> bool:
        return key in self._dialog.behaviour.owned_lines

    def _add(self, key: str) -> None:
        if self._dialog.mode == "view":
            return
        if self._owned(key):
            self._dialog.behaviour.add(key)
            return
        if self._unchangeable(key):
            return
        block = self._dialog.blocks[key]
        if len(block.model.rows) >= block.most:
            self._dialog.say(f"{block.field.label}最多 {block.most} 行", Role.ATTENTION)
            return
        self._edit(key, len(block.model.rows), {})

    def _open(self, key: str, index: int) -> None:
        self._edit(key, index, self._dialog.blocks[key].model.rows[index].values)

    def _edit(self, key: str, index: int, values: dict[str, Any]) -> None:
        dialog, block = self._dialog, self._dialog.blocks[key]
        rows = block.model.rows
        viewing = dialog.mode == "view"
        found = rows[index].problems if index < len(rows) else {}
        window = RowDialog(
            block.of,
            f"{block.field.label} 第 {index + 1} 行",
            values,
            dialog.back.now,
            name=f"{dialog.objectName()}.{key}",
            editable=() if viewing else self._editable(key),
            found=[Problem(field, "", message) for field, message in found.items()],
            parent=dialog,
        )
        window.form.attach(dialog.back)
        if dialog.behaviour.input_method_off:
            for editor in window.form.editors.values():
                editor.set_input_method(editor.takes_chinese)
        line_id = rows[index].id if index < len(rows) else new_id()
        window.accepted_line.connect(lambda made: self._take(key, line_id, made))
        window.finished.connect(window.deleteLater)
        window.open()

    def _editable(self, key: str) -> Iterable[str] | None:
        """What a person may change in a line: what the behaviour says, and of a registered record nothing fixed."""
        dialog, block = self._dialog, self._dialog.blocks[key]
        if dialog.mode == "amend" and block.field.fixed:
            return [f.key for f in block.of.plain if not f.fixed and not f.hidden]
        return dialog.behaviour.editable(key)

    def _unchangeable(self, key: str) -> bool:
        """Whether lines may be neither added nor removed; says so if it is."""
        dialog, block = self._dialog, self._dialog.blocks[key]
        fixed = dialog.mode == "amend" and block.field.fixed
        if fixed:
            dialog.say(f"{block.field.label}登记以后不能增减", Role.ATTENTION)
        return fixed

    def _take(self, key: str, line_id: str, values: dict[str, Any]) -> None:
        block = self._dialog.blocks[key]
        found = block.model.index_of(line_id)
        index = len(block.model.rows) if found is None else found
        if self._owned(key):
            self._dialog.behaviour.changed(key, index, values)
            return
        self.ensure_kept()
        row = Row(line_id, values)
        block.model.put(index, row)
        block.select(index)
        block.table.setFocus()
        self._keep(key, row)
        self._dialog.lines_changed()

    def _keep(self, key: str, row: Row) -> None:
        dialog, block = self._dialog, self._dialog.blocks[key]
        row.status, row.role = "正在暂存…", Role.INFO

        def said(status: str, role: Role) -> None:
            if row in block.model.rows:
                row.status, row.role = status, role
                block.model.repaint_row(block.model.rows.index(row))

        def done() -> None:
            said("已暂存", Role.GOOD)
            dialog.line_kept()

        def failed(problem: KnownProblem) -> None:
            said("没有暂存", Role.REFUSED)
            dialog.say(problem.message, Role.REFUSED)

        dialog.open_draft()
        dialog.back.keep_line(dialog.declared.key, dialog.draft_id, key, row.id, row.values, None, done, failed)

    def _remove(self, key: str, index: int) -> None:
        dialog, block = self._dialog, self._dialog.blocks[key]
        if dialog.mode == "view" or self._unchangeable(key):
            return
        if self._owned(key):
            dialog.behaviour.remove(key, index)
            return
        self.ensure_kept()
        row = block.model.rows[index]

        def done() -> None:
            if row in block.model.rows:
                block.model.take(block.model.rows.index(row))
                block.select(min(index, len(block.model.rows) - 1))
            dialog.line_kept()
            dialog.lines_changed()

        dialog.back.drop_line(dialog.draft_id, row.id, done, lambda problem: dialog.say(problem.message, Role.REFUSED))
