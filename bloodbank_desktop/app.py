"""The program: the only place where window, dialogs, data file and network lane meet.

The window is on the screen before the data file is open and long before an HTTP library is loaded; whatever cannot be
opened is said in one sentence and nothing is made in its place.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication

from bloodbank_desktop import logs, settings
from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.locks import FileLock
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.ui import chinese
from bloodbank_desktop.ui.crash_reporter import CrashReporter
from bloodbank_desktop.ui.main_window import MainWindow
from bloodbank_desktop.ui.record_dialogs import RecordDialogs
from bloodbank_desktop.ui.record_source import EarlySource
from bloodbank_desktop.ui.tasks import Tasks
from bloodbank_desktop.ui.theme import STYLE, Appearance

if TYPE_CHECKING:
    from bloodbank_desktop.clock import Clock
    from bloodbank_desktop.forms.burst import Habits
    from bloodbank_desktop.forms.sounds import Sounds
    from bloodbank_desktop.operations.first_look import FirstLook
    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.records.declare import RecordType
    from bloodbank_desktop.wiring import NetworkLane

#: Whose columns are shown before the file is open; a test holds it to `operations.training_persons`.
TRAINER_NAME = "训练员"
#: A window that nobody sees, minimized or on another screen, is not painted.
_LATEST_MS = 400
#: How long the window may wait for its first rows before it is shown.
_ROWS_SECONDS = 0.05
#: How often reservations are looked at that have run out.
_OVERDUE_MS = 5 * 60 * 1000


class Program(QObject):
    """One running program on one profile folder; `opened` is emitted when the data file is open and attached."""

    opened = Signal()

    def __init__(
        self,
        app: QApplication,
        folder: Path,
        *,
        training: bool,
        operator: str = "",
        platform_url: str = "",
        lively: bool = False,
        clock: Clock | None = None,
    ) -> None:
        """Show the window; `lively`: a training platform of its own answers by itself. `clock`: that of the machine.

        Raises KnownProblem when the folder cannot be used or another window has it.
        """
        super().__init__()
        self._lock = FileLock(folder / "window.lock")
        if not self._lock.acquire():
            raise KnownProblem("输血科工作站已经打开，请在任务栏中找到它；同一份资料不能打开两次", code="second-window")
        self.folder = folder
        self.training = training
        self.settings = settings.load(folder)
        self.clock = clock or SystemClock()
        self.tasks = Tasks(self)
        self._look: FirstLook | None = None
        self._open_profile: Profile | None = None
        # On the lane while the window is built.
        self.tasks.database(self._begin)
        self.profile: Profile | None = None
        self.lane: NetworkLane | None = None
        self._ending = threading.Lock()
        self._ended = False
        self._platform_url = platform_url
        self._lively = lively
        self._operator = operator
        self.reporter = CrashReporter(self.clock, self)
        self.reporter.install()
        self.dialogs = RecordDialogs(
            self.tasks,
            self.clock,
            training=training,
            sounds=self._sounds(),
            habits=self._habits(),
            bug=self.reporter.report,
            file_wanted=lambda: self._nudge("SAVED"),
        )
        self.window = MainWindow(
            self.tasks,
            self.clock,
            self.dialogs,
            folder,
            training=training,
            hospital=self.settings.hospital_name,
            appearance=Appearance(app, self.settings.theme),
            habits=self._habits(),
            lock_minutes=self.settings.lock_minutes,
        )
        self.window.bug.connect(self.reporter.report)
        self.tasks.bug.connect(self.reporter.report)
        self.reporter.known.connect(self.window.show_problem)
        self.window.theme_chosen.connect(self._keep_theme)
        self.window.saved.connect(lambda _saved: self._nudge("SAVED"))
        self.window.refresh_asked.connect(lambda: self._nudge("MANUAL"))
        # The rooms for work take longer to load than the whole window: after the first rows are on the screen.
        self._overdue = QTimer(self)
        self._overdue.timeout.connect(self._release_overdue)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._open)
        self._soon.start(_LATEST_MS)
        # Where people sign in, nothing is read before somebody has.
        first = self.window.tabs.preview(self._early_source, TRAINER_NAME) if training else None
        if first is not None:
            # Painted only after the latest moment, as on a slow machine, it is open or being opened already.
            first.view.painted.connect(lambda: self._soon.start(0) if self._soon.isActive() else None)
            # Painted with its rows at once, where they come in a moment; to paint it twice would take longer.
            self.tasks.wait_idle(_ROWS_SECONDS)
        self.window.show()

    def _sounds(self) -> Sounds:
        from bloodbank_desktop.forms.sounds import Sounds

        return Sounds(muted=not self.settings.sounds)

    def _habits(self) -> Habits:
        from bloodbank_desktop.forms.burst import Habits

        return Habits(gap_ms=self.settings.scan_gap_ms)

    # -- the data file ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        from bloodbank_desktop.operations.first_look import FirstLook

        if self.training:
            self._look = FirstLook(self.folder, training=True)

    def _early_source(self, declared: RecordType) -> EarlySource:
        return EarlySource(
            declared, lambda kind: self._look.rows(kind) if self._look else None, lambda: self._profile_now().desk
        )

    def _profile_now(self) -> Profile:
        """Return the open profile, opened with the first call; on the database lane. Raises KnownProblem."""
        if self._open_profile is None:
            from bloodbank_desktop.operations.opening import open_profile

            self._open_profile = opened = open_profile(self.folder, training=self.training, clock=self.clock)
            if self._operator and self.training:
                opened.desk.person = opened.persons.step_in(self._operator)
            self._look_no_more()
        return self._open_profile

    def _look_no_more(self) -> None:
        look, self._look = self._look, None
        if look is not None:
            look.close()

    def _open(self) -> None:
        self.tasks.database(self._profile_now, self._attach, self._not_opened)

    def _release_overdue(self) -> None:
        if self.profile is not None:
            self.tasks.database(self.profile.release_overdue, None, self.window.show_problem)

    def _attach(self, profile: Profile) -> None:
        self.profile = profile
        self.dialogs.attach(profile.desk)
        self.window.attach(profile.desk)
        self.reporter.prepare()
        self.tasks.loaded()
        self.opened.emit()
        self.tasks.network(lambda: self._connect(profile), None, self.window.show_problem)
        self.tasks.database(profile.back_up_daily, None, self.window.show_problem)
        self._release_overdue()
        self._overdue.start(_OVERDUE_MS)
        self.tasks.database(_sweep, None, self.window.show_problem)

    def _not_opened(self, problem: Exception) -> None:
        if isinstance(problem, KnownProblem):
            tell(problem)
            QApplication.exit(1)
        else:
            self.reporter.report(problem)

    # -- the network lane ------------------------------------------------------------------------------------------

    def _connect(self, profile: Profile) -> None:
        from bloodbank_desktop.sync.status import WORDS, Phase, SyncStatus

        # Libraries, and in training a whole platform, take a moment to start; until then nobody else would say so.
        if self._platform_url or profile.settings.platform_url or profile.training:
            self.window.sync_status.emit(SyncStatus(None, Phase.CONNECTING, WORDS[Phase.CONNECTING]))
        from bloodbank_desktop.wiring import NetworkLane

        lane: NetworkLane | None = None
        try:
            lane = NetworkLane(profile, on_status=self.window.sync_status.emit, on_changes=self.window.changes.emit)
            lane.connect(self._platform_url, lively=self._lively)
        except KnownProblem as problem:
            if lane is not None:
                lane.close()
            self.window.sync_status.emit(SyncStatus(False, Phase.STOPPED, problem.message, problem.code))
            raise
        with self._ending:
            # The window may have been closed while this connected; nobody would stop the lane any more.
            if self._ended:
                lane.close()
                return
            self.lane = lane
            lane.engine.start()

    def _nudge(self, kind: str) -> None:
        if self.lane is not None:
            from bloodbank_desktop.sync.status import Nudge

            self.lane.engine.nudge(Nudge[kind])

    # -- settings and end ------------------------------------------------------------------------------------------

    def _keep_theme(self, choice: str) -> None:
        self.settings = replace(self.settings, theme=choice)
        try:
            settings.save(self.folder, self.settings)
        except KnownProblem as problem:
            self.window.show_problem(problem)

    def close(self) -> None:
        """End everything in order: no more questions, no more network, then the file."""
        self._overdue.stop()
        self.tasks.shutdown()
        with self._ending:
            self._ended = True
        if self.lane is not None:
            self.lane.close()
        self._look_no_more()
        if self._open_profile is not None:
            self._open_profile.close()
        self.reporter.restore()
        self._lock.release()


def _sweep() -> int:
    from bloodbank_desktop.forms.viewing import sweep  # what starts has no use for it

    return sweep()


def tell(problem: KnownProblem) -> None:
    """Say in a window of its own why the program does not start."""
    from PySide6.QtWidgets import QMessageBox  # what starts has no use for it

    box = QMessageBox(QMessageBox.Icon.Critical, "输血科工作站", problem.message)
    box.setObjectName("dialog.problem")
    box.addButton("关闭", QMessageBox.ButtonRole.AcceptRole)
    box.exec()


def make_application() -> QApplication:
    """Return the application, speaking Chinese."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication([*sys.argv[:1], "-style", "fusion"])
        app.setProperty(STYLE, "fusion")
    app.setApplicationName("BloodbankDesktop")
    app.setApplicationDisplayName("输血科工作站")
    chinese.install(app)
    return app


def run(
    data_dir: Path | None,
    *,
    training: bool,
    operator: str = "",
    lively: bool = False,
    started: Callable[[Program], None] | None = None,
) -> int:
    """Run the program until its window is closed; return the exit code. `lively`: see `Program`."""
    app = make_application()
    try:
        folder = profile_dir(data_dir, training)
        logs.start(folder)
        program = Program(app, folder, training=training, operator=operator, lively=lively)
    except KnownProblem as problem:
        tell(problem)
        return 1
    except OSError as problem:
        tell(
            KnownProblem(
                f"资料文件夹不能使用（{problem.strerror or problem}），请检查磁盘空间和权限", code="data-folder"
            )
        )
        return 1
    if started is not None:
        started(program)
    code = app.exec()
    program.close()
    return code
