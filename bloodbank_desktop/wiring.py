"""Put the network lane together for window and command line: which platform, with which credential, and only once.

Everything here is imported late: a window that is not yet painted needs no HTTP library. The training platform is a
process of its own, so that it can be cut off and killed like a real one; it ends when the pipe to its parent closes,
however the parent died.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.locks import FileLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from bloodbank_desktop.operations.opening import Profile
    from bloodbank_desktop.operations.results import Changes
    from bloodbank_desktop.sync.engine import SyncEngine
    from bloodbank_desktop.sync.status import SyncStatus

TRAINING_FILE = "training-platform.db"
TRAINING_TOKEN = "training"  # not a secret: it opens nothing but the platform of the training mode


def own_command() -> list[str]:
    """Return the command that starts this very program, from a checkout, an installation or a frozen executable."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "bloodbank_desktop"]


class TrainingPlatform:
    """The training platform as a process beside this one; `url` is where it listens."""

    def __init__(self, file: Path, port: int = 0, *, lively: bool = False) -> None:
        """Start it and wait until it listens; `lively`: it answers by itself. Raises KnownProblem if it does not."""
        words = ["training", "serve", "--port", str(port), "--db", str(file), "--while-stdin"]
        words += ["--lively"] if lively else []
        flags = 0
        if sys.platform == "win32":
            # A console window must not flash up beside the program.
            flags = subprocess.CREATE_NO_WINDOW
        self._process = subprocess.Popen(
            [*own_command(), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=flags,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise KnownProblem("训练平台没有启动；记录都保存在本机，可继续练习录入", code="training-platform")
        self.url = str(json.loads(line)["url"])

    def stop(self) -> None:
        """End it; without effect when it has ended."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> TrainingPlatform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class NetworkLane:
    """The network lane of a profile, which no second process may drive at the same time."""

    def __init__(
        self,
        profile: Profile,
        *,
        on_status: Callable[[SyncStatus], None] | None = None,
        on_changes: Callable[[Changes], None] | None = None,
    ) -> None:
        """Take the lane. Raises KnownProblem when another window or command has it."""
        from bloodbank_desktop.sync.engine import SyncEngine

        self._profile = profile
        self._own: TrainingPlatform | None = None
        self._lock = FileLock(profile.folder / "sync.lock")
        try:
            ours = self._lock.acquire()
        except OSError as problem:
            raise KnownProblem(
                f"资料文件夹 {profile.folder} 不能写入（{problem.strerror or problem}），没有同步；请检查磁盘空间和权限",
                code="data-folder",
            ) from problem
        if not ours:
            raise KnownProblem("本机的另一个窗口或命令正在同步，请等它结束", code="sync-busy")
        self._on_status = on_status
        self._noted: str | None = None
        self.engine: SyncEngine = SyncEngine(
            profile.dispatch, profile.arrivals, profile.desk.clock, on_status=self._heard, on_changes=on_changes
        )

    def _heard(self, status: SyncStatus) -> None:
        """Hand the status on, and note why nothing travels, for whoever looks at the queue without this lane."""
        if self._on_status is not None:
            self._on_status(status)
        # Without a code only an answer of the platform says that the trouble is over.
        sentence = status.sentence if status.code else "" if status.online else self._noted
        if sentence is not None and sentence != self._noted:
            self._profile.dispatch.note_trouble(sentence)
            self._noted = sentence

    def connect(self, url: str = "", *, lively: bool = False) -> None:
        """Use the platform at `url`, else the one of the settings, else in training one of our own, `lively` or not.

        Raises KnownProblem for an address that must not be used or a training platform that does not start.
        """
        from bloodbank_desktop.sync.http_platform import HttpPlatform

        address = url or self._profile.settings.platform_url
        if not address and self._profile.training:
            self._own = TrainingPlatform(self._profile.folder / TRAINING_FILE, lively=lively)
            address = self._own.url
        if address:
            dispatch = self._profile.dispatch
            token = TRAINING_TOKEN if self._profile.training else self._profile.platform_token()
            self.engine.configure(HttpPlatform(address, token, dispatch.identity, self._profile.desk.clock))

    def close(self) -> None:
        """Stop the lane, and the training platform if it is ours."""
        self.engine.stop()
        if self._own is not None:
            self._own.stop()
            self._own = None
        self._lock.release()
