"""The tour plays the main job by itself in a real window, takes pictures and writes what happened into tour.json.

It plays in processes, as life does: in the first one twelve bags are scanned with the network cut, five faulty labels
among them, and then the process is killed; the second one finds the delivery where it stood, registers it, and the
network comes back while the window is open. A third one visits every module afterwards. What is written down is read
from the window, from the data file and from the platform's own file, never from the tour's intentions; a step that does
not come true ends it with a no.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from bloodbank_desktop import settings
from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.tour.labels import BAGS
from bloodbank_desktop.wiring import TRAINING_FILE, TrainingPlatform, own_command

ACTS = ("scan", "register", "modules")
SCALES = (1.0, 2.0)
#: Seconds; an act that has not ended by then hangs.
_LONGEST_ACT = 240.0
_CUE = "network comes back"


def run(folder: Path, *, scale: float = 1.0, dark: bool = False, act: str = "") -> int:
    """Play the tour into `folder`, which is made; what an earlier tour left there is removed.

    `scale` enlarges the whole window, 1 to 2. With `act`, which only the tour itself says, one act is played in this
    process. Returns the exit code. Raises KnownProblem for a folder or scale that cannot be used.
    """
    if act:
        return _play(act, folder)
    if not SCALES[0] <= scale <= SCALES[1]:
        raise KnownProblem("缩放比例须在 1 到 2 之间，例如 --scale 1.5", code="tour-scale")
    try:
        _clear(folder)
    except OSError as problem:
        raise KnownProblem(
            f"文件夹 {folder} 不能使用（{problem.strerror or problem}），请换一个能写入的文件夹", code="tour-folder"
        ) from problem
    director = Director(folder, scale=scale, dark=dark)
    try:
        director.direct()
    finally:
        director.write()
    return 0


def _play(act: str, folder: Path) -> int:
    from bloodbank_desktop.tour.acts import play

    def say(event: dict[str, Any]) -> None:
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    name, _, url = act.partition("@")
    play(name, folder, url, say)
    return 0


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "data").exists():
        shutil.rmtree(folder / "data")
    for old in [*folder.glob("[0-9]*-*.png"), *folder.glob("tour.json")]:
        old.unlink()


class Director:
    """Starts the acts, pulls the plug, brings the network back, and counts at the end."""

    def __init__(self, folder: Path, *, scale: float, dark: bool) -> None:
        self.folder = folder
        self.scale = scale
        self.dark = dark
        self.data = profile_dir(folder / "data", training=True)
        self.platform_file = self.data / TRAINING_FILE
        self.steps: list[dict[str, Any]] = []
        self.pictures: list[str] = []
        self.counts: dict[str, Any] = {}
        #: By module: rows in its list at the end of the visit, and how many pictures were taken there.
        self.modules: dict[str, dict[str, Any]] = {}
        self.ok = False
        self._began = time.monotonic()

    def direct(self) -> None:
        """Play everything. Raises KnownProblem when something did not come true."""
        theme = "dark" if self.dark else "light"
        settings.save(self.data, replace(settings.load(self.data), hospital_name="训练医院", theme=theme))
        port = _free_port()
        with ExitStack() as ending:
            self._act(ACTS[0], "", ending)
            url = f"http://127.0.0.1:{port}"
            self._act(ACTS[1], url, ending)
            self._judge()
            self._act(ACTS[2], url, ending)
        missed = [key for key in (*all_records(), "stock") if key not in self.modules]
        if missed:
            raise KnownProblem(f"演示走完了，但没有到过这些模块：{'、'.join(missed)}", code="tour-modules")
        self.ok = True

    def _judge(self) -> None:
        """Count what the main job left behind, before anything else is registered. Raises KnownProblem."""
        self.counts = self._count()
        wanted = {
            "scanned": BAGS,
            "acknowledged": BAGS,
            "faulty_refused": 5,
            "restored_after_crash": BAGS,
            "registered": 2,
            "uploaded": 2,
            "on_platform": 2,
            "on_platform_twice": 0,
            "bags_on_platform": BAGS,
        }
        wrong = {key: self.counts.get(key) for key, count in wanted.items() if self.counts.get(key) != count}
        if wrong:
            raise KnownProblem(f"演示走完了，但数目不对：{wrong}，应为 {wanted}", code="tour-counts")

    def _act(self, act: str, url: str, ending: ExitStack) -> None:
        from bloodbank_desktop.tour.acts import CRASH
        from bloodbank_desktop.tour.modules import VISITED

        environment = {**os.environ, "QT_SCALE_FACTOR": f"{self.scale:g}", "PYTHONUTF8": "1"}
        command = [*own_command(), "tour", str(self.folder), "--act", f"{act}@{url}"]
        ended = crashed = False
        with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=environment) as process:
            watchdog = threading.Timer(_LONGEST_ACT, process.kill)
            watchdog.daemon = True
            watchdog.start()
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    event = json.loads(line)
                    if "picture" in event:
                        self.pictures.append(event["picture"])
                        continue
                    seconds = round(time.monotonic() - self._began, 1)
                    self.steps.append({"step": len(self.steps) + 1, "seconds": seconds, **event})
                    if event["what"] == VISITED:
                        self.modules[event["module"]] = {key: event[key] for key in ("label", "rows", "pictures")}
                    if event["what"] == CRASH:
                        crashed = True
                        process.kill()
                    elif event["what"] == _CUE:
                        port = int(url.rpartition(":")[2])
                        ending.enter_context(TrainingPlatform(self.platform_file, port))
                ended = process.wait() == 0
            finally:
                watchdog.cancel()
                process.kill()
        if not (ended or crashed):
            raise KnownProblem(f"演示没有走完：第 {len(self.steps)} 步之后停止，原因见上", code="tour")

    # -- what is true at the end --------------------------------------------------------------------------------------

    def _count(self) -> dict[str, Any]:
        """Return the numbers of the tour, from the window's words, the data file and the platform's file."""
        from bloodbank_desktop.operations.opening import open_profile
        from bloodbank_desktop.training.feed import Reader
        from bloodbank_desktop.training.ledger import Ledger

        profile = open_profile(self.data, training=True)
        try:
            operations = profile.desk.queue.rows(open_only=False)
        finally:
            profile.close()
        ledger = Ledger(self.platform_file)
        try:
            arrived = Reader(ledger, SystemClock()).changes("", 1000)["changes"]
        finally:
            ledger.close()
        ids = [change["id"] for change in arrived]
        refused = [step for step in self.steps if step["what"] == "faulty label refused"]
        return {
            "scanned": sum(step["what"] == "bag scanned" for step in self.steps),
            "acknowledged": self._fact("delivery kept", "acknowledged"),
            "faulty_refused": len(refused),
            "refusals": {step["fault"]: step["answer"] for step in refused},
            "restored_after_crash": self._fact("reopened where it stood", "restored"),
            "registered": len(operations),
            "uploaded": sum(one.state == "done" for one in operations),
            "on_platform": len(set(ids) & {one.record_id for one in operations}),
            "on_platform_twice": len(ids) - len(set(ids)),
            "bags_on_platform": sum(len((change["body"] or {}).get("bags") or ()) for change in arrived),
        }

    def _fact(self, what: str, key: str) -> Any:
        return next((step[key] for step in self.steps if step["what"] == what), None)

    def write(self) -> None:
        """Write tour.json, whether the tour came to its end or not."""
        whole = {
            "ok": self.ok,
            "scale": self.scale,
            "dark": self.dark,
            "counts": self.counts,
            "modules": self.modules,
            "pictures": self.pictures,
            "steps": self.steps,
        }
        text = json.dumps(whole, ensure_ascii=False, indent=2, default=str) + "\n"
        (self.folder / "tour.json").write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
