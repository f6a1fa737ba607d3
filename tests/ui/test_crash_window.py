"""A bug leads to one window with a report that anybody may read."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.kinds import Unreadable
from bloodbank_desktop.ui import report
from bloodbank_desktop.ui.crash_reporter import CrashReporter
from tests.ui.fakes import NOW, FixedClock
from tests.waiting import turn_events, wait_until

SECRETS = ("张三丰", "310199194001010011", "A999926000001", "13800000000")


@pytest.fixture
def reporter(qapp: QApplication) -> Iterator[CrashReporter]:
    """A reporter that has not taken the hooks."""
    made = CrashReporter(FixedClock())
    yield made
    made.restore()
    if made.window is not None:
        made.window.close()
    turn_events()


def _caught(kind: type[Exception], message: str) -> Exception:
    try:
        patient = {"name": message}
        raise kind(patient["name"])
    except Exception as problem:
        return problem


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, Unreadable, AssertionError])
def test_a_report_holds_no_value(kind: type[Exception]) -> None:
    """No text of an exception that may hold a field value, and no local variable, gets into a report."""
    for secret in SECRETS:
        if kind is Unreadable:
            problem: Exception = Unreadable("slug", secret)
        else:
            problem = _caught(kind, secret)
        text = report.make(problem, NOW)
        assert secret not in text
        assert kind.__name__ in text


def test_a_report_says_where() -> None:
    """A report names version, function and line of source, the causes too, and no folder of this machine's user."""
    try:
        try:
            nothing: dict[str, str] = {}
            _ = nothing["x"]
        except KeyError as cause:
            raise ZeroDivisionError(SECRETS[0]) from cause
    except ZeroDivisionError as problem:
        text = report.make(problem, NOW)
    assert "Bloodbank Desktop" in text and "in test_a_report_says_where" in text
    assert '_ = nothing["x"]' in text and "KeyError" in text and "then:" in text
    assert text.rstrip().endswith("ZeroDivisionError") and SECRETS[0] not in text
    assert "/home/" not in text and "/tmp/" not in text


def test_names_of_the_program_stay_readable() -> None:
    """Where Python itself makes the message from names in the program, it is kept: it is half the diagnosis."""
    with pytest.raises(AttributeError) as caught:
        _ = object().missing  # type: ignore[attr-defined]
    assert "'object' object has no attribute 'missing'" in report.make(caught.value, NOW)


def test_a_storm_of_errors_is_one_window(reporter: CrashReporter) -> None:
    """A hundred errors open one window, which counts them and shows the first report; it can be copied."""
    for number in range(100):
        reporter.report(_caught(ValueError, str(number)))
    wait_until(lambda: reporter.window is not None and "100" in reporter.window.windowTitle())
    window = reporter.window
    assert window is not None
    window.copy.click()
    assert QGuiApplication.clipboard().text() == window.text.toPlainText()
    assert "ValueError" in window.text.toPlainText()
    window.close_button.click()
    wait_until(lambda: reporter.window is None)


def test_a_known_problem_never_opens_it(reporter: CrashReporter) -> None:
    """A KnownProblem that reaches a hook goes to the message bar."""
    known: list[object] = []
    reporter.known.connect(known.append)
    problem = KnownProblem("磁盘已满")
    reporter.report(problem)
    turn_events()
    assert known == [problem] and reporter.window is None


def test_all_three_hooks_lead_there(reporter: CrashReporter) -> None:
    """An exception of the main thread, of another thread, and one that Python cannot raise open the window."""
    seen: list[str] = []
    reporter.report = lambda problem, thread="": seen.append(type(problem).__name__)  # type: ignore[method-assign]
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    reporter.install()
    sys.excepthook(ValueError, ValueError(), None)

    def fail() -> None:
        raise KeyError

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()

    class Bad:
        def __del__(self) -> None:
            raise ZeroDivisionError

    Bad()
    reporter.restore()
    assert seen == ["ValueError", "KeyError", "ZeroDivisionError"]
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before
