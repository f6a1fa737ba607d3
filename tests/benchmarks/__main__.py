"""`python -m tests.benchmarks [--json FILE] [names…]`: measure and compare with the bars; exit 1 when one is missed."""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import BARS, TINY, Sizes

GROUPS = {
    "scanning": ("scan_p99_ms",),
    "saving": ("save_p99_ms", "save_vs_raw_sql"),
    "starting": ("start_vs_bare_qt",),
    "lists": ("list_open_ms_1m", "list_sort_ms_1m", "list_search_ms_1m", "list_scroll_ms_1m", "rss_mb_1m"),
    "uploading": ("upload_vs_raw",),
}
"""The modules beside this one, and what each measures."""


def run_group(name: str, sizes: Sizes) -> dict[str, dict[str, Any]]:
    """Measure one group in this process."""
    module = importlib.import_module(f"tests.benchmarks.{name}")
    return {result.key: result.as_json() for result in module.measure(sizes)}


def _run_apart(name: str, *, tiny: bool) -> dict[str, dict[str, Any]]:
    """Measure one group in a process of its own, so that none inherits the memory and caches of another."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "tests.benchmarks", "--json", str(report), "--quiet", name]
        code = subprocess.run([*command, *(["--tiny"] if tiny else [])], check=False).returncode
        if not report.exists():
            raise SystemExit(f"the benchmarks of {name} broke off with exit code {code}")
        found: dict[str, dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))
        return found


def _groups(names: Sequence[str]) -> list[str]:
    unknown = [name for name in names if name not in GROUPS and name not in BARS]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; known: {', '.join([*GROUPS, *BARS])}")
    return [group for group, keys in GROUPS.items() if not names or group in names or set(keys) & set(names)]


def lines(key: str, one: dict[str, Any]) -> Iterator[str]:
    """Yield the words for one result."""
    baseline = "" if one["baseline"] is None else f"  baseline {one['baseline']:g}"
    yield f"{'ok  ' if one['ok'] else 'MISS'}  {key:<20} {one['value']:>9.2f}  bar {BARS[key]!s:<7}{baseline}"
    for name, value in one["detail"].items():
        yield f"          {name}: {json.dumps(value, ensure_ascii=False)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return 0 when every bar is met."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"groups ({', '.join(GROUPS)}) or keys; without any, all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report there as well")
    parser.add_argument("--tiny", action="store_true", help="only to see that they run; the numbers mean nothing")
    parser.add_argument("--quiet", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    groups = _groups(options.names)
    report: dict[str, dict[str, Any]] = {}
    for name in groups:
        apart = len(groups) > 1
        found = _run_apart(name, tiny=options.tiny) if apart else run_group(name, TINY if options.tiny else Sizes())
        report |= found
        for key, one in found.items():
            if not options.quiet:
                print(*lines(key, one), sep="\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0 if all(one["ok"] for one in report.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
