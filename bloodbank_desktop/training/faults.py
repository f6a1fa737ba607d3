"""Switches that make the platform misbehave as networks, gateways and tired servers do; for training and tests only.

They sit outside the business: a fault may hide, cut or falsify a reply, but what was committed is committed. Set in the
process (`Faults.set`) or through `POST /training/faults`, the one path that is no part of the contract.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from werkzeug.wrappers import Response

from bloodbank_desktop.training.problems import BY_STATUS, TYPES, problem

JSON = "application/json"
PROBLEM = "application/problem+json"
LOGIN_PAGE = "<!DOCTYPE html><html><head><title>网络登录</title></head><body><form>请先登录网络</form></body></html>"

BEFORE = {
    "html": "200 with a login page, as of a captive portal",
    "redirect": "302 to a login page on another host",
    "status": "the problem of `status`; with `retry_after` in the header Retry-After",
    "item-error": "500 for the whole request if the id of an operation matches `match`",
}
"""Faults in place of the business: nothing is done."""

AFTER = {
    "drop-reply": "the connection is closed without a reply",
    "truncate": "only the first `bytes` bytes of the reply",
    "drip": "the reply byte by byte, `seconds` apart",
    "wrong-batch": "the reply bears the id of another batch",
    "missing-key": "the reply lacks its last item",
    "extra-key": "the reply has an item of a key that was not sent",
    "duplicate-key": "the reply has its last item twice",
    "garbage": "a reply of the right type that is no JSON",
}
"""Faults in the reply: the business is done and committed."""

OTHER = {"delay": "waits `seconds` and goes on", "item-retry": "answers `retry` for items whose id matches `match`"}
KINDS = {**BEFORE, **AFTER, **OTHER}


class DroppedReply(ConnectionError):
    """The server closes the connection and says nothing; what it did before stands."""


@dataclass(frozen=True)
class Fault:
    """One switch. `times` requests are struck, None = until the faults are set anew; `path` is a prefix of the path."""

    kind: str
    times: int | None = None
    path: str = "/v1/"
    match: str = ""
    status: int = 503
    retry_after: str | None = None
    seconds: float = 0.0
    bytes: int = 0

    def __post_init__(self) -> None:
        """Raise ValueError for a kind that does not exist or a pattern that does not compile."""
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are {', '.join(KINDS)}")
        if not 400 <= self.status <= 599:
            raise ValueError("status is an error status, 400 to 599")
        re.compile(self.match)


def from_json(document: Any) -> list[Fault]:
    """Return the faults of `{"faults": [{"kind", …}]}`. Raises ValueError saying what is wrong."""
    if not isinstance(document, dict) or not isinstance(document.get("faults"), list):
        raise ValueError('expected {"faults": [{"kind": …}]}')
    types = get_type_hints(Fault)
    found = []
    for item in document["faults"]:
        if not isinstance(item, dict) or "kind" not in item or not item.keys() <= types.keys():
            raise ValueError(f"a fault has kind and any of {', '.join(f.name for f in fields(Fault))}")
        for name, value in item.items():
            wanted = (int, float) if types[name] is float else types[name]
            if not isinstance(value, wanted) or isinstance(value, bool):
                raise ValueError(f"{name} has the wrong type")
        found.append(Fault(**item))
    return found


class Faults:
    """The switches of one server, with a count of how often each struck."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = list(faults)
        self._struck = [0] * len(self._faults)
        #: Set when the server stops, so that no delay outlives it.
        self.stopping = threading.Event()

    def set(self, *faults: Fault) -> None:
        """Replace all faults."""
        with self._lock:
            self._faults, self._struck = list(faults), [0] * len(faults)

    def shown(self) -> list[dict[str, Any]]:
        """Return the faults with `struck`, for the reply of the training path."""
        with self._lock:
            return [{**asdict(f), "struck": n} for f, n in zip(self._faults, self._struck, strict=True)]

    def take(self, kinds: Iterable[str], path: str, ids: Iterable[str] = ()) -> Fault | None:
        """Return the first fault of these kinds that strikes this request and count it; None if there is none.

        A fault with `match` strikes only where one of `ids` matches.
        """
        with self._lock:
            for index, fault in enumerate(self._faults):
                if (
                    fault.kind in kinds
                    and path.startswith(fault.path)
                    and (fault.times is None or self._struck[index] < fault.times)
                    and (not fault.match or any(re.search(fault.match, i) for i in ids))
                ):
                    self._struck[index] += 1
                    return fault
        return None

    def wait(self, seconds: float) -> None:
        """Wait, or less when the server stops."""
        self.stopping.wait(seconds)


def instead(fault: Fault) -> Response:
    """Return the reply of a fault of BEFORE."""
    if fault.kind == "html":
        return Response(LOGIN_PAGE, 200, mimetype="text/html")
    if fault.kind == "redirect":
        return Response(LOGIN_PAGE, 302, {"Location": "http://portal.invalid/login"}, mimetype="text/html")
    status = 500 if fault.kind == "item-error" else fault.status
    slug = BY_STATUS.get(status, "internal")
    document = {**problem(slug, TYPES[slug].title), "status": status}
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    return Response(json.dumps(document), status, headers, mimetype=PROBLEM)


def falsified(fault: Fault, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the reply to a batch as a fault of AFTER spoils its content; other faults leave it."""
    spoilt = dict(document)
    results = list(spoilt.get("results", ()))
    if fault.kind == "wrong-batch":
        spoilt["batch_id"] = str(uuid.uuid4())
    elif fault.kind == "missing-key":
        spoilt["results"] = results[:-1]
    elif fault.kind == "extra-key":
        spoilt["results"] = [*results, {**results[-1], "key": f"{uuid.uuid4()}:1"}] if results else results
    elif fault.kind == "duplicate-key":
        spoilt["results"] = [*results, *results[-1:]]
    return spoilt


def spoilt(fault: Fault, reply: Response, faults: Faults) -> Response:
    """Return the reply as a fault of AFTER cuts it. Raises DroppedReply."""
    if fault.kind == "drop-reply":
        raise DroppedReply("fault: the reply is dropped")
    content = reply.get_data()
    if fault.kind == "garbage":
        reply.set_data(b'{"batch_id": ' + content[:20])
    elif fault.kind in ("truncate", "drip"):
        reply.response = _cut(content, fault.bytes) if fault.kind == "truncate" else _drip(content, fault, faults)
        reply.headers["Content-Length"] = str(len(content))
    return reply


def _cut(content: bytes, most: int) -> Iterator[bytes]:
    yield content[:most]
    raise DroppedReply("fault: the reply is cut")


def _drip(content: bytes, fault: Fault, faults: Faults) -> Iterator[bytes]:
    end = time.monotonic() + 600
    for position in range(len(content)):
        yield content[position : position + 1]
        faults.wait(fault.seconds)
        if faults.stopping.is_set() or time.monotonic() > end:
            raise DroppedReply("fault: the reply is cut")
