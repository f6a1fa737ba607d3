"""One HTTP exchange that surely ends: whole, small enough, in time, from the host that was asked – or an exception.

`requests` has no deadline: its time-outs are for one read of a socket, so a server that sends one byte a second keeps
a caller for ever. Here a watchdog shuts the socket at the deadline, from name look-up to the last byte, and the
body is read in pieces against a byte cap. Each exchange has its own connection and session: no cookie, no half-read
reply and no stale connection can reach the next one; a hidden resend is not possible (Retry(total=0)).
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, IncompleteRead, NewConnectionError, ReadTimeoutError
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.util.retry import Retry

from bloodbank_desktop.sync.platform import (
    Cut,
    NotThePlatform,
    NotTrusted,
    PlatformProblem,
    ReplyTooLarge,
    TimedOut,
    Unreachable,
)

PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds to connect, for one read, and for the whole exchange; bytes of a reply, before and after unpacking."""

    connect: float = 5.0
    read: float = 30.0
    total: float = 120.0
    most_bytes: int = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply: `headers` with names in lower case, `body` unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Watch:
    """Shuts the socket of one exchange at its deadline, or when somebody aborts it."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._handles: list[socket.socket] = []
        self._over = False
        self.connected = False
        self.aborted = False
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self._ends

    def guard(self, sock: socket.socket) -> None:
        """Watch a connected socket. Raises OSError when it is too late for it."""
        # TLS takes the socket object over, so that only a second handle can still reach the connection from outside.
        handle = sock.dup()
        with self._lock:
            self._handles.append(handle)
            self.connected = True
            too_late = self._over or self.aborted
        if too_late:
            sock.close()
            raise OSError("connected after the deadline")

    def abort(self) -> None:
        """End the exchange now, from any thread."""
        self.aborted = True
        self._shut()

    def _shut(self) -> None:
        with self._lock:
            self._over = True
            for handle in self._handles:
                _shut_down(handle)

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()
        with self._lock:
            for handle in self._handles:
                handle.close()
            self._handles.clear()


def _shut_down(handle: socket.socket) -> None:
    try:
        handle.shutdown(socket.SHUT_RDWR)
    except OSError:
        # Already gone, which is all that was wanted.
        return


class _Plain(HTTPConnection):
    watch: Watch
    send_seconds: float

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.watch.guard(sock)
        return sock

    def connect(self) -> None:
        super().connect()
        # urllib3 would give a whole request body only the time to connect, too short for a slow line.
        self.sock.settimeout(self.send_seconds)


class _Secure(HTTPSConnection):
    watch: Watch
    send_seconds: float

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()
        self.watch.guard(sock)
        return sock

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.send_seconds)


class _Adapter(HTTPAdapter):
    """Makes connections that the watch guards, with the trust store of the operating system and nothing else."""

    def __init__(self, watch: Watch, limits: Limits, context: ssl.SSLContext) -> None:
        marks: dict[str, Any] = {"watch": watch, "send_seconds": limits.total}
        plain = type("_PlainNow", (_Plain,), marks)
        secure = type("_SecureNow", (_Secure,), marks)
        self._pools = {
            "http": type("_HttpPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_HttpsPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=Retry(total=0, redirect=False))

    def init_poolmanager(self, *args: Any, **keywords: Any) -> None:
        super().init_poolmanager(*args, **keywords, ssl_context=self._context)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **keywords, ssl_context=self._context)
        manager.pool_classes_by_scheme = self._pools
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # The inherited method would add the list of certifi to the trust store of the machine, which would trust
        # authorities that the hospital has removed and switch off revocation checks.
        conn.cert_reqs = "CERT_REQUIRED"


def system_proxies(host: str) -> dict[str, str]:
    """Return the proxies that the operating system names for a host, {} for none."""
    return {} if urllib.request.proxy_bypass(host) else dict(urllib.request.getproxies())


def trusted_context() -> ssl.SSLContext:
    """Return a context that trusts what Windows trusts (so also a hospital's own authority), TLS 1.2 or newer."""
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Transport:
    """Makes exchanges, one at a time. `context` is for tests with an authority of their own."""

    def __init__(
        self, limits: Limits | None = None, *, context: ssl.SSLContext | None = None, use_system_proxy: bool = False
    ) -> None:
        self.limits = limits or Limits()
        self._context = context or trusted_context()
        self._use_system_proxy = use_system_proxy
        self._lock = threading.Lock()
        self._watch: Watch | None = None

    def abort(self) -> None:
        """End the running exchange, if there is one, with Cut; from any thread."""
        with self._lock:
            if self._watch is not None:
                self._watch.abort()

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        most_bytes: int | None = None,
    ) -> Reply:
        """Send one request and return the whole reply, whatever its status; `most_bytes` instead of that of the limits.

        Raises Unreachable (nothing was sent), Cut, TimedOut, NotTrusted, NotThePlatform or ReplyTooLarge.
        """
        with self._watching() as watch:
            try:
                return self._exchange(watch, method, url, headers, body, most_bytes or self.limits.most_bytes)
            except PlatformProblem:
                raise
            except (requests.RequestException, Urllib3Error, OSError, ValueError, zlib.error) as problem:
                # ValueError: urllib3 and http.client let a few through for nonsense in a header or a chunk length.
                raise self._meaning(watch, problem) from problem

    @contextmanager
    def _watching(self) -> Iterator[Watch]:
        watch = Watch(self.limits.total)
        with self._lock:
            self._watch = watch
        try:
            yield watch
        finally:
            with self._lock:
                self._watch = None
            watch.close()

    def _exchange(
        self, watch: Watch, method: str, url: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> Reply:
        with requests.Session() as session:
            # Neither .netrc nor variables of the environment may send a hospital's records elsewhere.
            session.trust_env = False
            adapter = _Adapter(watch, self.limits, self._context)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            if self._use_system_proxy:
                session.proxies.update(system_proxies(urlsplit(url).hostname or ""))
            session.headers.clear()
            request = session.prepare_request(requests.Request(method, url, headers=dict(headers), data=body))
            response = session.send(
                request, stream=True, allow_redirects=False, timeout=(self.limits.connect, self.limits.read)
            )
            with response:
                found = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, found, self._read(watch, response.raw, found, most))

    def _read(self, watch: Watch, raw: Any, headers: Mapping[str, str], most: int) -> bytes:
        announced = headers.get("content-length", "")
        if announced.isdecimal() and (len(announced) > 18 or int(announced) > most):
            raise ReplyTooLarge(f"{announced[:18]} bytes announced")
        unpack = _unpacker(headers.get("content-encoding", "identity"))
        pieces: list[bytes] = []
        size = 0
        while piece := raw.read1(PIECE, decode_content=False):
            if watch.expired or watch.aborted:
                raise TimeoutError("deadline while reading")
            clear = piece if unpack is None else unpack.decompress(piece, most + 1 - size)
            size += len(clear)
            if size > most:
                raise ReplyTooLarge(f"more than {most} bytes")
            pieces.append(clear)
        # A reply without a length ends with the connection, so the watchdog's shutting it looks like the end.
        if watch.expired or watch.aborted:
            raise TimeoutError("deadline while reading")
        if unpack is not None and (not unpack.eof or unpack.unused_data):
            raise Cut("the packed reply does not end where it should")
        if not size and not announced.isdecimal() and "transfer-encoding" not in headers:
            # The library takes a head that was cut for a whole one, and then there is neither length nor body.
            raise Cut("the head of the reply was cut")
        return b"".join(pieces)

    def _meaning(self, watch: Watch, problem: Exception) -> PlatformProblem:
        chain = list(_chain(problem))
        detail = " < ".join(type(link).__name__ for link in chain)
        if watch.aborted:
            return Cut(f"aborted: {detail}")
        never = ConnectTimeoutError | NewConnectionError | requests.exceptions.ProxyError
        if not watch.connected or any(isinstance(link, never) for link in chain):
            return Unreachable(detail)
        if watch.expired:
            return TimedOut(f"total deadline: {detail}")
        if any(isinstance(link, ssl.SSLCertVerificationError) for link in chain):
            return NotTrusted(next(str(link) for link in chain if isinstance(link, ssl.SSLCertVerificationError)))
        if any(isinstance(link, ssl.SSLEOFError | ConnectionError | IncompleteRead) for link in chain):
            return Cut(detail)
        if any(isinstance(link, ReadTimeoutError | TimeoutError) for link in chain):
            return TimedOut(detail)
        if any(isinstance(link, ssl.SSLError) for link in chain):
            # Old protocol, foreign greeting: not a line that comes back by waiting, so the person reads of it.
            return NotTrusted(detail)
        if any(isinstance(link, requests.ConnectionError | requests.exceptions.ChunkedEncodingError) for link in chain):
            return Cut(detail)
        return NotThePlatform(detail)


def _unpacker(encoding: str) -> Any:
    """Return a decompressor for gzip, None for no encoding. Raises NotThePlatform for one that we did not offer."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return None
    if encoding == "gzip":
        return zlib.decompressobj(16 + zlib.MAX_WBITS)
    raise NotThePlatform(f"content encoding {encoding[:40]!r}")


def _chain(problem: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything it was made from, each once."""
    seen: set[int] = set()
    waiting: list[BaseException] = [problem]
    while waiting:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inner = [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
        waiting.extend(one for one in inner if isinstance(one, BaseException))
