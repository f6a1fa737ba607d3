"""A device of the tests: it makes operations, keeps their keys, and sends them to the platform, direct or by HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from bloodbank_desktop.records import wire
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.training.application import TOKEN
from bloodbank_desktop.training.envelope import read_batch
from bloodbank_desktop.training.platform import Platform
from tests.samples import NOW, request_values, stock_in_values

Json = dict[str, Any]
MODULES = {"stock_in": stock_in_values, "transfusion_request": request_values}


class StillClock:
    """A clock that goes on only when told."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def advance(self, **interval: float) -> None:
        """Go on by the parts of a timedelta."""
        self.at += timedelta(**interval)


def body_of(module: str, values: Mapping[str, Any]) -> Json:
    """Return the wire body of stored values."""
    return wire.body(record_type(module), values)


def delivery(seed: int = 0, **changes: Any) -> Json:
    """Return the wire body of a delivery of two bags."""
    return body_of("stock_in", stock_in_values(2, seed, **changes))


def request(seed: int = 0, **changes: Any) -> Json:
    """Return the wire body of a request."""
    return body_of("transfusion_request", request_values(seed, **changes))


class Device:
    """A workstation as the platform sees it; `send` goes to the platform itself, without HTTP."""

    def __init__(self, platform: Platform | None = None) -> None:
        self.platform = platform
        self.name = f"device-{uuid.uuid4()}"
        self.incarnation = str(uuid.uuid4())
        self.dseq = 0

    def operation(self, module: str, body: Json, op: str = "register", **members: Any) -> Json:
        """Return a new operation under the next number; `members` replaces any member."""
        self.dseq += 1
        made: Json = {
            "key": f"{self.incarnation}:{self.dseq}",
            "dseq": self.dseq,
            "module": module,
            "op": op,
            "id": str(uuid.uuid4()),
            "base_version": None,
            "needs": [],
            "actor": "训练甲",
            "occurred_at": "2026-11-23T01:00:00.000Z",
            "clock_offset_ms": 0,
            "sha256": fingerprint(body),
            "body": body,
        }
        made.update(members)
        return made

    def batch(self, *ops: Json) -> Json:
        """Return a new batch of operations."""
        return {"batch_id": str(uuid.uuid4()), "epoch_seen": None, "device_hwm": self.dseq, "ops": list(ops)}

    def send(self, *ops: Json) -> list[Json]:
        """Send operations in one batch and return their results."""
        results: list[Json] = self.reply(*ops)["results"]
        return results

    def reply(self, *ops: Json) -> Json:
        """Send operations in one batch and return the whole reply. Raises Refusal."""
        assert self.platform is not None
        # Through text, as on the wire.
        whole = json.loads(json.dumps(self.batch(*ops)))
        return self.platform.submit(read_batch(whole, self.name, self.incarnation))

    def headers(self, content: bytes, batch_id: str) -> dict[str, str]:
        """Return the request headers of a batch."""
        return {
            **common_headers(),
            "Content-Type": "application/json",
            "X-Device": self.name,
            "X-Incarnation": self.incarnation,
            "Idempotency-Key": batch_id,
            "Content-Digest": content_digest(content),
        }

    def post(self, url: str, *ops: Json, **headers: str) -> requests.Response:
        """Send operations by HTTP; `headers` (with _ for -) replaces headers."""
        batch = self.batch(*ops)
        content = json.dumps(batch).encode()
        replaced = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(
            f"{url}/v1/ops:batch",
            data=content,
            headers={**self.headers(content, batch["batch_id"]), **replaced},
            timeout=30,
        )


def fingerprint(body: Json) -> str:
    """Return the hash of the canonical JSON of a body."""
    return hashlib.sha256(wire.canonical(body)).hexdigest()


def content_digest(content: bytes) -> str:
    """Return the header Content-Digest of a content."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def common_headers() -> dict[str, str]:
    """Return what every request bears."""
    return {"Authorization": f"Bearer {TOKEN}", "X-Protocol": "1"}


def whole_feed(platform: Platform, limit: int = 1000) -> list[Json]:
    """Return all changes of the feed from its beginning."""
    cursor, found = "", []
    while True:
        page = platform.reader.changes(cursor, limit)
        found += page["changes"]
        cursor = page["next_cursor"]
        if not page["more"]:
            return found


def statuses(results: list[Json]) -> list[str]:
    """Return the status of each result."""
    return [result["status"] for result in results]


def slug(problem: Json | None) -> str:
    """Return the last part of a problem's type, "" for none."""
    return problem["type"].rpartition(":")[2] if problem else ""
