"""Evidence is as durable as the record that names it: after SIGKILL at the moment of "已保存" both are there, whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bloodbank_desktop.storage import verify
from tests.support import FOLDER, open_store

ROOT = Path(__file__).parents[2]
SIZE = 1024 * 1024
#: Says each act after it has returned, and goes on until it is killed.
WRITER = """
import json, os, sys
from pathlib import Path
from bloodbank_desktop.operations.opening import open_profile
from tests import papers
from tests.support import FakeClock
desk = open_profile(Path(sys.argv[1]), training=True, clock=FakeClock()).desk
for seed in range(int(sys.argv[2]), 10**6):
    named = desk.add_file(papers.content(seed, size=%d), f"{seed}.pdf")
    whole = papers.review(seed, named)
    desk.drafts.keep_line("entitlement_review", f"d{seed}", "evidence", f"l{seed}", whole["evidence"][0])
    os.write(1, (json.dumps({"draft": named}) + "\\n").encode())
    named = desk.add_file(papers.content(-1 - seed, size=%d), f"-{seed}.pdf")
    saved = desk.register("entitlement_review", papers.review(seed, named))
    os.write(1, (json.dumps({"id": saved.record_id, "file": named}) + "\\n").encode())
"""


def test_what_was_said_to_be_saved_is_there_with_its_files(tmp_path: Path) -> None:
    """Killed after one, two and three acknowledgements: each named file is read back and the check of the file is clean."""
    open_store(tmp_path).close()
    said: list[dict[str, Any]] = []
    for round_, wanted in enumerate((1, 2, 3)):
        code = WRITER % (SIZE, SIZE)
        command = [sys.executable, "-c", code, str(tmp_path / FOLDER), str(100 * round_)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as writer:
            assert writer.stdout is not None
            said += [json.loads(writer.stdout.readline()) for _ in range(wanted)]
            writer.kill()
    profile = open_store(tmp_path)
    try:
        for one in said:
            named = one.get("draft") or one["file"]
            assert len(profile.desk.read_file(named["sha256"])) == int(named["size"])
            if "id" in one:
                shown = profile.desk.view("entitlement_review", str(one["id"]))
                assert shown.values["evidence"][0]["files"] == (named,)
        assert verify.problems(profile.store) == []
    finally:
        profile.close()
