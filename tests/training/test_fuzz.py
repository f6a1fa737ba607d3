"""The running server is fuzzed against its published contract, by a tool that knows neither of us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from bloodbank_desktop.paths import resource
from bloodbank_desktop.training import contract
from bloodbank_desktop.training.acts import perform
from bloodbank_desktop.training.application import TOKEN
from bloodbank_desktop.training.server import TrainingServer

ROOT = Path(__file__).parents[2]
CONFIG = Path(__file__).with_name("fuzz.toml")


def test_the_server_keeps_its_contract_under_fuzz(tmp_path: Path) -> None:
    """Whatever is sent, valid or not, status, headers and body of the answer are those that the contract documents."""
    counts = tmp_path / "counts"
    with TrainingServer(tmp_path / "platform.db") as server:
        # So that the feed that is read holds records and answers of the other side, too.
        for what in ("plan-allocate", "plan-take-back", "plan-allocate"):
            perform(server.platform, what)
        found = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(CONFIG)),
                *(
                    "run",
                    str(resource(*contract.FILE)),
                    "--url",
                    server.url,
                    "--header",
                    f"Authorization: Bearer {TOKEN}",
                ),
                # The seed stands still, so that a failure means a change of ours; change it to search further.
                *("--checks", "all", "--max-examples", "60", "--seed", "20261123", "--generation-deterministic"),
                "--continue-on-failure",
            ],
            # The tool keeps notes where it runs.
            cwd=tmp_path,
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "tests.training.fuzz_hooks",
                "PYTHONPATH": str(ROOT),
                "PYTHONIOENCODING": "utf-8",
                "FUZZ_COUNTS": str(counts),
            },
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    seen = Counter(counts.read_text(encoding="utf-8").split())
    # A fuzz that only met the door would prove nothing about the house.
    for word in (
        "200",
        "201",
        "400",
        "401",
        "404",
        "405",
        "applied",
        "duplicate",
        "conflict",
        "rejected",
        "waiting",
        "stored",
        "given",
    ):
        assert seen[word], f"the fuzz never saw {word}: {seen}"
    assert not [word for word in seen if word.startswith("5")]
