"""A process whose files cannot grow: `python -m tests.storage.small_disk FOLDER` saves until that fails, then once more.

It prints the ids that were saved, the code of the problem, and what was saved after the limit was lifted, as JSON.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from pathlib import Path

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import open_profile
from tests.samples import stock_in_values
from tests.support import FakeClock, seat


def main(folder: Path) -> None:
    """Save deliveries until the files may not grow any more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    profile = open_profile(folder, training=True, clock=FakeClock())
    seat(profile)
    saved = [profile.desk.register("stock_in", stock_in_values(5, 0)).record_id]
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = profile.store.path.with_name(profile.store.path.name + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 200_000, hard))
    code = ""
    for seed in range(1, 500):
        try:
            saved.append(profile.desk.register("stock_in", stock_in_values(5, seed)).record_id)
        except KnownProblem as problem:
            code = problem.code
            break
    looked = [profile.desk.view("stock_in", record_id).record_id for record_id in saved]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    after = profile.desk.register("stock_in", stock_in_values(5, 999)).record_id
    profile.close()
    print(json.dumps({"saved": saved, "looked": looked, "code": code, "after": after}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
