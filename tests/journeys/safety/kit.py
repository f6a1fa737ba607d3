"""What happens at the issue desk: a request, bags in the refrigerator, the scanner, Ctrl+S and the last look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from PySide6.QtWidgets import QApplication, QLabel

from bloodbank_desktop.clock import china_day
from bloodbank_desktop.forms.issue_confirm import ConfirmIssue
from bloodbank_desktop.forms.issue_head import IssueHead
from bloodbank_desktop.forms.override_dialog import OverrideDialog
from bloodbank_desktop.forms.record_dialog import RecordDialog
from bloodbank_desktop.forms.roles import Role, Tone
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.declare import Values
from bloodbank_desktop.storage import alert_rows, duty_rows
from bloodbank_desktop.storage.alert_rows import Alert
from bloodbank_desktop.storage.duty_rows import Duty
from bloodbank_desktop.storage.verify import problems
from bloodbank_desktop.training import labels
from tests import samples
from tests.journeys.conftest import CTRL, PATIENCE
from tests.journeys.modules.kit import KEY, Person, scanner, this_minute
from tests.journeys.window import burst
from tests.waiting import wait_until

IN, REQUEST, ISSUE = "stock_in", "transfusion_request", "clinical_issue"
RED_CELLS, PLASMA = "E5445V00", "E0869V00"
#: What the department finds in the sample of today, and who fetches the blood.
FOUND = ("forward_group", "reverse_group", "sample_rhd", "second_abo", "second_rhd", "antibody_screen", "collector")
_LAST_LOOK = "dialog.confirm_issue"


def name(bag: Values) -> str:
    """Return how a bag is named on the screen."""
    return bag_name(bag_key(bag))


class IssueDesk:
    """One person who hands out blood; everything is of one minute, `now`."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.now = this_minute()

    # -- what is there before --------------------------------------------------------------------------------------

    def bag(self, index: int, abo: str, rhd: str = "positive", product: str = RED_CELLS, **changes: Any) -> Values:
        """Return a bag of this group."""
        return samples.bag_values(index, now=self.now, product=product, group=(abo, rhd), **changes)

    def stocked(self, *bags: Values, seed: int = 1) -> None:
        """Have these bags in the refrigerator."""
        self.person.put(IN, samples.delivery_of(bags, seed, now=self.now))

    def asked_for(self, seed: int, bag: Values, **changes: Any) -> Values:
        """Have a request of the patient of that seed for what this bag is; return the issue that would answer it."""
        wanted = samples.issue_values(seed=seed, bags=[bag], now=self.now)
        self.person.put(REQUEST, samples.request_for(wanted, least=2, **changes))
        return wanted

    # -- the dialog ------------------------------------------------------------------------------------------------

    def begin(self, wanted: Values) -> RecordDialog:
        """Begin the issue from its request."""
        self.person.go_to(REQUEST)
        self.person.find(REQUEST, wanted["request_no"][-4:])
        return self.person.follow(REQUEST, "issue")

    def offered(self, dialog: RecordDialog) -> set[str]:
        """Return the bags that are offered, as they stand in the list."""
        head = dialog.findChild(IssueHead)
        assert head is not None
        self.person.station.settle()
        cells = (head.offered.item(row, 1) for row in range(head.offered.rowCount()))
        return {cell.text() for cell in cells if cell is not None}

    def take(self, dialog: RecordDialog, bag: Values) -> None:
        """Scan number and product of a bag, and write its crossmatch and its inspection into its row."""
        self._take(dialog, bag, samples.crossmatch_values(bag, now=self.now))

    def take_untested(self, dialog: RecordDialog, bag: Values) -> None:
        """Scan a bag that leaves before it is crossmatched, and write its inspection into its row."""
        self._take(dialog, bag, {"inspected": True, "crossmatch_result": "pending"})

    def _take(self, dialog: RecordDialog, bag: Values, more: Values) -> None:
        number, _, product, _ = labels.scans(bag)
        rows = dialog.blocks["bags"].model.rows
        place = len(rows)
        said = self.person.scan(dialog, number, product)
        assert f"第 {place + 1} 袋" in said and len(rows) == place + 1, said
        self.person.change_line(dialog, "bags", place, more)

    def put_back(self, dialog: RecordDialog, place: int = 0) -> None:
        """Take a bag out of the table with Ctrl+Del."""
        rows = dialog.blocks["bags"].model.rows
        left = len(rows) - 1
        self.person.to_table("bags")
        dialog.blocks["bags"].select(place)
        self.person.press(KEY.Key_Delete, CTRL)
        wait_until(lambda: len(rows) == left, PATIENCE)

    def fill(self, dialog: RecordDialog, wanted: Values, *keys: str) -> None:
        """Write today's findings, or these keys, and let whoever fetches the blood sign."""
        self.person.fill(dialog, {key: wanted[key] for key in keys or FOUND if wanted.get(key) is not None})

    def attempt(self, dialog: RecordDialog) -> list[str]:
        """Ctrl+S; return what stops the issue, [] when the last look has opened."""
        self.back_to(dialog)
        self.person.station.settle()
        heard = dialog.sounds.requested
        heard.clear()
        self.person.press(KEY.Key_S, CTRL)
        wait_until(lambda: Tone.REFUSED in heard or self.person.asked() == _LAST_LOOK, PATIENCE)
        if self.person.asked() == _LAST_LOOK:
            return []
        self.person.station.settle()
        return [problem.message for problem in dialog.parts.problems.problems]

    def back_to(self, dialog: RecordDialog) -> None:
        """What was asked over the dialog is gone, and the keyboard is back; a screen without a window manager forgets."""
        wait_until(lambda: self.person.asked() == dialog.objectName(), PATIENCE)
        dialog.activateWindow()
        wait_until(dialog.isActiveWindow, PATIENCE)

    def after_warnings(self, dialog: RecordDialog, *told: str) -> None:
        """Ctrl+S, read the warnings, of which these are some, and Ctrl+S once more: the last look opens."""
        said = self.attempt(dialog)
        for words in told:
            assert any(words in one for one in said), said
        assert "再按一次 Ctrl+S" in dialog.parts.state.text()
        # What only has to be read is nowhere shown as what stops.
        assert not [one.field.key for one in dialog.form.editors.values() if one.message and one.role is Role.REFUSED]
        assert all(row.worst is not Role.REFUSED for row in dialog.blocks["bags"].model.rows if row.problems)
        assert self.attempt(dialog) == []

    def override(self, dialog: RecordDialog) -> OverrideDialog:
        """F10."""
        assert dialog.parts.override.isVisible()
        self.person.press(KEY.Key_F10)
        wait_until(lambda: self.person.asked() == "dialog.override", PATIENCE)
        asking = QApplication.activeModalWidget()
        assert isinstance(asking, OverrideDialog)
        return asking

    # -- the last look ---------------------------------------------------------------------------------------------

    def last_look(self, dialog: RecordDialog, wanted: Values) -> ConfirmIssue:
        """See where the blood goes and to whom in the largest type; Enter and a scan do nothing here."""
        look = QApplication.activeModalWidget()
        assert isinstance(look, ConfirmIssue)
        place = f"{wanted['department']} · {wanted['ward']} · {wanted['bed']} 床"
        assert look.place.text() == place
        assert wanted["patient_name"] in look.patient.text() and wanted["medical_record_no"] in look.patient.text()
        sizes = {one.objectName(): one.font().pointSizeF() for one in look.findChildren(QLabel)}
        assert sizes.pop("confirm.place") > sizes["confirm.patient"] >= max(sizes.values())
        before, bags = self.issues(), [dict(row.values) for row in dialog.blocks["bags"].model.rows]
        for key in (KEY.Key_Return, KEY.Key_Enter):
            self.person.press(key)
        with scanner(dialog.wedge):
            burst(dialog, labels.scans(self.bag(90_000_001, "AB"))[0])
        self.person.station.settle()
        assert self.person.asked() == _LAST_LOOK and self.issues() == before
        assert [dict(row.values) for row in dialog.blocks["bags"].model.rows] == bags
        assert "刚才的扫描没有列入" in look.problem.text()
        return look

    def hand_over(self, dialog: RecordDialog, wanted: Values, bag: Values) -> None:
        """After the last look Ctrl+S lets the bag leave, and everything agrees on the disk."""
        self.last_look(dialog, wanted)
        self.person.press(KEY.Key_S, CTRL)
        self.person.station.closed()
        assert self.state(bag) == "issued"
        assert [one["donation_number"] for one in self.person.newest(ISSUE).values["bags"]] == [bag["donation_number"]]
        assert problems(self.person.store) == []

    # -- what is on the disk ---------------------------------------------------------------------------------------

    def state(self, bag: Values) -> str:
        """Return the state of a bag in the stock."""
        return self.person.bag_state(bag)

    def issues(self) -> list[str]:
        """Return the issues that are registered."""
        return [one.record_id for one in self.person.records(ISSUE)]

    def nothing_left(self, *bags: Values) -> None:
        """No issue stands in the books, none waits to be sent, the bags are where they were, and a trace is left."""
        sent = [row.kind for row in self.person.station.desk.queue.rows(open_only=False)]
        assert self.issues() == [] and ISSUE not in sent
        assert [self.state(bag) for bag in bags] == ["available"] * len(bags)

    def refusals(self) -> dict[str, int]:
        """Return how often each rule has refused."""
        with self.person.store.read() as tx:
            counted = alert_rows.counts(tx, china_day(self.now), china_day(self.now) + timedelta(days=1))
        return {rule: number for (rule, outcome), number in counted.items() if outcome == "refused"}

    def exceptions(self) -> list[Alert]:
        """Return the exceptions that nobody has signed yet."""
        with self.person.store.read() as tx:
            return [one.alert for one in alert_rows.exceptions(tx, unsigned_only=True)]

    def duties(self, record_id: str) -> list[Duty]:
        """Return what a record leaves to be done."""
        with self.person.store.read() as tx:
            return duty_rows.pending(tx, record_id=record_id)
