"""Dialogs of bags that leave: scanned into the draft at once, filled in by hand, saved only when nothing is missing."""

from __future__ import annotations

from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.bag_scanning import BagScanning
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.forms.row_dialog import RowDialog
from bloodbank_desktop.records.bag import bag_key
from tests.forms.bags import label_scans
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack
from tests.forms.test_held_router import PLASMA, stock_row
from tests.samples import bag_values
from tests.waiting import turn_events


@pytest.fixture
def stocked(back: FakeBack) -> FakeBack:
    """A desk with the bags 0 to 3 in stock."""
    back.stock = {bag_key(bag_values(index)): stock_row(index) for index in range(4)}
    return back


def scan(dialog: RecordDialog, index: int) -> None:
    donation, _, product, _ = label_scans(index)
    for code in (donation, product):
        dialog.behaviour.scanned(code)


def statuses(dialog: RecordDialog) -> list[str]:
    return [row.status for row in dialog.blocks["bags"].model.rows]


def test_a_scanned_bag_is_in_the_draft_before_it_is_confirmed(make: MakeDialog, stocked: FakeBack) -> None:
    """Each bag lies in the draft with all that the stock knows of it; red cells still want their crossmatch."""
    dialog = make("clinical_issue")
    scan(dialog, 0)
    scan(dialog, PLASMA)
    kept = [line for _, line in stocked.drafts[dialog.draft_id].lines.values()]
    assert [line["component"] for line in kept] == [bag_values(i)["component"] for i in (0, PLASMA)]
    assert statuses(dialog) == ["已暂存，缺配血结论（Enter 填写）", "已暂存"]
    assert [row.role for row in dialog.blocks["bags"].model.rows] == [Role.ATTENTION, Role.GOOD]


def test_a_bag_that_was_not_kept_is_not_confirmed(make: MakeDialog, stocked: FakeBack) -> None:
    """When the disk refuses, the scan is not accepted and the person is told to do it again."""
    dialog = make("other_stock_out")
    donation, _, product, _ = label_scans(0)
    dialog.behaviour.scanned(donation)
    stocked.fail = KnownProblem("磁盘已满", code="disk-full")
    dialog.behaviour.scanned(product)
    strip: Any = cast(BagScanning, dialog.behaviour).strip_
    assert "没有存下" in strip.verdict.text() and "磁盘已满" in strip.verdict.text()
    assert "缺产品码" in statuses(dialog)[0]


def test_a_refused_bag_leaves_nothing_in_table_and_draft(make: MakeDialog, stocked: FakeBack) -> None:
    """What was kept of a bag that is then refused is dropped durably; the bags before it stay."""
    dialog = make("clinical_issue")
    scan(dialog, 0)
    scan(dialog, 17)
    strip: Any = cast(BagScanning, dialog.behaviour).strip_
    assert "没有列入" in strip.verdict.text()
    (kept,) = [line for _, line in stocked.drafts[dialog.draft_id].lines.values()]
    assert kept["donation_number"] == bag_values(0)["donation_number"] and len(statuses(dialog)) == 1
    scan(dialog, 0)
    assert len(statuses(dialog)) == len(stocked.drafts[dialog.draft_id].lines) == 1


def test_half_a_bag_cannot_be_registered(make: MakeDialog, stocked: FakeBack) -> None:
    """Ctrl+S with a bag that was scanned in half names the bag and what is missing, and saves nothing."""
    dialog = make("other_stock_out")
    dialog.behaviour.scanned(label_scans(0)[0])
    dialog.save()
    (problem,) = dialog.parts.problems.problems
    assert problem.code == "bag-incomplete" and "产品码" in problem.message
    assert "register" not in stocked.calls


def test_crossmatch_is_filled_in_and_label_facts_are_not(make: MakeDialog, stocked: FakeBack) -> None:
    """Enter on a bag opens its line: crossmatch, inspection and times can be written, what the label says cannot."""
    dialog = make("clinical_issue")
    scan(dialog, 0)
    dialog.blocks["bags"].select(0)
    dialog.blocks["bags"].open_wanted.emit(0)
    turn_events()
    window = QApplication.activeModalWidget()
    assert isinstance(window, RowDialog)
    writable = {key for key, editor in window.form.editors.items() if not _read_only(editor)}
    assert {"crossmatch_result", "crossmatch_method", "visual_defects", "started_at"} <= writable
    assert writable.isdisjoint({"donation_number", "product_code", "abo", "rhd", "component", "expires_at", "amount"})
    window.form.editors["crossmatch_result"].show("compatible")
    window.finish()
    turn_events()
    assert dialog.blocks["bags"].model.rows[0].values["crossmatch_result"] == "compatible"
    (line,) = [line for _, line in stocked.drafts[dialog.draft_id].lines.values()]
    assert line["crossmatch_result"] == "compatible"
    assert statuses(dialog) == ["已暂存"]


def _read_only(editor: Any) -> bool:
    widget = editor.focus_widgets()[-1]
    return bool(widget.isReadOnly()) if hasattr(widget, "isReadOnly") else widget.focusPolicy().value == 0


def test_a_restored_issue_goes_on_where_it_stood(make: MakeDialog, stocked: FakeBack) -> None:
    """After a crash the bags of the draft are there, with what was filled in, and the next scan is the next bag."""
    dialog = make("clinical_issue")
    scan(dialog, PLASMA)
    again = make("clinical_issue", draft=stocked.draft(dialog.draft_id))
    assert statuses(again) == ["已暂存"]
    scan(again, 1)
    assert len(again.blocks["bags"].model.rows) == 2
    scan(again, PLASMA)
    assert len([s for s in statuses(again) if s.startswith("已暂存") and "缺产品码" not in s]) == 2
