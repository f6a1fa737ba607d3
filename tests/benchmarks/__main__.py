"""`python -m tests.benchmarks [--json FILE] [names…]`: measure and compare with the bars; exit 1 when one is missed.

Each group runs in a process of its own, so that none inherits the memory and caches of another. Their data files are
made once per run in a temporary folder that ends with the run; BLOODBANK_BENCH_DIR names a folder that stays.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import BARS, FOLDER, TINY, Sizes, broken_off

GROUPS = {
    "scanning": ("scan_p99_ms",),
    "saving": ("save_p99_ms", "save_vs_raw_sql"),
    "starting": ("start_vs_bare_qt",),
    "uploading": ("upload_vs_raw",),
    "exchanging": ("import_vs_calamine", "export_vs_openpyxl"),
    "lists": ("list_open_ms_1m", "list_sort_ms_1m", "list_search_ms_1m", "list_scroll_ms_1m", "rss_mb_1m"),
    "tracing": ("trace_ms_1m", "stock_ms_1m"),
    "ruling": ("rules_ms",),
}
"""The modules beside this one, and what each measures."""

Report = dict[str, dict[str, Any]]


def run_group(name: str, sizes: Sizes) -> Report:
    """Measure one group in this process."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    return {result.key: result.as_json() for result in module.measure(sizes)}


def _run_apart(name: str, *, tiny: bool) -> Report:
    """Measure one group in a process of its own. What breaks off has missed its bars and does not stop the others."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "tests.benchmarks", "--json", str(report), "--here", name]
        code = subprocess.run([*command, *(["--tiny"] if tiny else [])], check=False).returncode
        if report.exists():
            found: Report = json.loads(report.read_text(encoding="utf-8"))
            return found
    return {key: broken_off(key, f"{name} broke off with exit code {code}") for key in GROUPS[name]}


@contextmanager
def _data_files() -> Iterator[None]:
    """Have a folder for data files that ends with the run, unless the caller gave one that stays."""
    if os.environ.get(FOLDER):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="bloodbank-benchmarks-", ignore_cleanup_errors=True) as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def _groups(names: Sequence[str]) -> list[str]:
    return [group for group, keys in GROUPS.items() if not names or group in names or set(keys) & set(names)]


def lines(key: str, one: dict[str, Any]) -> Iterator[str]:
    """Yield the words for one result."""
    baseline = "" if one["baseline"] is None else f"  baseline {one['baseline']:g}"
    value = "      -- " if one["value"] is None else f"{one['value']:9.2f}"
    yield f"{'ok  ' if one['ok'] else 'MISS'}  {key:<20} {value}  bar {BARS[key]!s:<7}{baseline}"
    for name, detail in one["detail"].items():
        yield f"          {name}: {json.dumps(detail, ensure_ascii=False)}"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"groups ({', '.join(GROUPS)}) or keys; without any, all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there as well")
    parser.add_argument("--tiny", action="store_true", help="only to see that they run; the numbers mean nothing")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in GROUPS and name not in BARS]:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join([*GROUPS, *BARS])}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return 0 when every bar is met, 1 when one is missed."""
    options = _parsed(arguments)
    report: Report = {}
    if not options.here:
        # Milliseconds of a busy machine say little; the ratios, taken in turns, say more.
        load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
        machine = f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} processors{load}"
        print(machine, flush=True)
    with _data_files():
        for name in _groups(options.names):
            if options.here:
                found = run_group(name, TINY if options.tiny else Sizes())
            else:
                found = _run_apart(name, tiny=options.tiny)
                for key, one in found.items():
                    print(*lines(key, one), sep="\n", flush=True)
            report |= found
            if options.json:
                # After every group: what was measured is not lost when the next one is interrupted.
                text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
                options.json.write_text(text, encoding="utf-8")
    return 0 if all(one["ok"] for one in report.values()) else 1


if __name__ == "__main__":
    # A stopped build job sends SIGTERM; as an exception it lets the folder of the data files end with us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
