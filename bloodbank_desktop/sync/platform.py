"""The seam to the city platform: what the network lane asks of a platform, and every way in which it may not answer.

Everything above this file speaks only of `Platform`. `http_platform.HttpPlatform` speaks the contract of
`resources/platform`. The city's own interface will be plugged in as a second class with these methods, or as a thin
gateway in front of it that speaks our contract; either way uploader, downloader and engine stay as they are. Such a
class must keep four promises, or "sent once" is no longer true: keys are unique for ever, versions are given by the
platform, the feed of changes is in commit order, and a restore of the platform changes its epoch.

The danger is to take a stranger for the platform. A hospital gateway that answers 200 with its own sign-in page must
never settle a record; so every doubtful reply is an exception here, and an exception never moves a record forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.arrivals import ServerChange
from bloodbank_desktop.operations.dispatch import Batch, Outcome

PROTOCOL = 1
"""The version of the contract that this client speaks."""

STATUSES = frozenset({"applied", "duplicate", "conflict", "rejected", "waiting", "retry"})
FINAL = frozenset({"applied", "duplicate", "conflict", "rejected"})
"""Outcomes after which an operation is never sent again by itself."""


# --- what a platform does not do ------------------------------------------------------------------------------------


class PlatformProblem(KnownProblem):
    """The platform did not do what was asked; whether it did it all the same is unknown unless a subclass says so.

    `message` is the Chinese sentence for the status area; `detail` is English, for the log, and never holds a body.
    """

    words: ClassVar[str] = "与平台的通信出现问题，稍后自动重试"
    slug: ClassVar[str] = "platform"

    def __init__(self, detail: str = "") -> None:
        super().__init__(self.words, code=self.slug)
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}" if self.detail else self.code


class Transport(PlatformProblem):
    """Nothing that can be believed was heard from the platform."""


class Unreachable(Transport):
    """No connection: cable, DNS, route, refused. Nothing was sent."""

    words = "暂时连不上平台，记录都保存在本机，网络恢复后自动上传"
    slug = "unreachable"


class Cut(Transport):
    """The connection was lost before the whole reply was here."""

    words = "与平台的连接中断，记录都保存在本机，稍后自动重试"
    slug = "cut"


class TimedOut(Transport):
    """The reply was not complete in time."""

    words = "平台没有在规定时间内答复，稍后自动重试"
    slug = "timed-out"


class NotThePlatform(Transport):
    """Somebody answered who is not the platform, or the reply breaks the contract: portal page, redirect, garbage."""

    words = "收到的答复不是平台发来的：请检查平台地址，或打开浏览器看是否要先登录医院网络"
    slug = "not-the-platform"


class ReplyTooLarge(NotThePlatform):
    """The reply is longer than any reply of the platform may be."""

    slug = "reply-too-large"


class NotTrusted(Transport):
    """The certificate of the other side cannot be verified. There is no way to go on all the same."""

    words = "平台的安全证书无法验证，已停止连接：请先核对电脑的日期和时间，仍不行请联系信息科"
    slug = "not-trusted"


class Stopped(PlatformProblem):
    """The platform was heard and will answer the same until a person does something."""


class NotSignedIn(Stopped):
    """401: the credential of this machine is not accepted."""

    words = "平台不认可本机的接入凭据，暂停上传：请在“设置”中重新填写凭据；登记可照常进行"
    slug = "not-signed-in"


class DeviceRefused(Stopped):
    """403: this machine is not allowed any more."""

    words = "平台已停用本机的接入，暂停上传：请联系平台管理员；登记可照常进行"
    slug = "device-refused"


class ClientTooOld(Stopped):
    """426, or the protocol range of the platform does not hold ours."""

    words = "本程序版本与平台要求不符，暂停上传：请更新程序；登记可照常进行"
    slug = "client-too-old"


class ProtocolFault(Stopped):
    """400, 404, 405, 501: the platform does not know what we ask."""

    words = "平台不认识本程序的请求（版本不一致），暂停上传：请联系信息科；登记可照常进行"
    slug = "protocol-fault"


class Rewound(Stopped):
    """409 device-rewound: the platform has already seen other content under a number that this machine uses now."""

    words = "平台发现本机的数据库被恢复或复制过，为防止重号已暂停上传：请联系信息科"
    slug = "device-rewound"


class Busy(PlatformProblem):
    """429, 503 or a request still in work: wait. `retry_after` is in seconds, None when the platform named no time."""

    words = "平台繁忙，稍后自动继续上传"
    slug = "busy"

    def __init__(self, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class ServerFault(PlatformProblem):
    """5xx: the platform, or the gateway in front of it, failed at this request."""

    words = "平台处理时出错，稍后自动重试"
    slug = "server-fault"


class Unprocessable(ServerFault):
    """422 for a whole batch: something in it cannot be read, and the platform does not say what."""

    words = "平台无法处理所发内容，正在逐条查找"
    slug = "unprocessable"


class TooLarge(PlatformProblem):
    """413: the request is longer than the platform, or a gateway, lets through. Nothing was done."""

    words = "一次发送的内容过大，正在分批发送"
    slug = "too-large"


class FileRefused(ServerFault):
    """413 or 422 for a file: the platform, or a gateway, does not take this one."""

    words = "平台不接受所附的证明材料文件，请核对文件或联系信息科"
    slug = "file-refused"


class FileAbsent(PlatformProblem):
    """404 for a file: the platform does not have it, or not yet."""

    words = "平台上没有所需的证明材料文件"
    slug = "file-absent"


class WrongFile(PlatformProblem):
    """What came is not the file that was asked for: another content, or more of it."""

    words = "平台给出的文件与记录中的指纹不符"
    slug = "wrong-file"


class CursorGone(PlatformProblem):
    """410: the platform no longer knows where we stopped reading."""

    words = "平台要求重新读取数据，正在重新读取"
    slug = "cursor-gone"


# --- what a platform answers ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """Who the platform is. `offset_ms` = its clock minus ours, estimated at the middle of the exchange."""

    epoch: str
    server_time: datetime
    protocol_min: int
    protocol_max: int
    min_client: str
    name: str
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """The request that carries a batch, ready to go: `content` as it travels, `headers` that belong to it."""

    batch: Batch
    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SendReply:
    """The checked reply to a batch: exactly one outcome for every operation of it, and no other."""

    epoch: str
    server_time: datetime
    acked_through: int
    outcomes: tuple[Outcome, ...]
    offset_ms: int


@dataclass(frozen=True, slots=True)
class Page:
    """One page of changes in commit order; `next_cursor` is where the next one begins."""

    epoch: str
    changes: tuple[ServerChange, ...]
    next_cursor: str
    more: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A module as it stood; `cursor` is where to go on reading changes after the last page of it."""

    id: str
    epoch: str
    module: str
    cursor: str


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """One page of a snapshot by primary key; `after` is None on the last."""

    changes: tuple[ServerChange, ...]
    after: str | None
    cursor: str


class Platform(Protocol):
    """What the network lane asks. Each method blocks, ends by itself in time, and raises only PlatformProblem."""

    def hello(self) -> Hello:
        """Ask who is there. Raises ClientTooOld when the platform does not speak our protocol."""
        ...

    def pack(self, batch: Batch, *, epoch_seen: str | None, clock_offset_ms: int) -> Parcel:
        """Make the request for the frozen operations of a batch. Asks nobody; also while another call is running."""
        ...

    def send(self, parcel: Parcel) -> SendReply:
        """Send a batch. Raises and leaves the outcome unknown unless the reply is whole."""
        ...

    def put_file(self, sha256: str, media_type: str, content: bytes) -> None:
        """Send the content of a file; doing it twice changes nothing. Raises FileRefused for a file it never takes."""
        ...

    def get_file(self, sha256: str, size: int) -> bytes:
        """Return the content of a file of `size` bytes. Raises FileAbsent, WrongFile."""
        ...

    def outcome(self, key: str) -> Outcome | None:
        """Return the stored final outcome of an operation, None when the platform has none."""
        ...

    def changes(self, feed: str, cursor: str | None, limit: int) -> Page:
        """Return the changes after a cursor, from the beginning for None. Raises CursorGone, ReplyTooLarge."""
        ...

    def open_snapshot(self, module: str) -> Snapshot:
        """Freeze a module for reading page by page."""
        ...

    def snapshot_page(self, snapshot: Snapshot, after: str | None, limit: int) -> SnapshotPage:
        """Return the page of a snapshot after a primary key, the first for None. Raises CursorGone, ReplyTooLarge."""
        ...

    def abort(self) -> None:
        """End a running call at once, from any thread; it raises Cut. The platform can be used again afterwards."""
        ...
