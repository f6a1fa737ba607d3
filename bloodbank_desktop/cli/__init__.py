"""The command line: the same operations, rules and verbs as the window, for scripts, tests and the IT department.

JSON on stdout, problems on stderr as JSON [{"field", "line", "code", "message"}]; exit 0 = yes, 1 = the answer is no,
2 = wrong call. Without a word the program itself starts. The words stand in modules by subject; none of them is loaded
for the window, which does not wait for a grammar.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence

from bloodbank_desktop.cli.calling import NO, WRONG, WRONG_CALL, everywhere, no
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.problems import Problem, Refused

#: In the order of the floors; each brings along what it stands on.
_NEED_NO_QT = (
    "concurrent.futures.thread",
    "unicodedata",
    "bloodbank_desktop.logs",
    "bloodbank_desktop.settings",
    "bloodbank_desktop.locks",
    "bloodbank_desktop.paths",
    "bloodbank_desktop.records.catalogue",
    "bloodbank_desktop.records.wire",
    "bloodbank_desktop.operations.first_look",
    "bloodbank_desktop.forms.contract",
    "bloodbank_desktop.forms.burst",
    "bloodbank_desktop.forms.roles",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one word and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console or pipe of another code page must not turn Chinese into an exception.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # Not as defaults of the parser: those of a word would take the place of what was given before the word.
    nothing_given = argparse.Namespace(
        data_dir=None,
        training=False,
        operator_given="",
        second_given="",
        second_password=None,
        password_stdin=False,
        password_given=None,
    )
    options, words = everywhere().parse_known_args(arguments, nothing_given)
    if words:
        from bloodbank_desktop.cli.grammar import parser

        options = parser(_window).parse_args(arguments, options)
    else:
        # Most starts: the window, which does not wait for the grammar of every word.
        options.run = _window
    try:
        code = int(options.run(options))
        sys.stdout.flush()
        return code
    except Refused as refused:
        return no(refused.problems)
    except KnownProblem as problem:
        no([Problem("", problem.code, problem.message)])
        return WRONG_CALL if problem.code in WRONG else NO
    except BrokenPipeError:
        # The reader went away, as `| head` does; Python must not complain about it once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO


def load_what_needs_no_qt() -> None:
    """Load what the window stands on before Qt is loaded.

    PySide reads through the source of every module that is loaded after it, to find out whether it uses Qt; that
    would be a fifth of the time until the window is on the screen. The collector rests meanwhile, since loading makes
    no garbage; the window has one of its own (ui.garbage).
    """
    gc.disable()
    for name in _NEED_NO_QT:
        importlib.import_module(name)


def load_qt() -> None:
    """Load Qt, and spare PySide the reading of what is loaded before and after it."""
    from bloodbank_desktop.ui.unswitched import spare_reading

    spare_reading()


def _window(options: argparse.Namespace) -> int:
    load_what_needs_no_qt()
    load_qt()
    from bloodbank_desktop.app import run

    # What has been loaded stays; to look through it for garbage would take longer than to open the window.
    gc.freeze()
    gc.enable()
    return run(options.data_dir, training=options.training, operator=options.operator_given, lively=True)
