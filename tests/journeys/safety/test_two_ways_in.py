"""The scanner and the keyboard lead to the same state: two workstations do the same day's work, each in its own way (T07).

A scanner path that silently chose what the keyboard path asked about has been a hazard of its own (VistA LR*5.2*275).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QApplication

from bloodbank_desktop.forms.manual_entry import ManualEntry
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.operations.stock_desk import StockDesk
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.codes import check_characters
from bloodbank_desktop.records.declare import LineType, Values
from bloodbank_desktop.training import labels
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.faults.proxy import FaultProxy
from tests.journeys.conftest import CTRL, PATIENCE, Workstation
from tests.journeys.modules.kit import KEY, Person, another, sit_down, to_type
from tests.journeys.safety.kit import IN, ISSUE, REQUEST, IssueDesk
from tests.journeys.test_request import write
from tests.waiting import wait_until

REMOVAL = "other_stock_out"
A_PATIENT = 6
#: How a bag came in, and what the program numbers or dates by itself.
EVIDENCE = ("entry", "scans", "check_character", "second_entry")
NUMBERS = ("intake_no", "intake_at", "issue_no", "issued_at", "out_no", "out_at")
TYPED = ("product_code", "abo", "rhd", "expires_at")

Enter = Callable[[Person, RecordDialog, Values, int], None]


def _scanned(person: Person, dialog: RecordDialog, bag: Values, place: int) -> None:
    """Scan every label when a bag comes in, number and product when it leaves."""
    codes = labels.scans(bag)
    person.scan(dialog, *(codes if dialog.declared.key == IN else (codes[0], codes[2])))


def _typed(person: Person, dialog: RecordDialog, bag: Values, place: int) -> None:
    """Type a bag with F3: the first with its check character, every other one without, so that its number comes twice."""
    proven = place == 0
    person.press(KEY.Key_F3)
    wait_until(lambda: person.asked() == "dialog.manual_entry", PATIENCE)
    window = QApplication.activeModalWidget()
    assert isinstance(window, ManualEntry)
    number = bag["donation_number"] + (check_characters.character(bag["donation_number"]) if proven else "")
    for again in (False, True):
        assert window.form is not None
        assert ("donation_number" in window.form.editors) == (not (again and proven))
        if "donation_number" in window.form.editors:
            window.form.editors["donation_number"].focus()
            write(number, dialog)
        person.fill(dialog, {key: bag[key] for key in TYPED}, window.form)
        person.press(KEY.Key_S, CTRL)
    wait_until(lambda: person.asked() == dialog.objectName() or window.message.text(), PATIENCE)
    assert person.asked() == dialog.objectName(), window.message.text()
    dialog.activateWindow()
    wait_until(dialog.isActiveWindow, PATIENCE)


def _entered(person: Person, dialog: RecordDialog, bags: list[Values], enter: Enter) -> None:
    for place, bag in enumerate(bags):
        enter(person, dialog, bag, place)
        assert len(dialog.blocks["bags"].model.rows) == place + 1
        person.station.settle()


def _day(desk: IssueDesk, bags: list[Values], enter: Enter) -> dict[str, Any]:
    """Receive three bags, issue two of them, discard the third; return what is in the books then."""
    person = desk.person
    person.go_to(IN)
    dialog = person.begin()
    _entered(person, dialog, bags, enter)
    person.fill(dialog, {"checker": "训练丙"})
    person.save(dialog)

    *given, broken = bags
    wanted = samples.issue_values(seed=A_PATIENT, bags=given, now=desk.now)
    person.put(REQUEST, samples.request_for(wanted))
    dialog = desk.begin(wanted)
    _entered(person, dialog, given, enter)
    for place, bag in enumerate(given):
        person.change_line(dialog, "bags", place, samples.crossmatch_values(bag, now=desk.now))
    desk.fill(dialog, wanted)
    assert desk.attempt(dialog) == []
    person.press(KEY.Key_S, CTRL)
    person.station.closed()

    person.go_to(REMOVAL)
    dialog = person.begin()
    _entered(person, dialog, [broken], enter)
    removal = samples.removal_values(seed=A_PATIENT, bags=[broken], now=desk.now)
    person.fill(dialog, {**to_type(dialog.declared, removal), "waste_handover_no": removal["waste_handover_no"]})
    person.save(dialog)
    return _books(person, bags)


def _books(person: Person, bags: list[Values]) -> dict[str, Any]:
    """Return records, ledger, stock and outbox without evidence of entry, numbers and times."""
    desk = person.station.desk
    records = {kind: person.newest(kind).values for kind in (IN, ISSUE, REMOVAL)}
    plain = {kind: _without(values, EVIDENCE + NUMBERS) for kind, values in records.items()}
    life = [
        (entry.event, entry.state_before, entry.state_after, entry.kind, entry.actor, dict(entry.facts))
        for bag in bags
        for entry in StockDesk(desk).life(bag_key(bag))
    ]
    stock = [desk.bag_in_stock(bag_key(bag)) for bag in bags]
    here = [
        (row.state, row.holder, row.component, row.abo, row.rhd, row.amount, row.expires_at) for row in stock if row
    ]
    outbox = [
        (row.kind, row.op, row.base_version, len(row.needs), _without(json.loads(row.payload), _wire(row.kind)))
        for row in desk.queue.rows(open_only=False)
        if row.kind in records
    ]
    ways = {kind: [bag["entry"] for bag in values["bags"]] for kind, values in records.items()}
    return {"records": plain, "ledger": life, "stock": here, "outbox": outbox, "ways": ways}


def _wire(kind: str) -> tuple[str, ...]:
    declared = record_type(kind)
    of: tuple[LineType, ...] = (declared, *(of for _, of in declared.groups))
    return tuple(one.fields[key].wire for one in of for key in EVIDENCE + NUMBERS if key in one.fields)


def _without(values: Any, keys: tuple[str, ...]) -> Any:
    if isinstance(values, dict):
        return {key: _without(value, keys) for key, value in values.items() if key not in keys and value is not None}
    if isinstance(values, (list, tuple)):
        return [_without(one, keys) for one in values]
    return values


def test_scanned_and_typed_end_in_the_same_books(
    qapp: QApplication, station: Workstation, network: FaultProxy, platform: TrainingServer, tmp_path: Path
) -> None:
    """Stock-in, issue and removal once by scanner and once by keys: records, ledger, stock and outbox are the same."""
    network.down()
    scanning = IssueDesk(sit_down(station, platform))
    bags = [scanning.bag(index, "A", collected_at=None) for index in (1, 2, 3)]
    by_scanner = _day(scanning, bags, _scanned)
    station.stop()
    with another(qapp, tmp_path / "second", network.url, platform) as person:
        typing = IssueDesk(person)
        typing.now = scanning.now
        by_keys = _day(typing, bags, _typed)
    assert by_scanner.pop("ways") == {IN: ["scanned"] * 3, ISSUE: ["scanned"] * 2, REMOVAL: ["scanned"]}
    ways = {IN: ["check_character", "typed_twice", "typed_twice"], ISSUE: ["check_character", "typed_twice"]}
    assert by_keys.pop("ways") == {**ways, REMOVAL: ["check_character"]}
    for book, entries in by_scanner.items():
        assert entries == by_keys[book], book
    assert len(by_scanner["ledger"]) == 6 and len(by_scanner["outbox"]) == 3
