"""From the start of the process until the first list is on the screen, beside a window of Qt that does nothing.

The program counts as started when the newest rows of a hundred thousand are painted and the keyboard works; Qt's bare
window when its empty table is. Both are processes of their own, in turns, and the clock is outside them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bloodbank_desktop import settings
from tests.benchmarks.measure import Result, Sizes, copied, prepared, summary
from tests.benchmarks.started import PAINTED

_WARM = 2


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of both sides: compiled once, as every installation is, and not at every start."""
    own = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return own | {"PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _milliseconds(environment: Mapping[str, str], *words: str) -> float:
    """Start a child and return how long it took until it said that it is painted."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.started", *words], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert child.stdout is not None
    with child.stdout:
        said = child.stdout.readline().strip()
    took = (time.perf_counter() - began) * 1000
    child.wait(60)
    if said != PAINTED:
        raise RuntimeError(f"{' '.join(words)} ended with {child.returncode} and painted nothing")
    return took


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure both, in turns, once unmeasured."""
    ours: list[float] = []
    theirs: list[float] = []
    with copied(prepared(records=sizes.started_records, stock=sizes.stock)) as folder:
        # The program adds the name of the training profile itself.
        data_dir = folder.parent
        folder.rename(data_dir / "training")
        # Without a platform of its own, which would go on starting while the next window is measured.
        chosen = settings.load(data_dir / "training")
        settings.save(data_dir / "training", replace(chosen, platform_url="http://127.0.0.1:9"))
        environment = _environment(data_dir)
        for _ in range(sizes.starts + _WARM):
            theirs.append(_milliseconds(environment, "bare"))
            ours.append(_milliseconds(environment, "program", str(data_dir)))
    program, bare = summary(ours[_WARM:]), summary(theirs[_WARM:])
    detail = {"program_ms": program, "bare_qt_ms": bare, "warm_up": f"{_WARM} of each, the first one compiles"}
    yield Result("start_vs_bare_qt", program["median"] / bare["median"], bare["median"], detail)
