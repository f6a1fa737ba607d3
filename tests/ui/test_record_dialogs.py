"""What stands behind the dialogs: the real desk, asked off the main thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.forms.contract import Back
from bloodbank_desktop.operations import alerts
from bloodbank_desktop.operations.arrivals import Arrivals, ServerChange
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.fetching import Fetching
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.files import COMING
from bloodbank_desktop.records.ids import new_id
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.records.wire import body
from bloodbank_desktop.rules.overriding import EMPTY
from bloodbank_desktop.storage.wanted_files import Wanted
from bloodbank_desktop.ui import record_dialogs
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.record_dialogs import DeskBack, RecordDialogs, facts_of
from bloodbank_desktop.ui.scan_faults import ScanFaults
from bloodbank_desktop.ui.tasks import Tasks
from tests import papers, samples
from tests.support import seat
from tests.ui.fakes import FakeDesk, FixedClock
from tests.waiting import wait_until

KIND = "transfusion_request"
REVIEW = "entitlement_review"
DRAFT = "0190a0a0-0000-7000-8000-000000000001"


@pytest.fixture
def desk(tasks: Tasks, tmp_path: Path) -> Iterator[Desk]:
    """The real desk on a real encrypted file."""
    profile = open_profile(tmp_path, training=True, clock=SystemClock())
    seat(profile, "训练甲")
    yield profile.desk
    tasks.wait_idle()
    profile.close()


def test_the_desk_behind_a_dialog(desk: Desk, tasks: Tasks) -> None:
    """Every question of the protocol reaches the real desk and is answered once; a refusal comes as Refused."""
    back: Back = DeskBack(desk, tasks, SystemClock(), training=True)
    answers: list[object] = []
    failures: list[object] = []
    values = samples.request_values(now=SystemClock().now())
    back.fresh(KIND, answers.append, failures.append)
    back.check(KIND, values, None, None, answers.append, failures.append)
    back.keep_draft(KIND, DRAFT, {"patient_name": "甲"}, {}, lambda: answers.append(1), failures.append)
    back.drop_draft(DRAFT, lambda: answers.append(2), failures.append)
    back.register(KIND, values, None, EMPTY, answers.append, failures.append)
    back.register(KIND, {}, None, EMPTY, answers.append, failures.append)
    back.bag_in_stock(("A999926000001", "E6170V00", ""), answers.append, failures.append)
    assert tasks.wait_idle()
    assert len(answers) == 6 and [type(one) for one in failures] == [Refused]
    assert answers[1] == [] and answers[2:4] == [1, 2] and answers[5] is None
    assert back.operator == "训练甲" and back.training


def test_a_bug_frees_the_dialog_and_reaches_the_crash_window(tasks: Tasks) -> None:
    """When the desk fails for a reason of ours, the dialog is answered too and does not wait for ever."""
    fake = FakeDesk()
    back = DeskBack(fake.as_desk(), tasks, FixedClock(), training=False)
    bugs: list[object] = []
    failures: list[object] = []
    back.bug.connect(bugs.append)
    back.register(KIND, {}, None, EMPTY, failures.append, failures.append)  # the fake has no such method
    assert tasks.wait_idle()
    assert len(failures) == 1 and isinstance(bugs[0], AttributeError)


def test_facts_of_a_record_in_words(desk: Desk) -> None:
    """A dialog shows who saved and changed a record, why, and where it stands."""
    values = samples.request_values(now=SystemClock().now())
    saved = desk.register(KIND, values)
    desk.amend(KIND, saved.record_id, {**values, "remark": "改"}, reason="补充备注")
    facts = dict(facts_of(desk.view(KIND, saved.record_id)))
    assert facts["登记"].endswith("训练甲") and "最近修改" in facts
    assert facts["报送状态"] == "○ 待报送" and facts["第 1 版"].endswith("由 训练甲 更改：补充备注")


def test_the_real_dialogs_open_from_the_window(qapp: QApplication, desk: Desk, tasks: Tasks, tmp_path: Path) -> None:
    """From list to dialog with nothing faked but the clock: register, view and amend open the dialog of the module."""
    saved = desk.register(KIND, samples.request_values(now=SystemClock().now()))
    factory = RecordDialogs(tasks, SystemClock(), training=True)
    factory.attach(desk)
    window = MainWindow(tasks, SystemClock(), factory, tmp_path)
    window.show()
    window.attach(desk)
    window.tabs.go_to(KIND)
    assert tasks.wait_idle()
    for mode, record_id in (("register", None), ("view", saved.record_id), ("amend", saved.record_id)):
        window.deeds.open(KIND, mode, record_id)
        assert tasks.wait_idle()
        dialog = window.deeds.dialogs[-1]
        assert dialog.objectName() == f"dialog.{KIND}"
        dialog.done(0)  # closing would ask first what becomes of the draft
        assert tasks.wait_idle()
        assert window.deeds.dialogs == [], mode
    window.close()
    window.deleteLater()


def test_a_file_of_another_workstation_is_waited_for(desk: Desk, tasks: Tasks) -> None:
    """It is said that it comes, the lane is asked, and its content is handed over when it came – once."""
    wanted = arrived_elsewhere(desk)
    back = DeskBack(desk, tasks, SystemClock(), training=True)
    asked: list[object] = []
    back.file_wanted.connect(lambda: asked.append(1))
    contents: list[bytes] = []
    failures: list[KnownProblem] = []
    back.read_file(wanted.sha256, contents.append, failures.append)
    assert tasks.wait_idle()
    assert [one.code for one in failures] == [COMING] and asked == [1] and contents == []
    Fetching(desk.store, desk.clock).arrived(wanted, papers.content(5))
    wait_until(lambda: bool(contents), 10)
    assert contents == [papers.content(5)] and len(failures) == 1


@pytest.mark.parametrize("why", ["absent", ""])
def test_a_file_that_does_not_come_is_waited_for_no_longer(
    desk: Desk, tasks: Tasks, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """The reason is said as soon as it is known; without one the waiting ends by itself."""
    monkeypatch.setattr(record_dialogs, "_LOOKS", 3)
    monkeypatch.setattr(record_dialogs, "_LOOK_EVERY_MS", 1)
    wanted = arrived_elsewhere(desk)
    back = DeskBack(desk, tasks, SystemClock(), training=True)
    failures: list[KnownProblem] = []
    back.file_wanted.connect(lambda: Fetching(desk.store, desk.clock).failed(wanted, why) if why else None)
    back.read_file(wanted.sha256, lambda _content: None, failures.append)
    wait_until(lambda: len(failures) == 2, 10)
    assert [one.code for one in failures] == [COMING, "file-not-now"]


def arrived_elsewhere(desk: Desk) -> Wanted:
    """Let an application arrive whose file lies on the platform only."""
    entry = papers.entry(5)
    change = ServerChange(REVIEW, new_id(), 1, False, body(record_type(REVIEW), papers.review(0, entry)))
    Arrivals(desk.store, desk.clock).apply_page("main", "epoch", [change], "1", desk.clock.now())
    return Wanted(entry["sha256"], entry["size"], "")


def test_refused_scans_are_written_down_together_and_later(desk: Desk, tasks: Tasks) -> None:
    """A refused scan asks nothing of the database lane at once; when scanning rests all of them are alerts."""
    faults = ScanFaults(tasks)
    back: Back = DeskBack(desk, tasks, SystemClock(), training=True, faults=faults)
    for number in range(3):
        back.scan_refused("stock_in", "draft", "expired", f"说 {number}", "袋")
    assert tasks.running == 0
    faults.flush()
    faults.flush()
    assert tasks.wait_idle()
    (counted,) = alerts.statistics(desk, alerts.period(desk)).rules
    assert (counted.rule, counted.refused) == ("scan-expired", 3)
    _, found = alerts.of_rule(desk, "scan-expired", alerts.period(desk))
    assert [(one.message, one.actor, one.record_id) for one in found] == [
        (f"说 {number}", desk.actor, "draft") for number in (2, 1, 0)
    ]


def test_a_near_miss_is_kept_as_a_draft(desk: Desk, tasks: Tasks) -> None:
    """What a dialog keeps as a near miss waits among the drafts of that module, filled with what was said."""
    back: Back = DeskBack(desk, tasks, SystemClock(), training=True)
    done: list[str] = []
    back.near_miss(
        "scan", "scan-expired", "已过期", "袋", lambda: done.append("kept"), lambda problem: done.append(problem.code)
    )
    assert tasks.wait_idle() and done == ["kept"]
    (draft,) = desk.drafts.all("near_miss")
    assert [draft.values[key] for key in ("stage", "rule", "message", "bag", "status")] == [
        "scan", "scan-expired", "已过期", "袋", "open",
    ]  # fmt: skip
