"""A report of a bug that anybody may read: what failed where in our program, and not one value of any field.

The text of an exception is left out unless its type is one whose text Python itself makes from names in the program:
`ValueError: invalid literal for int(): '张三'` is a patient in a report.
"""

from __future__ import annotations

import linecache
import platform
import sys
import threading
from datetime import datetime
from pathlib import Path
from types import TracebackType

import bloodbank_desktop
from bloodbank_desktop.clock import china_text

_ROOT = Path(bloodbank_desktop.__file__).resolve().parent
#: Their messages name types, attributes and modules, never contents.
_NAMES_ONLY = (AttributeError, NameError, UnboundLocalError, ImportError, ModuleNotFoundError, RecursionError)
_MOST_FRAMES = 40
_MOST_CAUSES = 5


def make(problem: BaseException, now: datetime, *, thread: str = "") -> str:
    """Return the report of an exception: version, machine, thread, and every frame with its line of source."""
    import PySide6

    lines = [
        f"Bloodbank Desktop {bloodbank_desktop.__version__}",
        f"Python {platform.python_version()}, Qt {PySide6.__version__}, {platform.system()} {platform.release()}",
        f"{china_text(now)}, thread {thread or threading.current_thread().name}",
        "",
    ]
    chain: list[BaseException] = []
    one: BaseException | None = problem
    while one is not None and one not in chain and len(chain) < _MOST_CAUSES:
        chain.append(one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    for index, link in enumerate(reversed(chain)):
        if index:
            lines += ["", "then:"]
        lines += _frames(link.__traceback__)
        lines.append(_what(link))
    return "\n".join(lines) + "\n"


def _what(problem: BaseException) -> str:
    kind = type(problem)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{name}: {problem}" if kind in _NAMES_ONLY else name


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"  {_short(code.co_filename)}:{trace.tb_lineno} in {code.co_name}")
        # Our own source line holds no value; asking for it is what makes the report readable without the program.
        source = linecache.getline(code.co_filename, trace.tb_lineno).strip()
        if source:
            frames.append(f"    {source}")
        trace = trace.tb_next
    if len(frames) > 2 * _MOST_FRAMES:
        frames = [*frames[:_MOST_FRAMES], "  …", *frames[-_MOST_FRAMES:]]
    return frames


def _short(filename: str) -> str:
    """A full path names the person who is signed in to the machine."""
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT.parent).as_posix()
    for start in sys.path:
        if start and path.is_relative_to(start):
            return path.relative_to(start).as_posix()
    return path.name
