"""A keyboard plugged into the X server: key events as a scanner's, through XTEST, to whatever window has the focus.

It speaks the X11 protocol itself (X Window System Protocol, Version 11; XTEST Extension Library 2.2), because the few
requests it needs are less than any library for it. The server keeps the time between two keys, so a busy test cannot
slow a burst down. It also gives the focus to the top window, which on a desktop the window manager does.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from pathlib import Path
from types import TracebackType

CONTROL, SHIFT, RETURN, ESCAPE = 0xFFE3, 0xFFE1, 0xFF0D, 0xFF1B
_PRESS, _RELEASE = 2, 3


class Keyboard:
    """A connection to the display of the environment; a context manager. Raises OSError when there is none."""

    def __init__(self) -> None:
        self._number = os.environ["DISPLAY"].rpartition(":")[2].partition(".")[0]
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(f"/tmp/.X11-unix/X{self._number}")
        self._socket.settimeout(60)
        try:
            self._begin()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Keyboard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    # -- what a test does -----------------------------------------------------------------------------------------

    def windows(self) -> list[int]:
        """Return the top windows that can be seen, the uppermost last."""
        reply = self._ask(struct.pack("<BxHI", 15, 2, self._root))
        (count,) = struct.unpack_from("<H", reply, 16)
        return [one for one in struct.unpack_from(f"<{count}I", reply, 32) if self._is_window(one)]

    def focus(self, window: int) -> None:
        """Give a window the focus, and return when it has it."""
        self._socket.sendall(struct.pack("<BBHII", 42, 2, 3, window, 0))
        self._ask(struct.pack("<BxH", 43, 1))

    def press(self, keysym: int, *held: int) -> None:
        """Press and release a key while others are held."""
        keys = [(_PRESS, one) for one in held] + [(_PRESS, keysym), (_RELEASE, keysym)]
        self._send([*keys, *((_RELEASE, one) for one in reversed(held))], 1)

    def scan(self, code: str, *, pause: int = 2) -> None:
        """Send a code and Enter, with so many milliseconds between two events, and return when all were sent."""
        events: list[tuple[int, int]] = []
        for keysym in [*map(ord, code), RETURN]:
            shifted = self._places[keysym][1]
            events += (
                [(_PRESS, SHIFT)] * shifted + [(_PRESS, keysym), (_RELEASE, keysym)] + [(_RELEASE, SHIFT)] * shifted
            )
        self._send(events, pause)

    # -- the protocol ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        name, cookie = self._cookie()
        hello = struct.pack("<cxHHHH2x", b"l", 11, 0, len(name), len(cookie)) + _padded(name) + _padded(cookie)
        self._socket.sendall(hello)
        head = self._read(8)
        body = self._read(4 * struct.unpack_from("<H", head, 6)[0])
        if head[0] != 1:
            raise OSError(f"the X server refuses: {body.rstrip(bytes(1)).decode(errors='replace')}")
        vendor, formats = struct.unpack_from("<H", body, 16)[0], body[21]
        first, last = body[26], body[27]
        (self._root,) = struct.unpack_from("<I", body, 32 + (vendor + 3) // 4 * 4 + 8 * formats)
        reply = self._ask(struct.pack("<BxHH2x", 98, 4, 5) + _padded(b"XTEST"))
        if not reply[8]:
            raise OSError("the X server has no XTEST")
        self._xtest = reply[9]
        reply = self._ask(struct.pack("<BxHBB2x", 101, 2, first, last - first + 1))
        self._places: dict[int, tuple[int, bool]] = {}
        per_key = reply[1]
        for place, keysym in enumerate(struct.unpack_from(f"<{per_key * (last - first + 1)}I", reply, 32)):
            if keysym and place % per_key < 2:
                self._places.setdefault(keysym, (first + place // per_key, place % per_key == 1))

    def _cookie(self) -> tuple[bytes, bytes]:
        with contextlib.suppress(OSError, struct.error):
            data = Path(os.environ.get("XAUTHORITY", Path.home() / ".Xauthority")).read_bytes()
            while data:
                data, parts = data[2:], []
                for _ in range(4):
                    (length,) = struct.unpack_from(">H", data)
                    parts.append(data[2 : 2 + length])
                    data = data[2 + length :]
                if parts[1] in (b"", self._number.encode()):
                    return parts[2], parts[3]
        return b"", b""

    def _send(self, events: list[tuple[int, int]], pause: int) -> None:
        requests = [
            struct.pack("<BBHBBxxII8xHH8x", self._xtest, 2, 9, kind, self._places[keysym][0], pause, self._root, 0, 0)
            for kind, keysym in events
        ]
        self._socket.sendall(b"".join(requests))
        # An answer to anything means that all before it was done.
        self._ask(struct.pack("<BxH", 43, 1))

    def _is_window(self, window: int) -> bool:
        reply = self._ask(struct.pack("<BxHI", 3, 2, window))
        seen, on_its_own = reply[0] == 1 and reply[26] == 2, reply[27]
        return bool(seen and not on_its_own)

    def _ask(self, request: bytes) -> bytes:
        """Return the reply, or the error for a window that has just gone; events are none of our business."""
        self._socket.sendall(request)
        while True:
            packet = self._read(32)
            if packet[0] == 1:
                return packet + self._read(4 * struct.unpack_from("<I", packet, 4)[0])
            if packet[0] == 0:
                return packet

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise OSError("the X server has gone")
            data += part
        return data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
