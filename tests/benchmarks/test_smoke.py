"""The benchmarks run: cheap ones, with sizes that say nothing about speed, so that they cannot rot unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.__main__ import GROUPS
from tests.benchmarks.measure import BARS, Result, percentile

#: The others open windows or start the program; they are run by `packaging/dev.py bench`.
CHEAP = ("saving", "uploading")


def test_every_bar_belongs_to_one_group() -> None:
    """What is measured and what is promised are the same."""
    assert sorted(key for keys in GROUPS.values() for key in keys) == sorted(BARS)


@pytest.mark.parametrize(("value", "ok"), [(0.59, False), (0.6, True), (1.2, True)])
def test_a_ratio_that_must_be_reached(value: float, ok: bool) -> None:
    """Throughput is better when it is higher; everything else when it is lower."""
    assert Result("upload_vs_raw", value).as_json()["ok"] is ok
    assert Result("save_vs_raw_sql", 2.99).as_json()["ok"]
    assert not Result("save_vs_raw_sql", 3.01).as_json()["ok"]


def test_the_99th_percentile_is_a_measured_value() -> None:
    """Of a hundred values it is the second largest."""
    assert percentile([float(n) for n in range(1, 101)], 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0


@pytest.mark.parametrize("group", CHEAP)
def test_a_group_reports_what_it_promises(group: str, tmp_path: Path) -> None:
    """A run writes value, bar, verdict, baseline and detail of each of its keys."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "tests.benchmarks", "--tiny", "--json", str(report), group]
    environment = {**os.environ, "BLOODBANK_BENCH_DIR": str(tmp_path / "files")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode in (0, 1), ended.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert set(found) == set(GROUPS[group])
    for key, one in found.items():
        assert set(one) == {"value", "bar", "ok", "baseline", "detail"}
        assert one["value"] > 0
        assert one["baseline"] > 0
        assert one["bar"] == BARS[key].limit
    assert (ended.returncode == 0) is all(one["ok"] for one in found.values())
