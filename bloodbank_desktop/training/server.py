"""The training platform as a server on loopback: in a thread for tests, as a process for training and demonstration.

It listens on 127.0.0.1 only: whoever can reach it can write to it. As a process it ends with its parent, also when the
parent is killed: then its standard input closes.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import select
import signal
import socket
import sys
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import create_server
from waitress.task import ErrorTask

from bloodbank_desktop.clock import Clock
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.training.application import TOKEN, Application
from bloodbank_desktop.training.envelope import MOST_BYTES
from bloodbank_desktop.training.faults import PROBLEM, Faults
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.problems import BY_STATUS, Refusal
from bloodbank_desktop.training.schedule import Liveliness, Schedule

HOST = "127.0.0.1"
THREADS = 8


class _ProblemTask(ErrorTask):  # type: ignore[misc]
    """What the HTTP library refuses before our application sees it is problem+json as well."""

    def execute(self) -> None:
        refusal = Refusal(BY_STATUS.get(self.request.error.code, "malformed"), "请求无法识别")
        content = json.dumps(refusal.document).encode()
        self.status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
        self.response_headers.append(("Content-Type", PROBLEM))
        self.set_close_on_finish()
        self.content_length = len(content)
        self.write(content)


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _ProblemTask


class TrainingServer:
    """The platform over `file`, listening on `url` between `start` and `stop`; also a context manager.

    Port 0 takes any free port. `token` is what the bearer header must hold. `lively`: the other side answers by itself.
    Raises KnownProblem "port-in-use".
    """

    def __init__(
        self,
        file: Path,
        *,
        port: int = 0,
        clock: Clock | None = None,
        faults: Faults | None = None,
        token: str = TOKEN,
        lively: bool = False,
    ) -> None:
        listening = _listen(port)
        self.faults = faults or Faults()
        self.platform = Platform(file, clock)
        self._server: Any = create_server(
            Application(self.platform, self.faults, token),
            sockets=[listening],
            threads=THREADS,
            ident=None,
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
            recv_bytes=1024 * 1024,
            # Above our own limit, so that the usual excess is answered by the application.
            max_request_body_size=2 * MOST_BYTES,
            max_request_header_size=16 * 1024,
            inbuf_overflow=2 * MOST_BYTES,
            outbuf_overflow=2 * MOST_BYTES,
        )
        self._server.channel_class = _Channel
        # A queue of requests is what a busy server has; the library warns of every one.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self.port = int(listening.getsockname()[1])
        self.url = f"http://{HOST}:{self.port}"
        self._thread: threading.Thread | None = None
        self._lively = Liveliness(Schedule(self.platform), self.faults.stopping) if lively else None
        self._closing = threading.Lock()
        self._closed = False

    def run(self) -> None:
        """Serve until `stop` is called from another thread, or KeyboardInterrupt comes; then everything is closed."""
        loop, watched = self._server.asyncore.loop, self._server._map
        if self._lively is not None:
            self._lively.start()
        try:
            while not self.faults.stopping.is_set():
                loop(timeout=1, use_poll=hasattr(select, "poll"), map=watched, count=1)
        except (KeyboardInterrupt, SystemExit):
            # The way to end a process in order; whoever waits for a fault ends as well.
            self.faults.stopping.set()
        finally:
            self._server.task_dispatcher.shutdown()
            with self._closing:
                self._closed = True
                self._server.asyncore.close_all(watched)
            if self._lively is not None:
                self.faults.stopping.set()
                self._lively.join()
            self.platform.close()

    def start(self) -> TrainingServer:
        """Serve in a thread; the port is open already."""
        self._thread = threading.Thread(target=self.run, name="training-platform", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End serving and wait for the thread of `start`. Safe to call twice and from any thread."""
        self.faults.stopping.set()
        with self._closing:
            # Once closed, the descriptor of the trigger may be another file's.
            if not self._closed:
                self._server.pull_trigger()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> TrainingServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # Without this, Windows lets a second program take the same port and steal half of the requests.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen()
    except (OSError, OverflowError) as problem:
        listening.close()
        raise KnownProblem(
            f"训练平台无法使用端口 {port}：可能已被占用。请换一个端口，或用 0 自动选择。", code="port-in-use"
        ) from problem
    return listening


def serve(
    port: int, file: Path, *, while_stdin: bool = False, faults: Faults | None = None, lively: bool = False
) -> None:
    """Serve the platform over `file` in this process until SIGTERM, Ctrl+C or, `while_stdin`, the end of stdin.

    Prints one line of JSON when the port is open: {"url", "port", "pid"}. Port 0 takes any free port. Must be called
    in the main thread. Raises KnownProblem "port-in-use".
    """
    server = TrainingServer(file, port=port, faults=faults, lively=lively)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        if while_stdin:
            threading.Thread(target=_stop_at_end_of_stdin, args=(server,), daemon=True).start()
        print(json.dumps({"url": server.url, "port": server.port, "pid": os.getpid()}), flush=True)
        # Requests leave no cycles behind; searching for them after every few hundred objects cost a third of the time.
        gc.freeze()
        gc.set_threshold(50_000)
        server.run()
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _stop_at_end_of_stdin(server: TrainingServer) -> None:
    # Not sys.stdin: its lock, held by this thread while it waits, would abort the interpreter at exit.
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        print("stdin cannot be read", file=sys.stderr)
    server.stop()
