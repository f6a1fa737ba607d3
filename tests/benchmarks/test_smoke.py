"""The benchmarks run, with sizes that say nothing about speed, so that they cannot rot unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks import measure
from tests.benchmarks.__main__ import GROUPS, main
from tests.benchmarks.measure import BARS, FOLDER, Bar, Result, percentile

ROOT = Path(__file__).resolve().parent.parent.parent


def _run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != FOLDER} | variables
    command = [sys.executable, "-m", "tests.benchmarks", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=110, check=False
    )


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


def test_percentiles_stand_on_enough_samples() -> None:
    """A 99th percentile of less than three hundred values would be a matter of luck."""
    assert measure.Sizes().scanned * 4 >= 300
    assert measure.Sizes().saves >= 300


def test_all_of_them_run_and_leave_nothing_behind(tmp_path: Path) -> None:
    """One run measures every key, writes value, bar, verdict, baseline and detail of each, and takes its files away."""
    report = tmp_path / "report.json"
    places = {"TMPDIR": str(tmp_path / "temp"), "TEMP": str(tmp_path / "temp"), "TMP": str(tmp_path / "temp")}
    (tmp_path / "temp").mkdir()
    ended = _run("--tiny", "--json", str(report), **places)
    assert ended.returncode in (0, 1), ended.stderr
    found = json.loads(report.read_text(encoding="utf-8"))
    assert set(found) == set(BARS)
    for key, one in found.items():
        assert set(one) == {"value", "bar", "ok", "baseline", "detail"}, key
        assert "error" not in one["detail"], ended.stderr
        assert one["value"] is not None and one["bar"] == BARS[key].limit
        assert key == "scan_p99_ms" or one["baseline"] is not None, key
        assert one["ok"] is BARS[key].holds(one["value"])
        assert key in ended.stdout
    assert (ended.returncode == 0) is all(one["ok"] for one in found.values())
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.mark.parametrize(("bar", "code"), [(Bar(1_000_000, least=True), 1), (Bar(0, least=True), 0)])
def test_a_missed_bar_is_told_by_the_exit_code(
    bar: Bar, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs the benchmarks in a build is told: 1 when a bar is missed, 0 when all are met."""
    monkeypatch.setitem(BARS, "upload_vs_raw", bar)
    monkeypatch.setenv(FOLDER, str(tmp_path / "files"))
    report = tmp_path / "report.json"
    assert main(["--here", "--tiny", "--json", str(report), "upload_vs_raw"]) == code
    assert json.loads(report.read_text(encoding="utf-8"))["upload_vs_raw"]["ok"] is (code == 0)


def test_what_breaks_off_has_missed_its_bars(tmp_path: Path) -> None:
    """A group that cannot measure does not make the run look better: its keys stand in the report, without a value."""
    report = tmp_path / "report.json"
    (tmp_path / "files").write_text("where a folder should be", encoding="utf-8")
    ended = _run("--tiny", "--json", str(report), "saving", **{FOLDER: str(tmp_path / "files")})
    assert ended.returncode == 1
    found = json.loads(report.read_text(encoding="utf-8"))
    assert set(found) == set(GROUPS["saving"])
    assert all(one["value"] is None and not one["ok"] and "error" in one["detail"] for one in found.values())


def test_an_unknown_name_is_a_wrong_call() -> None:
    """A misspelt key measures nothing and says so."""
    assert _run("scan_p99").returncode == 2
