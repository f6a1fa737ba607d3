"""临床用血出库: choose the request, fetch the bags that may be given, scan them, sign together, look once more, hand over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.bag_scanning import BagScanning
from bloodbank_desktop.forms.behaviours import Host, behaves
from bloodbank_desktop.forms.choose_request import ChooseRequest
from bloodbank_desktop.forms.contract import Candidate
from bloodbank_desktop.forms.held_router import IssueRouter
from bloodbank_desktop.forms.issue_confirm import ConfirmIssue
from bloodbank_desktop.forms.issue_head import IssueHead
from bloodbank_desktop.forms.levels import level_of
from bloodbank_desktop.forms.roles import Role
from bloodbank_desktop.records.bag import BagBlock, bag_key
from bloodbank_desktop.records.clinical_issue import IssuedBag
from bloodbank_desktop.records.problems import Problem
from bloodbank_desktop.rules.catalogue import Finding, Level
from bloodbank_desktop.rules.overriding import Passage

_FOR_PATIENT = frozenset(
    {"department", "ward", "bed", "patient_name", "sex", "medical_record_no", "patient_abo", "patient_rhd"}
)
_REQUEST = "request_no"


@behaves("clinical_issue")
class IssueScanning(BagScanning):
    """Scanning for an issue."""

    router_type = IssueRouter
    #: What the label says is scanned; everything else of a bag a person fills in.
    by_hand = tuple(key for key in IssuedBag.__dataclass_fields__ if key not in BagBlock.__dataclass_fields__)
    keys = "F4 选择申请单　F3 手工录入　Ctrl+Del 删除一袋　Enter 填配血结果、外观　F6 中文　F7 签名　Ctrl+S 发出"
    intro = "可以开始扫描；每袋扫献血码和产品码，其余按库存"

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.head = IssueHead()
        self._both: QWidget | None = None
        self._looking: ConfirmIssue | None = None
        self._asked = ""

    def strip(self) -> QWidget:
        if self._both is None:
            self._both = QWidget()
            column = QVBoxLayout(self._both)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addWidget(self.head)
            column.addWidget(self.strip_)
        return self._both

    def started(self) -> None:
        super().started()
        self.head.asked.connect(self.choose)
        self.host.form.changed.connect(self._form_changed)
        self.head.show_patient(self.host.form.values())
        self.look()

    def shortcuts(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        return (*super().shortcuts(), ("F4", self.choose))

    def stand(self) -> None:
        super().stand()
        lines = (line for line in self.router.lines if not self.router.lacking(line))
        self.head.tick(bag_key(line) for line in lines)

    def status(self, line: dict[str, Any]) -> tuple[str, Role]:
        words, role = super().status(line)
        if role is Role.GOOD and line.get("crossmatch_result") is None:
            return f"{words}，缺配血结论（Enter 填写）", Role.ATTENTION
        return words, role

    # -- the request ----------------------------------------------------------------------------------------------

    def choose(self) -> None:
        """Let the person choose the request."""
        asking = ChooseRequest(self.host.back, self.host.widget())
        asking.chosen.connect(self._chosen)
        asking.finished.connect(asking.deleteLater)
        asking.open()

    def _chosen(self, number: str) -> None:
        self.host.back.from_request(number, self._fill_from_request, self._failed)

    def _fill_from_request(self, values: dict[str, Any]) -> None:
        for key, value in values.items():
            editor = self.host.form.editors.get(key)
            # What a person has typed stays; what differs from the request is stopped by the rules.
            if editor is not None and (not editor.text() or key == _REQUEST):
                editor.put(value)
        self.host.say(f"已按申请单 {values.get(_REQUEST)} 填写；请核对患者后扫描血袋", Role.INFO)

    def _form_changed(self, key: str) -> None:
        if key in _FOR_PATIENT:
            self.head.show_patient(self.host.form.values())
        if key == _REQUEST:
            self.look()

    def look(self) -> None:
        """Ask which bags may be given for the request in the form."""
        number = str(self.host.form.values().get(_REQUEST) or "").strip()
        if number == self._asked:
            return
        self._asked = number
        if not number:
            self.head.offer(None)
            return

        def show(found: Sequence[Candidate]) -> None:
            if number == self._asked:
                self.head.offer(found)

        def failed(problem: KnownProblem) -> None:
            if number == self._asked:
                self.head.offer(None, problem.message)

        self.host.back.candidates(number, show, failed)

    def _failed(self, problem: KnownProblem) -> None:
        self.host.say(problem.message, Role.REFUSED)

    # -- the last look --------------------------------------------------------------------------------------------

    def before_saving(
        self, values: dict[str, Any], passage: Passage, go: Callable[[], None], not_yet: Callable[[], None]
    ) -> None:
        """Show destination and patient once more when nothing stops the issue; what stops it says so itself."""
        given = {(one.rule, one.line) for one in passage.overrides}

        def judged(found: list[Problem]) -> None:
            if any(_stops(one, given, passage) for one in found):
                go()
                return
            asking = ConfirmIssue(values, go, self.host.widget())
            asking.rejected.connect(not_yet)
            asking.finished.connect(self._looked)
            asking.finished.connect(asking.deleteLater)
            self._looking = asking
            asking.open()

        # When the question cannot be answered the operation says why.
        self.host.back.check("clinical_issue", values, passage.second, None, judged, lambda _problem: go())

    def refuse(self, message: str) -> None:
        super().refuse(message)
        if self._looking is not None:
            self._looking.say(message)

    def _looked(self) -> None:
        self._looking = None


def _stops(one: Problem, given: set[tuple[str, int | None]], passage: Passage) -> bool:
    level = level_of(one)
    if level is Level.OVERRIDE and isinstance(one, Finding):
        return (one.rule, one.line) not in given
    if level is Level.WARN:
        return passage.seen is not None and one.message not in passage.seen
    return level is Level.BLOCK
