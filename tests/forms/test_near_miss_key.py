"""What a scan or a rule has just stopped is kept as a near miss with one key, and the dialog stays where it is."""

from __future__ import annotations

from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.bag_scanning import BagScanning
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules import everything as _everything  # noqa: F401  fills the catalogue
from bloodbank_desktop.rules.catalogue import RULES, Finding, Level
from tests import samples
from tests.forms.bags import label_scans
from tests.forms.conftest import MakeDialog
from tests.forms.fakes import FakeBack, FakeStockRow
from tests.samples import bag_values
from tests.waiting import turn_events


def press(dialog: RecordDialog) -> None:
    """Press F12 in an active window, as a person does."""
    dialog.activateWindow()
    turn_events()
    QTest.keyClick(dialog, Qt.Key.Key_F12)
    turn_events()


def keys(dialog: RecordDialog) -> str:
    """Return the keys that the strip names."""
    return cast(BagScanning, dialog.behaviour).strip_.keys.text()


def offered(dialog: RecordDialog) -> bool:
    """Return whether the button is there."""
    return not dialog.parts.near_miss.isHidden()


def scanned(dialog: RecordDialog, index: int) -> None:
    for code in label_scans(index):
        dialog.behaviour.scanned(code)


def test_a_refused_scan_is_noted_and_kept_with_one_key(make: MakeDialog, back: FakeBack) -> None:
    """A bag that is in stock already is refused, noted with its name, and F12 keeps it while scanning goes on."""
    bag = bag_values(0)
    back.stock = {bag_key(bag): FakeStockRow()}
    dialog = make("stock_in")
    assert not offered(dialog)
    donation, _, product, _ = label_scans(0)
    for one in (donation, product):
        dialog.behaviour.scanned(one)
    (noted,) = back.refused_scans
    assert noted[:3] == ("stock_in", dialog.draft_id, "duplicate-in-stock") and noted[4] == bag_name(bag_key(bag))
    assert offered(dialog) and keys(dialog).startswith("F12 ")
    press(dialog)
    assert back.near_misses == [("scan", "scan-duplicate-in-stock", *noted[3:])]
    assert "险兆" in dialog.parts.message.text() and dialog.isVisible()
    press(dialog)
    assert len(back.near_misses) == 1
    dialog.behaviour.remove("bags", 0)
    scanned(dialog, 1)
    assert not offered(dialog) and not keys(dialog).startswith("F12 ")


def test_a_scan_swallowed_by_an_input_method_is_no_near_miss(make: MakeDialog, back: FakeBack) -> None:
    """What says nothing of a bag is neither noted nor offered."""
    dialog = make("stock_in")
    dialog.behaviour.composed()
    assert (back.refused_scans, offered(dialog)) == ([], False)
    press(dialog)
    assert back.near_misses == []


def test_what_a_rule_stopped_is_kept(make: MakeDialog, back: FakeBack) -> None:
    """Of a refused record the chosen problem is kept, with the moment of its rule and the bag of its line."""
    rule = next(iter(RULES))
    dialog = make("near_miss")
    dialog.form.show_values(samples.values("near_miss", 1))
    back.refuse = [Finding("bag", "c", "不能这样做，请核对", None, rule, Level.BLOCK, "源")]
    dialog.save()
    assert offered(dialog)
    press(dialog)
    assert back.near_misses == [(RULES[rule].moments[0].value, rule, "不能这样做，请核对", "")]


@pytest.mark.parametrize(
    "found", [Problem("bag", "c", "错"), Finding("bag", "c", "留意", None, "issue-expired", Level.WARN, "源")]
)
def test_what_no_rule_stopped_is_no_near_miss(make: MakeDialog, back: FakeBack, found: Problem) -> None:
    """A field that is wrong, and a warning, are offered to nobody as a near miss."""
    dialog = make("near_miss")
    dialog.form.show_values(samples.values("near_miss", 1))
    back.refuse = [found]
    dialog.save()
    assert not offered(dialog)


def test_a_near_miss_that_was_not_kept_is_said(make: MakeDialog, back: FakeBack) -> None:
    """When the disk takes no draft the person reads why and can press the key again."""
    dialog = make("stock_in")
    dialog.behaviour.scanned("nonsense")
    back.fail = KnownProblem("磁盘已满", code="disk-full")
    press(dialog)
    assert "磁盘已满" in dialog.parts.message.text()
    press(dialog)
    assert len(back.near_misses) == 1
