"""As a process the platform says where it listens, and ends when it is told or when its parent is gone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.training.kit import Device, common_headers, delivery, statuses

PROGRAM = (
    "import sys, pathlib; from bloodbank_desktop.training.server import serve; "
    "serve(0, pathlib.Path(sys.argv[1]), while_stdin=sys.argv[2] == 'while')"
)


def _start(file: Path, way: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(file), way],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert said["pid"] == process.pid
    assert said["url"].endswith(str(said["port"]))
    return process, said["url"]


def test_it_ends_with_its_standard_input(tmp_path: Path) -> None:
    """With while_stdin the closed pipe of a dead parent ends the process in order, and what was committed stays."""
    device = Device()
    op = device.operation("stock_in", delivery())
    process, url = _start(tmp_path / "new" / "platform.db", "while")
    assert statuses(device.post(url, op).json()["results"]) == ["applied"]
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, "")
    process, url = _start(tmp_path / "new" / "platform.db", "while")
    assert statuses(device.post(url, op).json()["results"]) == ["duplicate"]
    process.communicate(timeout=30)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM; there the closed pipe ends the process")
@pytest.mark.parametrize("way", ["while", "alone"])
def test_it_ends_at_sigterm(tmp_path: Path, way: str) -> None:
    """SIGTERM ends the process in order, also while a thread waits at standard input."""
    process, url = _start(tmp_path / "platform.db", way)
    assert requests.get(f"{url}/v1/hello", headers=common_headers(), timeout=30).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    _, said = process.communicate()
    assert said == ""


@pytest.mark.skipif(sys.platform == "win32", reason="the closed pipe is the way on Windows")
def test_a_closed_standard_input_means_nothing_by_itself(tmp_path: Path) -> None:
    """Without while_stdin the end of standard input does not end the process."""
    process, url = _start(tmp_path / "platform.db", "alone")
    assert process.stdin is not None
    process.stdin.close()
    process.stdin = None
    assert requests.get(f"{url}/v1/hello", headers=common_headers(), timeout=30).status_code == 200
    process.terminate()
    process.communicate(timeout=30)
