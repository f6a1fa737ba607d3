"""What all benchmarks share: a result with its bar, percentiles, and data files prepared once."""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bloodbank_desktop.storage.schema import statements
from bloodbank_desktop.training import papers
from tests import generate, generate_chain


@dataclass(frozen=True)
class Bar:
    """What a value must not exceed, or with `least` must reach."""

    limit: float
    least: bool = False

    def holds(self, value: float) -> bool:
        """Return whether the value meets the bar."""
        return value >= self.limit if self.least else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.limit:g}"


BARS = {
    "scan_p99_ms": Bar(50),
    "save_p99_ms": Bar(25),
    "save_vs_raw_sql": Bar(3),
    "start_vs_bare_qt": Bar(2),
    "list_open_ms_1m": Bar(100),
    "list_sort_ms_1m": Bar(400),
    "list_search_ms_1m": Bar(80),
    "list_scroll_ms_1m": Bar(20),
    "upload_vs_raw": Bar(0.6, least=True),
    "import_vs_calamine": Bar(6),
    "export_vs_openpyxl": Bar(1.5),
    "rss_mb_1m": Bar(120),
    "trace_ms_1m": Bar(100),
    "stock_ms_1m": Bar(200),
    "rules_ms": Bar(10),
}


@dataclass(frozen=True)
class Result:
    """One measured value; `baseline` is what it was compared with, in the unit of the value before any ratio."""

    key: str
    value: float
    baseline: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in the report."""
        bar = BARS[self.key]
        baseline = None if self.baseline is None else round(self.baseline, 3)
        return {
            "value": round(self.value, 3),
            "bar": bar.limit,
            "ok": bar.holds(self.value),
            "baseline": baseline,
            "detail": self.detail,
        }


def broken_off(key: str, why: str) -> dict[str, Any]:
    """Return what stands in the report where nothing could be measured: a missed bar."""
    return {"value": None, "bar": BARS[key].limit, "ok": False, "baseline": None, "detail": {"error": why}}


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    records: int = 1_000_000
    started_records: int = 100_000
    stock: int = 100_000
    bags: int = 100
    scanned: int = 100
    saves: int = 400
    starts: int = 15
    looks: int = 15
    uploads: int = 10_000
    upload_rounds: int = 3
    exchanged: int = 100_000


TINY = Sizes(
    records=600,
    started_records=200,
    stock=200,
    bags=3,
    scanned=2,
    saves=8,
    starts=1,
    looks=2,
    uploads=120,
    upload_rounds=1,
    exchanged=60,
)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(math.ceil(len(values) * share) - 1, 0)]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return median, 99th percentile and worst of some milliseconds, for the detail of a result."""
    return {
        "median": round(statistics.median(values), 2),
        "p99": round(percentile(values, 0.99), 2),
        "worst": round(max(values), 2),
        "rounds": len(values),
    }


@contextmanager
def stopwatch(into: list[float]) -> Iterator[None]:
    """Append the milliseconds that the block took."""
    began = time.perf_counter()
    yield
    into.append((time.perf_counter() - began) * 1000)


# -- data files --------------------------------------------------------------------------------------------------------


FOLDER = "BLOODBANK_BENCH_DIR"
"""The variable that names where data files are kept; __main__ sets it to a temporary folder unless it is given."""


def bench_folder() -> Path:
    """Return where prepared data files are kept for all groups of a run."""
    folder = Path(os.environ[FOLDER])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _version() -> str:
    """Name schema and generator, so that a file of yesterday's schema is not measured today."""
    sources = [Path(module.__file__ or "").read_bytes() for module in (generate, generate_chain, papers)]
    return hashlib.sha256(b"".join([*(s.encode() for s in statements()), *sources])).hexdigest()[:12]


def prepared(*, records: int = 0, stock: int = 0, sent: bool = True) -> Path:
    """Return the folder of a profile with that many records, made once; not to be written to."""
    return _once(
        f"{records}-{stock}{'' if sent else '-waiting'}",
        lambda folder: generate.generate(folder, records=records, stock=stock, sent=sent),
    )


def prepared_mix(records: int) -> Path:
    """Return the folder of a profile with that many records of all modules, made once; not to be written to."""
    return _once(f"mix-{records}", lambda folder: generate_chain.generate(folder, records))


def _once(what: str, make: Callable[[Path], None]) -> Path:
    name = f"{what}-{_version()}"
    folder = bench_folder() / name
    if not folder.exists():
        # Under another name until it is whole: a run that was broken off must not leave half a file for the next.
        with tempfile.TemporaryDirectory(dir=bench_folder()) as part:
            make(Path(part) / name)
            (Path(part) / name).rename(folder)
    return folder


@contextmanager
def copied(source: Path) -> Iterator[Path]:
    """Give a copy of a prepared profile that may be written to."""
    with tempfile.TemporaryDirectory(dir=bench_folder(), ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "profile"
        shutil.copytree(source, target)
        yield target
