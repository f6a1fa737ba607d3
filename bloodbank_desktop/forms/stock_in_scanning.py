"""血袋入库 is done with the scanner, against the delivery note of the blood station where there is one."""

from __future__ import annotations

from typing import Any

from bloodbank_desktop.forms.bag_scanning import BagScanning
from bloodbank_desktop.forms.behaviours import behaves
from bloodbank_desktop.forms.contract import Delivery
from bloodbank_desktop.forms.lines_block import Row
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.records.bag import BagKey, bag_name
from bloodbank_desktop.records.tables import table


@behaves("stock_in")
class StockInScanning(BagScanning):
    """Scanning for a delivery of bags; a note that is known here is ticked off."""

    by_hand = ("location", "arrival_defects", "regroup_abo", "regroup_rhd")
    keys = "F3 手工录入　F9 确认　Ctrl+Del 删除一袋　Enter 看一袋、填储存位置　F6 中文输入　Ctrl+S 登记"
    _delivery: Delivery | None = None
    _asked_for = ""

    def filled_in(self, index: int, values: dict[str, Any]) -> str:
        words = [f"储存位置：{values.get('location') or '未填'}"]
        if defects := values.get("arrival_defects"):
            words.append(f"到货检查：{'、'.join(table('arrival_defect').word(key) for key in defects)}，登记后隔离")
        if values.get("regroup_abo") and values.get("regroup_rhd"):
            group = f"{table('abo').word(values['regroup_abo'])} RhD{table('rhd').word(values['regroup_rhd'])}"
            words.append(f"复检血型：{group}")
        return f"第 {index + 1} 袋{'；'.join(words)}"

    def started(self) -> None:
        super().started()
        editor = self.host.form.editors.get("station_issue_no")
        if editor is not None:
            editor.changed.connect(self._ask_for_note)
        self._ask_for_note()

    def status(self, line: dict[str, Any]) -> tuple[str, Role]:
        words, role = super().status(line)
        note = self._delivery
        key = _whole(line)
        if note is None or key is None or key in note.expected:
            return words, role
        return f"{words}；发血单上没有这一袋", Role.REFUSED

    def stand(self) -> None:
        super().stand()
        note = self._delivery
        if note is None:
            self.strip_.set_note("")
            return
        keys = {key for line in self.router.lines if (key := _whole(line)) is not None}
        here = (note.received | keys) & note.expected
        lacking = sorted(note.expected - here)
        extra = len(keys - note.expected)
        words = f"发血单 {note.note_no}：{len(note.expected)} 袋，已收 {len(here)}，缺 {len(lacking)}"
        if 0 < len(lacking) <= 3:
            words += f"（{'、'.join(bag_name(key) for key in lacking)}）"
        # Before the first bag all are missing, and that is no fault of anybody.
        role = Role.INFO if not keys else Role.REFUSED if lacking or extra else Role.GOOD
        self.strip_.set_note(f"{words}，单外 {extra}" if extra else words, role)

    def _ask_for_note(self) -> None:
        number = str(self.host.form.values().get("station_issue_no") or "").strip()
        if number == self._asked_for:
            return
        self._asked_for = number
        if not number:
            self._show_note(None)
            return
        # A note that cannot be looked up is only a help that is missing.
        self.host.back.delivery(number, self._show_note, lambda _problem: self._show_note(None))

    def _show_note(self, note: Delivery | None) -> None:
        if note is not None and note.note_no != self._asked_for:
            return
        self._delivery = note
        for index, row in enumerate(self.block.model.rows):
            self.block.model.put(index, Row(row.id, row.values, *self.status(row.values)))
        self.stand()


def _whole(line: dict[str, Any]) -> BagKey | None:
    donation, product = line.get("donation_number"), line.get("product_code")
    return (donation, product, line.get("split") or "") if donation and product else None
