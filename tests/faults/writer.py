"""A workstation that saves without a pause until it is killed: `python -m tests.faults.writer FOLDER`.

Each line "go N" on stdin starts a writer of its own with the number N, which says "born PID", then one JSON line for
every act after the act has returned, that is, after the program would have said "已保存". The writers are forks of this
process, which has everything imported already and says "dead PID" when one is gone. With the word "alone" behind FOLDER,
for systems that cannot fork, this process becomes the writer itself.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from pathlib import Path
from typing import Any

from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.records.ids import new_id
from tests.samples import request_values, stock_in_values
from tests.support import FakeClock, seat

#: Seeds of the records of one writer; no two writers share one.
ACTS = 50


def say(**told: Any) -> None:
    """Write one line at once and whole."""
    os.write(1, (json.dumps(told) + "\n").encode())


def delivery(seed: int) -> dict[str, Any]:
    """Return the values of the delivery with this seed."""
    return stock_in_values(1 + seed % 3, seed)


def writer_of(seed: int) -> str:
    """Return the name of the person who saves the record with this seed."""
    return f"训练{seed // ACTS}"


def write(folder: Path, number: int) -> None:
    """Save, acknowledge, and begin again."""
    chance = random.Random(number)
    profile = open_profile(folder, training=True, clock=FakeClock())
    desk = profile.desk
    seat(profile, writer_of(number * ACTS))
    requests: list[tuple[str, int, int]] = []
    for seed in range(number * ACTS, (number + 1) * ACTS):
        act = chance.choice(("delivery", "draft", "open draft", "request", "amend", "delete"))
        if act == "delivery":
            saved = desk.register("stock_in", delivery(seed))
            say(kind="stock_in", id=saved.record_id, seed=seed, dseq=saved.dseq, revision=1)
        elif act in ("draft", "open draft"):
            whole, draft = delivery(seed), new_id()
            head = {key: value for key, value in whole.items() if key != "bags"}
            desk.drafts.keep("stock_in", draft, head, {"remark": "未完"})
            for index, bag in enumerate(whole["bags"]):
                line = f"{draft}-{index}"
                desk.drafts.keep_line("stock_in", draft, "bags", line, bag)
                say(draft=draft, line=line, bag=bag["donation_number"])
            if act == "draft":
                saved = desk.register("stock_in", whole, draft=draft)
                say(kind="stock_in", id=saved.record_id, seed=seed, dseq=saved.dseq, revision=1)
        elif act == "request" or not requests:
            saved = desk.register("transfusion_request", request_values(seed))
            requests.append((saved.record_id, seed, 1))
            say(kind="transfusion_request", id=saved.record_id, seed=seed, dseq=saved.dseq, revision=1)
        elif act == "amend":
            record_id, seed_of, revision = requests.pop()
            values = request_values(seed_of, remark=f"第 {revision} 次修改")
            saved = desk.amend("transfusion_request", record_id, values, revision=revision)
            requests.append((record_id, seed_of, saved.revision))
            say(kind="transfusion_request", id=record_id, seed=seed_of, dseq=saved.dseq, revision=saved.revision)
        else:
            record_id, seed_of, _ = requests.pop()
            saved = desk.delete("transfusion_request", record_id)
            say(
                kind="transfusion_request", id=record_id, seed=seed_of, dseq=saved.dseq, revision=saved.revision, gone=1
            )
    # Nobody killed it: it waits with open connections, as an idle window does.
    threading.Event().wait()


def _nursery(folder: Path) -> None:
    """Fork a writer for each line; a fork that is gone is reported after everything that it said."""
    import signal

    def gone(*_: object) -> None:
        while True:
            try:
                pid, _status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            say(dead=pid)

    signal.signal(signal.SIGCHLD, gone)
    for line in iter(sys.stdin.readline, ""):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            say(born=os.getpid(), number=int(line.split()[1]))
            write(folder, int(line.split()[1]))
            os._exit(0)


def main(folder: Path, *, alone: bool) -> None:
    """Say that everything is imported, and write on command."""
    say(ready=os.getpid())
    if not alone:
        _nursery(folder)
    elif order := sys.stdin.readline():
        number = int(order.split()[1])
        say(born=os.getpid(), number=number)
        write(folder, number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), alone="alone" in sys.argv[2:])
