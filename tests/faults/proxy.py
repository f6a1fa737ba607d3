"""A TCP proxy on loopback that spoils HTTP exchanges to the byte, by a script of one fault per connection.

It stands between the real client and the real training platform. Faults that a server can play by itself (wrong
content, 500, Retry-After) belong into the server; here is what only the network does. The exchange is relayed half by
half – the whole request, then the reply – so that "cut the request after n bytes" means exactly n bytes arrived.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

LOGIN_PAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 47\r\nConnection: close\r\n\r\n"
    b"<html><title>Wi-Fi</title>please sign in</html>"
)

PASS, REFUSE, CUT_REQUEST, CUT_REPLY, DRIP, REPLAY, HTML, SILENT = (
    "pass", "refuse", "cut-request", "cut-reply", "drip", "replay", "html", "silent",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one connection.

    refuse: reset before anything is read · cut-request: the server gets the first `n` bytes, the client a reset ·
    cut-reply: the server does its work, the client gets the first `n` bytes of the reply · drip: the reply one byte
    each `seconds` · replay: the server gets the request twice, the client the second reply · html: a portal answers,
    the server hears nothing · silent: the server does its work, the client hears nothing until it gives up.
    An `n` below zero is counted from the end.
    """

    kind: str = PASS
    n: int = 0
    seconds: float = 1.0


@dataclass(slots=True)
class Seen:
    """One connection as it went: sizes in bytes, and whether the server got the whole request."""

    fault: Fault
    request: int = 0
    reply: int = 0
    delivered: bool = False


@dataclass
class FaultProxy:
    """Listens on `port` (any free one for 0) and relays to 127.0.0.1:`target`; a context manager.

    Connections take their fault from `script`, in order, then `default`. `down()` takes the network away: the port is
    closed and every connection dies; `up()` brings it back on the same port. `seen` is what happened.
    """

    target: int
    port: int = 0
    default: Fault = field(default_factory=Fault)
    script: deque[Fault] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """The address for the client."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FaultProxy:
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def up(self) -> None:
        """Begin to listen."""
        listener = socket.socket()
        # Otherwise the port could not be opened again while its old connections linger.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._stop.clear()
        self._start(self._accept, listener)

    def down(self) -> None:
        """Close the port and every connection, and wait until all is quiet."""
        self._stop.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for sock in self._open:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()

    def _start(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, name="fault-proxy", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while not self._stop.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            fault = self.script.popleft() if self.script else self.default
            seen = Seen(fault)
            self.seen.append(seen)
            self._start(self._serve, client, fault, seen)

    def _serve(self, client: socket.socket, fault: Fault, seen: Seen) -> None:
        with self._kept(client):
            # Whatever breaks here is a connection that died, which is this proxy's trade.
            with contextlib.suppress(OSError):
                self._exchange(client, fault, seen)
            if fault.kind in (REFUSE, CUT_REQUEST, CUT_REPLY):
                _reset(client)

    @contextlib.contextmanager
    def _kept(self, sock: socket.socket) -> Iterator[socket.socket]:
        with self._lock:
            self._open.add(sock)
            if self._stop.is_set():
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
        try:
            yield sock
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()

    def _exchange(self, client: socket.socket, fault: Fault, seen: Seen) -> None:
        if fault.kind == REFUSE:
            return
        request = read_request(client)
        seen.request = len(request)
        if fault.kind == HTML:
            client.sendall(LOGIN_PAGE)
            return
        if fault.kind == CUT_REQUEST and fault.n < len(request):
            self._ask(request[: fault.n])
            return
        if fault.kind == REPLAY:
            self._ask(request)
        reply = self._ask(request)
        seen.reply = len(reply)
        seen.delivered = True
        if fault.kind == SILENT:
            self._stop.wait(fault.seconds)
        elif fault.kind == CUT_REPLY:
            client.sendall(reply[: fault.n])
        elif fault.kind == DRIP:
            for position in range(len(reply)):
                client.sendall(reply[position : position + 1])
                if self._stop.wait(fault.seconds):
                    return
        else:
            client.sendall(reply)

    def _ask(self, request: bytes) -> bytes:
        """Send bytes to the server, end of sending behind them if they are no whole request, and return all it says."""
        with self._kept(socket.create_connection(("127.0.0.1", self.target))) as server:
            server.sendall(request)
            if not is_whole(request):
                server.shutdown(socket.SHUT_WR)
            parts = []
            while part := server.recv(65536):
                parts.append(part)
            return b"".join(parts)


def is_whole(request: bytes | bytearray) -> bool:
    """Whether bytes are a whole HTTP request (the client always states a length)."""
    head, end, body = request.partition(b"\r\n\r\n")
    if not end:
        return False
    stated = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return len(body) >= (int(stated[1]) if stated else 0)


def read_request(client: socket.socket) -> bytes:
    """Return one whole HTTP request, or what came before the client ended it."""
    request = bytearray()
    while not is_whole(request):
        part = client.recv(65536)
        if not part:
            break
        request += part
    return bytes(request)


def _reset(sock: socket.socket) -> None:
    """Close with a reset instead of a farewell, as a router does that lost the connection."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
