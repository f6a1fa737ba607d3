"""The lanes: work elsewhere, answers here, nothing lost and nothing counted wrongly."""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any

import pytest
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QLineEdit

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.ui.tasks import Tasks
from tests.waiting import turn_events, wait_until


def test_answers_arrive_on_the_main_thread(tasks: Tasks) -> None:
    """Work runs off the main thread and its answer on it, for both lanes and for failures."""
    seen: list[tuple[str, str]] = []

    def here(result: Any) -> None:
        seen.append((str(result), threading.current_thread().name))

    def boom() -> None:
        raise ValueError("x")

    tasks.database(lambda: threading.current_thread().name, here)
    tasks.network(lambda: threading.current_thread().name, here)
    tasks.database(boom, None, here)
    assert tasks.wait_idle()
    main = threading.main_thread().name
    assert [where for _, where in seen] == [main] * 3
    assert sorted(who.split("_")[0] for who, _ in seen) == ["database", "network", "x"]


def test_the_database_lane_keeps_the_order(tasks: Tasks) -> None:
    """The database lane has one worker: what was handed over first is done and answered first."""
    done: list[int] = []
    answered: list[int] = []
    for number in range(200):
        tasks.database(lambda number=number: done.append(number), lambda _none, number=number: answered.append(number))  # type: ignore[misc]
    assert tasks.wait_idle()
    assert done == answered == list(range(200))


def test_the_window_goes_on_while_a_lane_works(tasks: Tasks) -> None:
    """A slow task of one lane holds up neither the other lane nor the event loop."""
    go, answers = threading.Event(), list[str]()
    tasks.database(lambda: go.wait(5), lambda _: answers.append("database"))
    tasks.network(lambda: "network", answers.append)
    wait_until(lambda: answers == ["network"])
    assert tasks.running == 1
    go.set()
    assert tasks.wait_idle()
    assert answers == ["network", "database"]


def test_a_known_problem_goes_to_the_bar_and_anything_else_is_a_bug(qapp: QApplication) -> None:
    """Without `failed`, a KnownProblem reaches `problem` and any other exception `bug`, the object itself."""
    lanes = Tasks()
    known, bugs = KnownProblem("磁盘已满"), ZeroDivisionError()
    problems: list[object] = []
    found: list[object] = []
    lanes.problem.connect(problems.append)
    lanes.bug.connect(found.append)

    def fail(problem: Exception) -> None:
        raise problem

    lanes.database(lambda: fail(known))
    lanes.network(lambda: fail(bugs))
    assert lanes.wait_idle()
    assert problems == [known] and found == [bugs]
    lanes.shutdown()


def test_nobody_is_answered_after_being_deleted(tasks: Tasks, qapp: QApplication) -> None:
    """When the owner is gone its callbacks are not called, but a failure is still reported."""
    owner, called, problems = QObject(), list[object](), list[object]()
    go = threading.Event()
    tasks.problem.connect(problems.append)

    def fail() -> None:
        go.wait(5)
        raise KnownProblem("没有保存")

    tasks.database(fail, called.append, called.append, owner=owner)
    tasks.database(lambda: 1, called.append, owner=owner)
    owner.deleteLater()
    turn_events()
    go.set()
    assert tasks.wait_idle()
    assert called == []
    assert [str(problem) for problem in problems] == ["没有保存"]


def test_shutdown_finishes_saves_and_forgets_the_network(qapp: QApplication) -> None:
    """At the end every database task is done and answered, also one that an answer hands over; later ones are ignored."""
    lanes = Tasks()
    done: list[str] = []
    stuck = threading.Event()
    lanes.network(stuck.wait, lambda _: done.append("network"))
    lanes.network(lambda: done.append("never"))

    def hand_over(text: str) -> None:
        done.append(text)
        lanes.database(lambda: done.append("second"))

    lanes.database(lambda: "first", hand_over)
    assert lanes.shutdown(5)
    lanes.database(lambda: done.append("too late"))
    stuck.set()
    turn_events()
    assert done == ["first", "second"]


def test_tasks_are_handed_over_on_the_main_thread_only(tasks: Tasks) -> None:
    """Another thread that hands over a task is told so at once, instead of racing with the window."""
    raised: list[BaseException] = []

    def intrude() -> None:
        try:
            tasks.database(lambda: None)
        except RuntimeError as problem:
            raised.append(problem)

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_garbage_with_widgets_is_collected_on_the_main_thread(tasks: Tasks) -> None:
    """While lanes run, a cycle with a QObject in it dies on the main thread, however much a lane allocates."""
    died: list[str] = []

    class Ring:
        def __init__(self) -> None:
            self.me, self.thing = self, QObject()

        def __del__(self) -> None:
            died.append(threading.current_thread().name)

    def allocate() -> int:
        return len([[number] for number in range(300_000)])

    for _ in range(20):
        Ring()
    tasks.database(allocate)
    assert tasks.wait_idle()
    assert set(died) <= {threading.main_thread().name}
    assert not gc.isenabled()
    kept = [[number] for number in range(2_000)]
    wait_until(lambda: len(died) == 20)
    assert set(died) == {threading.main_thread().name} and len(kept) == 2_000


def test_the_collector_is_given_back(qapp: QApplication) -> None:
    """After the lanes have ended, Python collects as before."""
    before = gc.isenabled()
    lanes = Tasks()
    assert not gc.isenabled()
    lanes.shutdown()
    assert gc.isenabled() == before


class _Emitter(QObject):
    number = Signal(int)
    flag = Signal(bool)
    thing = Signal(object)
    nothing = Signal()


@pytest.mark.parametrize("rounds", [25_000])
def test_a_hundred_thousand_signals_leave_every_count_as_it_was(qapp: QApplication, rounds: int) -> None:
    """100,000 emissions of Python signals change no reference count: the pinned PySide6 fits this Python."""
    emitter, seen = _Emitter(), [0]
    watched: list[object] = [None, True, False, seen]

    def slot(*_: object) -> None:
        seen[0] += 1

    for signal in (emitter.number, emitter.flag, emitter.thing, emitter.nothing):
        signal.connect(slot)
    edit = QLineEdit()
    edit.textChanged.connect(lambda _text: slot())
    before = [sys.getrefcount(one) for one in watched]
    for number in range(rounds):
        emitter.number.emit(number)
        emitter.flag.emit(number % 2 == 0)
        emitter.thing.emit(seen)
        emitter.nothing.emit()
    edit.setText("x")
    after = [sys.getrefcount(one) for one in watched]
    assert seen[0] == 4 * rounds + 1
    # Other parts of the interpreter hold a few more or fewer; a lost reference per call would be tens of thousands.
    assert all(abs(one - other) < 500 for one, other in zip(before, after, strict=True)), (before, after)


def test_twenty_thousand_tasks_run_clean(tasks: Tasks) -> None:
    """Many results from worker threads arrive, each exactly once."""
    total = [0]

    def add(one: int) -> None:
        total[0] += one

    for _ in range(20_000):
        tasks.database(lambda: 1, add)
    assert tasks.wait_idle(60)
    assert total[0] == 20_000
