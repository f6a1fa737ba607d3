"""A record gets its id once, here, on the machine where it was made, and keeps it for ever: UUID version 7 (RFC 9562).

Time-ordered, so that new rows are appended to the index; clamped, so that a clock stepping back never breaks the order.
"""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def new_id() -> str:
    """Return a new UUIDv7 as 36 lower-case characters, greater than every one made before in this process."""
    global _last
    with _lock:
        # 12 bits below the millisecond keep the order inside one millisecond (RFC 9562 6.2, method 3).
        tick = max(time.time_ns() * 4096 // 1_000_000, _last + 1)
        _last = tick
    millis, fraction = divmod(tick, 4096)
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return str(uuid.UUID(int=(millis << 80) | (7 << 76) | (fraction << 64) | (2 << 62) | tail))
