"""A server that answers every request with the bytes it was given, as slowly as it was told; plain or TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.proxy import read_request

Answer = Callable[[bytes], bytes]


@dataclass
class TinyServer:
    """A context manager that listens on a free port of loopback.

    `answer` is the bytes of every reply or makes them from the request; `drip` sends them one by one, that many
    seconds apart; `mute` accepts and says nothing; `reads_after` lets the client wait before it reads. `requests`
    holds what arrived.
    """

    answer: bytes | Answer = b""
    drip: float | None = None
    mute: bool = False
    reads_after: float = 0.0
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)

    def __enter__(self) -> TinyServer:
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        scheme = "http" if self.tls is None else "https"
        self.url = f"{scheme}://localhost:{self.port}"
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(client)
            if self.mute:
                self._stop.wait()
                return
            if self.tls is not None:
                client = stack.enter_context(self.tls.wrap_socket(client, server_side=True))
            self._stop.wait(self.reads_after)
            self.requests.append(request := read_request(client))
            answer = self.answer if isinstance(self.answer, bytes) else self.answer(request)
            step = len(answer) if self.drip is None else 1
            for position in range(0, len(answer), max(1, step)):
                client.sendall(answer[position : position + step])
                if self.drip is not None and self._stop.wait(self.drip):
                    return


def http(body: bytes, *, status: str = "200 OK", kind: str = "application/json", length: int | None = None,
         extra: str = "") -> bytes:  # fmt: skip
    """Return the bytes of an HTTP reply; `length` may lie."""
    stated = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {stated}\r\n{extra}Connection: close\r\n\r\n"
    return head.encode() + body
