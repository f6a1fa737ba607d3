"""Work happens on two lanes, one for the database and one for the network; its results come back on the main thread.

A function handed to a lane must touch no widget. Its result travels as a closure through one signal of one object that
lives as long as the window: objects that are created or destroyed on a worker thread are how Qt programs die at random.
For the same reason a lane lets go of everything it was handed before it answers. The danger of two database workers is a
list read in the middle of a save; therefore that lane has exactly one.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui.garbage import MainThreadGarbage

T = TypeVar("T")
Failed = Callable[[Exception], Any]


@dataclass(slots=True, eq=False)
class _Task:
    """One task from its handing over to its answer; `problem` is set when it failed, `result` otherwise."""

    fn: Callable[[], Any]
    done: Callable[[Any], Any] | None
    failed: Failed | None
    owner: QObject | None
    result: Any = None
    problem: Exception | None = None


class Tasks(QObject):
    """The two lanes. Everything is called on the main thread, and every callback runs there.

    `problem` carries a `KnownProblem` that nobody else took, for the message bar; `bug` any other exception, for the
    crash window; `idle` is emitted whenever the last running task has been answered.
    """

    problem = Signal(object)
    bug = Signal(object)
    idle = Signal()
    # Carries nothing: the answer waits in Python, so that Qt never counts references to Python objects.
    _answered = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._database: Executor = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._network: Executor = ThreadPoolExecutor(1, thread_name_prefix="network")
        # A lane knows a task by its number alone. If it held the task, it might be the last to do so, and the dialogs in
        # its callbacks would die on that lane.
        self._numbers = count()
        self._tasks: dict[int, _Task] = {}
        self._answers: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._running = 0
        self._closed = False
        self._busy_lately = False
        # As long as there are lanes, none of them may collect garbage: there are widgets in it.
        self._garbage = MainThreadGarbage(self, busy=self._somebody_waits)
        self._answered.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def database(
        self,
        fn: Callable[[], T],
        done: Callable[[T], Any] | None = None,
        failed: Failed | None = None,
        *,
        owner: QObject | None = None,
    ) -> None:
        """Run `fn` after everything handed to this lane before; then `done(result)` or `failed(exception)` here.

        Without `failed`, a `KnownProblem` goes to `problem` and anything else to `bug`. When `owner` has been deleted
        in the meantime nobody waits for the result: `done` and `failed` are not called, but a failure is still
        reported, since what failed may have been a save.
        """
        self._submit(self._database, fn, done, failed, owner)

    def network(
        self,
        fn: Callable[[], T],
        done: Callable[[T], Any] | None = None,
        failed: Failed | None = None,
        *,
        owner: QObject | None = None,
    ) -> None:
        """The same as `database` on the network lane, where waiting for an answer holds up nobody."""
        self._submit(self._network, fn, done, failed, owner)

    def loaded(self) -> None:
        """Say that the program is loaded: what is in memory now is no garbage and is not searched for it any more."""
        self._garbage.spare()

    @property
    def running(self) -> int:
        """How many tasks have been handed over and not yet answered."""
        return self._running

    def wait_idle(self, timeout: float = 5.0) -> bool:
        """Spin the event loop until every task is answered, for tests and exit; False after `timeout` seconds."""
        if self._running:
            loop = QEventLoop()
            self.idle.connect(loop.quit)
            timer = QTimer(loop)
            timer.setSingleShot(True)
            timer.timeout.connect(loop.quit)
            timer.start(int(timeout * 1000))
            while self._running and timer.isActive():
                loop.exec()
            self.idle.disconnect(loop.quit)
        return self._running == 0

    def shutdown(self, timeout: float = 30.0) -> bool:
        """Finish the database lane, forget the network lane, and take no more work. Calling it twice does no harm.

        What was handed to the database lane is done and answered, for it may be the last line of a draft. Returns
        False if that took longer than `timeout` seconds.
        """
        if self._closed:
            return True
        self._network.shutdown(wait=False, cancel_futures=True)
        last = threading.Event()
        self._database.submit(last.set)
        ends = time.monotonic() + timeout
        finished = False
        while not finished and time.monotonic() < ends:
            # Answers may hand over more work; it joins the lane in front of the next mark.
            finished = last.wait(0.02) and self._answers.empty()
            if self._drain():
                last = threading.Event()
                self._database.submit(last.set)
                finished = False
        self._closed = True
        self._running = 0
        self._database.shutdown(wait=finished, cancel_futures=not finished)
        self._garbage.stop()
        return finished

    def _submit(
        self,
        lane: Executor,
        fn: Callable[[], T],
        done: Callable[[T], Any] | None,
        failed: Failed | None,
        owner: QObject | None,
    ) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("tasks are handed over on the main thread only")
        if self._closed:
            return

        number = next(self._numbers)
        self._tasks[number] = _Task(fn, done, failed, owner)
        self._running += 1
        self._busy_lately = True
        try:
            lane.submit(self._work, number)
        except RuntimeError:  # the network lane, during shutdown
            self._running -= 1
            del self._tasks[number]

    def _somebody_waits(self) -> bool:
        """Whether anything was handed over since the last question, or still runs."""
        lately, self._busy_lately = self._busy_lately, False
        return lately or self._running > 0

    def _work(self, number: int) -> None:
        """Called on a lane."""
        self._do(self._tasks[number])
        self._answers.put(number)
        # At the very end of the program the C++ object may be gone before the last network answer arrives.
        if not self._closed and isValid(self):
            self._answered.emit()

    @staticmethod
    def _do(task: _Task) -> None:
        """Called on a lane. When it returns, this lane has let go of the task."""
        try:
            task.result = task.fn()
        except Exception as problem:
            task.problem = problem

    @Slot()
    def _deliver(self) -> None:
        try:
            number = self._answers.get_nowait()
        except queue.Empty:  # shutdown has already taken it
            return
        task = self._tasks.pop(number)
        if self._closed:
            return
        try:
            self._answer(task)
        finally:
            self._running -= 1
            if self._running == 0:
                self.idle.emit()

    def _drain(self) -> bool:
        """Deliver what is there, without an event loop."""
        any_ = False
        while not self._answers.empty():
            any_ = True
            try:
                self._deliver()
            except Exception:
                # In an event loop Qt hands it there; the program ends all the same.
                sys.excepthook(*sys.exc_info())
        return any_

    def _answer(self, task: _Task) -> None:
        waits = task.owner is None or isValid(task.owner)
        # Its traceback knows the task: without this the two would keep each other, and a closed dialog, alive.
        problem, task.problem = task.problem, None
        if problem is None:
            if task.done is not None and waits:
                task.done(task.result)
        elif task.failed is not None and waits:
            task.failed(problem)
        elif isinstance(problem, KnownProblem):
            self.problem.emit(problem)
        else:
            self.bug.emit(problem)
