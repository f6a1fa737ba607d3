"""What is wrong with the content of a dialog, said where it can be mended: field by field, line by line, in the list.

While a person types for the first time only the field that was just left is judged; after a refused attempt all problems
follow what is typed, and an answer of the data file that comes late is dropped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt

from bloodbank_desktop.forms.editors import Editor
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.records.validate import problems

if TYPE_CHECKING:
    from bloodbank_desktop.forms.record_dialog import RecordDialog


class Judge:
    """Looks at the fields and lines of one dialog; `tried` becomes true with the first attempt to save."""

    def __init__(self, dialog: RecordDialog) -> None:
        self._dialog = dialog
        self.tried = False
        self._token = 0

    def whole(self) -> dict[str, Any]:
        """Return the values of head and lines."""
        dialog = self._dialog
        return {**dialog.form.values(), **{key: block.values() for key, block in dialog.blocks.items()}}

    def local(self) -> list[Problem]:
        """Return what is wrong as far as the dialog knows by itself."""
        found = self._dialog.form.problems()
        unread = {problem.field for problem in found}
        return found + [p for p in problems(self._dialog.declared, self.whole()) if p.field not in unread]

    def show(self, found: list[Problem]) -> None:
        """Show problems at their fields, in their lines and in the list, in the order of the page."""
        dialog = self._dialog
        # It may differ from the order in which fields are declared.
        places = {key: place for place, key in enumerate(k for _, keys in dialog.declared.sections for k in keys)}
        found = sorted(found, key=lambda p: places.get(p.field.partition(".")[0], -1))
        dialog.form.show_problems([p for p in found if p.line is None])
        for key, block in dialog.blocks.items():
            block.model.show_problems(found, key)
        dialog.parts.problems.set_problems(found)

    def left(self, editor: Editor) -> None:
        """Say at once what is wrong with one field by itself, if nothing was attempted yet."""
        if not editor.touched() or self.tried:
            return
        mine = [p for p in self.local() if p.field == editor.field.key and p.code != "required"]
        editor.problem(mine[0].message.removeprefix(f"{editor.field.label}：") if mine else None)

    def changed(self) -> None:
        """Judge again after a refused attempt."""
        if not self.tried:
            return
        dialog = self._dialog
        self.show(self.local())
        if not dialog.parts.problems.problems:
            self._token += 1
            token = self._token
            dialog.back.check(
                dialog.declared.key,
                self.whole(),
                dialog.passing.second(),
                dialog.passing.before(),
                lambda found: self.show(found) if token == self._token else None,
                lambda problem: None,
            )

    def go_to(self, problem: Problem) -> None:
        """Put the focus where a problem can be mended."""
        dialog = self._dialog
        key = problem.field.partition(".")[0]
        if key in dialog.blocks:
            block = dialog.blocks[key]
            block.select((problem.line or 1) - 1)
            dialog.reveal(block.table)
            block.table.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        editor = dialog.form.editors.get(key)
        if editor is not None:
            dialog.parts.area.ensureWidgetVisible(editor.widget, 40, 60)
            editor.focus()
