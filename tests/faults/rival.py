"""One of two workstations on one file: `python -m tests.faults.rival FOLDER NAME`.

Says {"ready"} when the file is open. Each line of stdin is one act as JSON – {"act": "register", "kind", "seed"}, or
"issue" with "bag" and "patient", or "amend" with "id", "revision" and "seed" – done at once and answered with {"saved"}
or {"code", "message"}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.desk import Desk
from bloodbank_desktop.operations.opening import open_profile
from tests.samples import bag_values, group_of, issue_values, request_values, stock_in_values
from tests.support import FakeClock, seat


def say(**told: Any) -> None:
    """Write one line at once."""
    print(json.dumps(told), flush=True)


def do(desk: Desk, act: dict[str, Any]) -> None:
    """Do one act and say how it ended."""
    try:
        if act["act"] == "register":
            # The delivery is each rival's own; the bag in it is the same.
            values = stock_in_values(1, act["own"], bags=(bag_values(act["own"]), bag_values(act["bag"])))
            saved = desk.register("stock_in", values)
        elif act["act"] == "issue":
            bag = bag_values(act["bag"], group=group_of(act["patient"]))
            values = issue_values(
                seed=act["patient"], bags=[bag], checker=None, issue_no=f"FX{act['patient']}-{act['bag']}"
            )
            saved = desk.register("clinical_issue", values)
        else:
            values = request_values(act["seed"], diagnosis=desk.operator)
            saved = desk.amend("transfusion_request", act["id"], values, revision=act["revision"])
    except KnownProblem as problem:
        codes = [one.code for one in getattr(problem, "problems", ())] or [problem.code]
        say(codes=codes, message=problem.message)
    else:
        say(saved=saved.record_id)


def main(folder: Path, name: str) -> None:
    """Open the file, then act on command."""
    profile = open_profile(folder, training=True, clock=FakeClock())
    seat(profile, name)
    say(ready=name)
    for line in sys.stdin:
        do(profile.desk, json.loads(line))
    profile.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
