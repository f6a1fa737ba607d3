"""The platform over HTTP as the contract in `resources/platform` says: one method, one request, one checked reply.

What a status means is decided here and nowhere else (sync contract, reply classes). The danger lies in the replies of
machines in between: a gateway's 401 page must not stop the lane as a refused credential, so outside 5xx a status
counts only together with a JSON body.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import ssl
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from bloodbank_desktop import __version__
from bloodbank_desktop.clock import Clock, utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Batch, Identity, Outcome
from bloodbank_desktop.records.kinds.files import SUFFIXES
from bloodbank_desktop.storage.outbox import OutboxRow
from bloodbank_desktop.sync import replies
from bloodbank_desktop.sync.backoff import retry_after
from bloodbank_desktop.sync.platform import (
    PROTOCOL,
    Busy,
    ClientTooOld,
    CursorGone,
    DeviceRefused,
    FileAbsent,
    FileRefused,
    Hello,
    NotSignedIn,
    NotThePlatform,
    Page,
    Parcel,
    PlatformProblem,
    ProtocolFault,
    ReplyTooLarge,
    Rewound,
    SendReply,
    ServerFault,
    Snapshot,
    SnapshotPage,
    TooLarge,
    Unprocessable,
    WrongFile,
)
from bloodbank_desktop.sync.transport import Limits, Reply, Transport

PACK_FROM = 2048
"""Bodies of more bytes are packed: below it gzip saves no packet."""

T = TypeVar("T")
_JSON = "application/json"
_MOST_REFUSAL = 64 * 1024
#: Made once: json.dumps makes one for every call.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
#: Of gzip: level 6 makes a batch an eighth smaller and takes more than twice the time.
_LEVEL = 3
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PLAIN = {400: ProtocolFault, 401: NotSignedIn, 403: DeviceRefused, 404: ProtocolFault, 405: ProtocolFault,
          410: CursorGone, 413: TooLarge, 422: Unprocessable, 426: ClientTooOld}  # fmt: skip


def checked_address(address: str) -> str:
    """Return a platform address without a closing slash.

    Raises KnownProblem unless it is https (plain http only on this machine, for training) without credentials, query
    or fragment in it.
    """
    address = address.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_ok = urlsplit(""), False
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not parts.hostname or not port_ok or not safe:
        raise KnownProblem("平台地址应以 https:// 开头，请在“设置”中改正", code="platform-address")
    if parts.username is not None or parts.query or parts.fragment:
        raise KnownProblem("平台地址中不能带用户名、密码或参数，请在“设置”中改正", code="platform-address")
    return address


class HttpPlatform:
    """A `Platform` reached by HTTP. Safe for one caller at a time; `abort` may come from any thread.

    `token` is the credential of this machine, not of a person. `context` is for tests with an authority of their own.
    Raises KnownProblem for an address that must not be used.
    """

    def __init__(
        self,
        address: str,
        token: str,
        identity: Identity,
        clock: Clock,
        *,
        limits: Limits | None = None,
        use_system_proxy: bool = False,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._address = checked_address(address)
        self._clock = clock
        self._transport = Transport(limits, context=context, use_system_proxy=use_system_proxy)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "X-Device": identity.device_id,
            "X-Incarnation": identity.incarnation,
            "X-Protocol": str(PROTOCOL),
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "gzip",
            "User-Agent": f"bloodbank-desktop/{__version__}",
            "Connection": "close",
        }

    def abort(self) -> None:
        """End a running call at once with Cut."""
        self._transport.abort()

    def hello(self) -> Hello:
        """Ask who is there. Raises ClientTooOld when protocol or program version do not fit."""
        reply, middle = self._call("GET", "/v1/hello")
        found, server_time = replies.hello(reply.body)
        if not found.protocol_min <= PROTOCOL <= found.protocol_max:
            raise ClientTooOld(f"protocol {found.protocol_min} to {found.protocol_max}")
        if _version(__version__) < _version(found.min_client):
            raise ClientTooOld(f"program {__version__} is older than {found.min_client[:20]!r}")
        return replace(found, offset_ms=_offset(server_time, middle))

    def pack(self, batch: Batch, *, epoch_seen: str | None, clock_offset_ms: int) -> Parcel:
        """Make the request for the frozen operations of a batch; safe beside a running call."""
        content, headers = _packed(batch_body(batch, epoch_seen, clock_offset_ms), _JSON)
        return Parcel(batch, content, headers | {"Idempotency-Key": batch.id})

    def send(self, parcel: Parcel) -> SendReply:
        """Send the operations of a batch and return the checked reply."""
        reply, middle = self._exchange("POST", "/v1/ops:batch", parcel.content, parcel.headers)
        found = replies.send_reply(reply.body, parcel.batch)
        return replace(found, offset_ms=_offset(found.server_time, middle))

    def put_file(self, sha256: str, media_type: str, content: bytes) -> None:
        """Send the content of a file, as it is: photos and papers are packed already."""
        try:
            reply, _ = self._call("PUT", f"/v1/files/{sha256}", content, media_type=media_type)
        except (TooLarge, Unprocessable) as problem:
            # Smaller batches would not help: it is this file.
            raise FileRefused(problem.detail) from problem
        replies.stored_file(reply.body, sha256, len(content))

    def get_file(self, sha256: str, size: int) -> bytes:
        """Return the content of a file that has this name and size, to the last bit."""
        headers = {"Accept": ", ".join([*SUFFIXES, "application/problem+json"]), "Accept-Encoding": "identity"}
        try:
            reply, _ = self._exchange(
                "GET",
                f"/v1/files/{sha256}",
                None,
                headers,
                media_types=SUFFIXES,
                absent_ok=True,
                # A refusal may be longer than a small file.
                most_bytes=max(size, _MOST_REFUSAL),
            )
        except _Absent as problem:
            raise FileAbsent(problem.detail) from problem
        except ReplyTooLarge as problem:
            raise WrongFile(problem.detail) from problem
        if len(reply.body) != size or hashlib.sha256(reply.body).hexdigest() != sha256:
            raise WrongFile(f"{len(reply.body)} bytes for {size}")
        return reply.body

    def outcome(self, key: str) -> Outcome | None:
        """Return the stored final outcome of an operation, None when the platform has none."""
        try:
            reply, _ = self._call("GET", f"/v1/ops/{quote(key, safe='')}", absent_ok=True)
        except _Absent:
            return None
        return replies.stored_outcome(reply.body, key)

    def changes(self, feed: str, cursor: str | None, limit: int) -> Page:
        """Return the changes after a cursor."""
        query = {"feed": feed, "limit": str(limit)} | ({} if cursor is None else {"cursor": cursor})
        return self._read(f"/v1/changes?{urlencode(query)}", replies.page)

    def open_snapshot(self, module: str) -> Snapshot:
        """Freeze a module for reading page by page."""
        body = json.dumps({"module": module}).encode()
        reply, _ = self._call("POST", "/v1/snapshots", body, expected=201)
        return replies.snapshot(reply.body, module)

    def snapshot_page(self, snapshot: Snapshot, after: str | None, limit: int) -> SnapshotPage:
        """Return the page of a snapshot after a primary key."""
        query = {"limit": str(limit)} | ({} if after is None else {"after": after})
        return self._read(f"/v1/snapshots/{quote(snapshot.id, safe='')}?{urlencode(query)}", replies.snapshot_page)

    def _read(self, path: str, reader: Callable[[bytes], T]) -> T:
        reply, _ = self._call("GET", path)
        return reader(reply.body)

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        media_type: str = _JSON,
        expected: int = 200,
        absent_ok: bool = False,
    ) -> tuple[Reply, datetime]:
        """Send one request and return the reply of the expected status; see `_exchange`."""
        content, headers = (None, {}) if body is None else _packed(body, media_type)
        return self._exchange(method, path, content, headers, expected=expected, absent_ok=absent_ok)

    def _exchange(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        *,
        expected: int = 200,
        media_types: Collection[str] = (_JSON,),
        absent_ok: bool = False,
        most_bytes: int | None = None,
    ) -> tuple[Reply, datetime]:
        """Return the reply of the expected status and type and the middle of the exchange by our clock."""
        before = self._clock.now()
        started = self._clock.monotonic()
        whole = {**self._headers, **headers}
        reply = self._transport.exchange(method, self._address + path, whole, content, most_bytes=most_bytes)
        middle = before + timedelta(seconds=(self._clock.monotonic() - started) / 2)
        if reply.status == expected and _media_type(reply) in media_types:
            return reply, middle
        if absent_ok and reply.status == 404 and _is_problem(reply):
            raise _Absent("no such operation")
        raise self._problem(reply)

    def _problem(self, reply: Reply) -> PlatformProblem:
        status = reply.status
        detail = f"{status} {_media_type(reply)[:60]}"
        wait = retry_after(reply.headers.get("retry-after"), self._clock.now())
        if status == 503:
            return Busy(detail, wait)
        if status == 511 or status < 400:
            # A portal, a redirect, or a success that the contract does not know.
            return NotThePlatform(detail)
        if status == 501 and _is_problem(reply):
            return ProtocolFault(detail)
        if 500 <= status < 600:
            # Also without a JSON body: a gateway says so when the platform behind it broke down at this very request.
            return ServerFault(detail)
        if status == 413:
            # Mostly said by a gateway, so in HTML.
            return TooLarge(detail)
        if not _is_problem(reply):
            return NotThePlatform(detail)
        if status == 429:
            return Busy(detail, wait)
        if status == 409:
            return Rewound(detail) if _problem_type(reply).endswith("device-rewound") else Busy(detail, wait)
        return _PLAIN.get(status, ProtocolFault)(detail)


class _Absent(PlatformProblem):
    """404 where that is an answer."""


def _packed(body: bytes, media_type: str) -> tuple[bytes, dict[str, str]]:
    """Return the content of a request as it travels and the headers that say what it is."""
    headers = {"Content-Type": media_type}
    if len(body) > PACK_FROM and media_type == _JSON:
        # mtime 0: the same batch is the same bytes each time it is sent.
        body = gzip.compress(body, _LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    # RFC 9530: over the content as it travels, after packing.
    headers["Content-Digest"] = f"sha-256=:{digest}:"
    return body, headers


def batch_body(batch: Batch, epoch_seen: str | None, clock_offset_ms: int) -> bytes:
    """Return the request body of a batch; the frozen payloads stand in it byte for byte."""
    head = {"batch_id": batch.id, "epoch_seen": epoch_seen, "device_hwm": batch.device_hwm}
    operations = b",".join(_operation(row, clock_offset_ms) for row in batch.rows)
    return _open_end(head) + b',"ops":[' + operations + b"]}"


def _operation(row: OutboxRow, clock_offset_ms: int) -> bytes:
    head = {
        "key": row.key,
        "dseq": row.dseq,
        "module": row.kind,
        "op": row.op,
        "id": row.record_id,
        "base_version": row.base_version,
        "needs": list(row.needs),
        "actor": row.actor,
        "occurred_at": utc_text(row.occurred_at),
        "clock_offset_ms": clock_offset_ms,
        "sha256": row.sha256,
    }
    # Reading the payload and writing it again might change a digit and with it the digest.
    return _open_end(head) + b',"body":' + row.payload + b"}"


def _open_end(head: dict[str, Any]) -> bytes:
    return _ENCODER.encode(head).encode()[:-1]


def _media_type(reply: Reply) -> str:
    """Return the media type in lower case, "" for another charset than UTF-8 (JSON knows no other, RFC 8259 8.1)."""
    kind, _, parameters = reply.headers.get("content-type", "").partition(";")
    charset = re.sub(r'[\s"]', "", parameters).lower()
    return kind.strip().lower() if charset in ("", "charset=utf-8") else ""


def _is_problem(reply: Reply) -> bool:
    if _media_type(reply) not in ("application/problem+json", "application/json"):
        return False
    try:
        return isinstance(replies.read_json(reply.body), dict)
    except NotThePlatform:
        return False


def _problem_type(reply: Reply) -> str:
    return str(replies.read_json(reply.body).get("type", ""))


def _offset(server_time: datetime, middle: datetime) -> int:
    return round((server_time - middle) / timedelta(milliseconds=1))


def _version(text: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 0.10.2; what follows the first other sign does not count."""
    leading = re.split(r"[^\d.]", text, maxsplit=1, flags=re.ASCII)[0]
    return tuple(int(part) for part in leading.split(".") if part)[:4]
