"""Loaded by schemathesis: what no schema can say of a batch is computed, so that the fuzz reaches the business.

Digest and batch id of well-formed requests are made true, keys follow their dseq, and a part of the bodies become valid
records. Requests that are wrong on purpose stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import schemathesis
from requests import PreparedRequest
from requests.auth import AuthBase

from bloodbank_desktop.records.kinds.files import SUFFIXES
from tests import papers
from tests.training.kit import Device, content_digest, delivery, fingerprint, request

NEGATIVE = "negative"
#: What was sent, to be repeated; and the keys that the platform has an outcome of.
_sent: list[dict[str, Any]] = []
_settled: list[str] = []


def _lesson() -> list[dict[str, Any]]:
    """Return operations whose outcomes are applied, duplicate, conflict, waiting and rejected.

    What is generated changes with every module of ours, because Hypothesis draws constants from them; that the business
    is reached at all is therefore not left to the draw.
    """
    device = Device()
    device.incarnation, device.dseq = "fuzz", 9 * 10**13
    first = device.operation("transfusion_request", request(20))
    stale = device.operation("transfusion_request", request(20), "amend", id=first["id"], base_version=9)
    early = device.operation("transfusion_request", request(20), "amend", base_version=1)
    return [first, first, stale, early, device.operation("transfusion_request", {})]


_to_do = _lesson()


class _Digest(AuthBase):
    """States the digest of the very bytes that travel, or lets these travel in their place.

    Bytes that are no JSON cannot be put in a case: the tool would take it for one that is wrong on purpose.
    """

    def __init__(self, instead: bytes | None = None) -> None:
        self.instead = instead

    def __call__(self, sent: PreparedRequest) -> PreparedRequest:
        if self.instead is not None:
            sent.prepare_body(self.instead, None)
        content = sent.body or b""
        sent.headers["Content-Digest"] = content_digest(content.encode() if isinstance(content, str) else content)
        return sent


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Make a positive batch true."""
    if case.operation.path == "/v1/changes" and case.query and _positive(case):
        # A cursor can only come from the platform; a made-up one is gone whatever it looks like.
        case.query.pop("cursor", None)
    if case.operation.path == "/v1/ops/{key}" and _settled and _positive(case):
        # No generator guesses a key that the platform knows.
        case.path_parameters["key"] = _settled[-1]
    if case.operation.path == "/v1/files/{sha256}":
        _true_file(case, kwargs)
    if case.operation.path != "/v1/ops:batch" or not _positive(case) or not isinstance(case.body, dict):
        return
    seen: set[str] = set()
    for index, op in enumerate(case.body["ops"]):
        if index == 0 and _to_do:
            case.body["ops"][index] = _to_do[0]
            seen.add(_to_do[0]["key"])
            continue
        chance = int(hashlib.sha256(json.dumps(op, sort_keys=True).encode()).hexdigest(), 16)
        known = _sent[chance % len(_sent)] if _sent and chance % 5 == 0 else None
        if known and known["key"] not in seen:
            case.body["ops"][index] = known
            seen.add(known["key"])
            continue
        op["dseq"] = int(op["dseq"])
        while f"fuzz:{op['dseq']}" in seen:
            op["dseq"] = op["dseq"] % 10**14 + 1
        op["key"] = f"fuzz:{op['dseq']}"
        seen.add(op["key"])
        if chance % 8:
            seed = chance % 21
            bags = chance % 3 == 0 and (op["op"] == "register" or chance % 4 == 0)
            op["module"] = "stock_in" if bags else "transfusion_request"
            op["body"] = {"reason": ""} if op["op"] == "delete" else (delivery if bags else request)(seed)
            op["id"] = f"00000000-0000-7000-8000-{seed:012d}"
            op["needs"] = []
            op["base_version"] = None if op["op"] == "register" or chance % 11 else 1
        if chance % 13:
            op["sha256"] = fingerprint(op["body"])
        _sent.append(dict(op))
    case.headers["Idempotency-Key"] = case.body["batch_id"]
    case.headers.pop("Content-Encoding", None)
    kwargs["auth"] = _Digest()


def _true_file(case: Any, kwargs: dict[str, Any]) -> None:
    """Give a file a content of its type, the name of that content and its digest; ask for one that was sent."""
    if not _positive(case):
        return
    if case.operation.method == "get":
        # No generator guesses a content that was sent.
        case.path_parameters["sha256"] = hashlib.sha256(papers.content(0)).hexdigest()
        return
    chance = int(hashlib.sha256(repr(case.body).encode()).hexdigest(), 16)
    suffix = SUFFIXES[case.media_type]
    content = papers.content(chance % 7, suffix)
    case.path_parameters["sha256"] = hashlib.sha256(content).hexdigest()
    kwargs["auth"] = _Digest(content)


@schemathesis.serializer("image/jpeg", "image/png", "application/pdf")
def _as_it_is(context: Any, value: Any) -> bytes:
    return value if isinstance(value, bytes) else repr(value).encode(errors="replace")


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count what the business answered, so that the test can tell a fuzz that got nowhere; and no reply is HTML."""
    kind = response.headers.get("content-type", [""])[0]
    is_file = case.operation.method == "get" and "/v1/files/" in case.operation.path and kind in SUFFIXES
    assert is_file or kind in ("application/json", "application/problem+json"), kind
    document = json.loads(response.content) if response.content and not is_file else {}
    _settled.extend(r["key"] for r in document.get("results", ()) if r["status"] in ("applied", "rejected", "conflict"))
    if _to_do and _to_do[0]["key"] in [result["key"] for result in document.get("results", ())]:
        del _to_do[0]
    words = [result["status"] for result in document.get("results", ())] if response.status_code == 200 else []
    if response.status_code == 200 and "/v1/files/" in case.operation.path:
        words.append("given" if is_file else "stored")
    with open(os.environ["FUZZ_COUNTS"], "a", encoding="utf-8") as counts:  # noqa: PTH123
        counts.write("".join(f"{word}\n" for word in (str(response.status_code), *words)))


def _positive(case: Any) -> bool:
    return case.meta is None or case.meta.generation.mode.value != NEGATIVE
