"""What a person and a script can see of the network lane; plain data, so that window and command line say the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Phase(StrEnum):
    """What the lane does now. STOPPED waits for a person, WAITING only for time."""

    UNSET = "unset"
    CONNECTING = "connecting"
    SENDING = "sending"
    RECEIVING = "receiving"
    IDLE = "idle"
    WAITING = "waiting"
    STOPPED = "stopped"


class Nudge(StrEnum):
    """Why somebody wants the lane to act now."""

    SAVED = "saved"
    MANUAL = "manual"
    NETWORK = "network"


WORDS = {
    Phase.UNSET: "未设置平台地址，记录都保存在本机",
    Phase.CONNECTING: "正在连接平台…",
    Phase.SENDING: "正在上传…",
    Phase.RECEIVING: "正在接收平台数据…",
    Phase.IDLE: "已连接平台",
}
BUG_WORDS = "同步时程序出错，稍后自动重试；如反复出现请联系信息科"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """The lane at one moment.

    `online` is None before the first answer; `sentence` is Chinese for the status area; `code` the stable slug of the
    trouble, "" for none; `last_success` the last time when nothing was left to send or to read; `next_try` when the
    lane acts again by itself after trouble; `clock_offset_ms` the clock of the platform minus ours.
    """

    online: bool | None = None
    phase: Phase = Phase.UNSET
    sentence: str = WORDS[Phase.UNSET]
    code: str = ""
    last_success: datetime | None = None
    next_try: datetime | None = None
    clock_offset_ms: int = 0


@dataclass(slots=True)
class SyncReport:
    """What one run of `sync --once` did.

    `sent` counts operations that got an answer, by kind in the fields after it (`accepted` = applied or already
    there); `pulled` counts changes read, `fetched` files. `finished` only when this run itself reached the end of queue and feed.
    """

    sent: int = 0
    accepted: int = 0
    rejected: int = 0
    conflict: int = 0
    waiting: int = 0
    pulled: int = 0
    fetched: int = 0
    finished: bool = False
    error: str = ""
    code: str = ""

    @property
    def success(self) -> bool:
        """Whether this run finished; answers such as "rejected" are no failure of the run."""
        return self.finished and not self.error

    def count(self, statuses: Counter[str]) -> None:
        """Add the outcomes of one batch."""
        self.sent += statuses.total()
        self.accepted += statuses["applied"] + statuses["duplicate"]
        self.rejected += statuses["rejected"]
        self.conflict += statuses["conflict"]
        self.waiting += statuses["waiting"] + statuses["retry"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds and numbers that set the pace; tests make them small.

    `pull_every` between two readings of the feed; `offline_cap` longest pause between two probes while there is no
    way to the platform, so that sending starts well within 30 s of the network's return; `cap` the same for other
    failures; `stopped_retry` between two tries when a person has to act; `manual_gap` between two immediate probes;
    `passes` batches or pages in a row before the other lane has its turn; `patience` failures in a row and
    `longest_pause` for one of them that a single run (`sync --once`) bears.
    """

    pull_every: float = 30.0
    offline_cap: float = 20.0
    cap: float = 300.0
    stalled_cap: float = 30.0
    stopped_retry: float = 300.0
    database_retry: float = 30.0
    manual_gap: float = 10.0
    least_pause: float = 0.2
    behind: float = 5.0
    passes: int = 20
    patience: int = 5
    longest_pause: float = 20.0
    lone_waits: tuple[float, ...] = field(default=(5.0, 30.0, 120.0, 600.0))
