"""One method, one request as the contract says, one checked reply; and what each status means."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from bloodbank_desktop.clock import utc_text
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Batch
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.http_platform import HttpPlatform, batch_body, checked_address
from tests.faults.tiny import TinyServer, http
from tests.sync.kit import EPOCH, IDENTITY, NOW, QUICK, StillClock, as_json, batch_of, reply_to, row

HELLO = {
    "protocol": {"min": 1, "max": 1},
    "epoch": EPOCH,
    "server_time": utc_text(NOW),
    "min_client": "0.1.0",
    "name": "市平台",
}
PROBLEM = as_json({"type": "https://x/problems/something", "title": "不行", "status": 400})


def client(server: TinyServer) -> HttpPlatform:
    """The client of a tiny server, with a clock that stands still."""
    return HttpPlatform(server.url, "secret-token", IDENTITY, StillClock(), limits=QUICK)


def send(server: TinyServer, batch: Batch) -> seam.SendReply:
    """Send a batch."""
    platform = client(server)
    return platform.send(platform.pack(batch, epoch_seen=EPOCH, clock_offset_ms=7))


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Request line, headers in lower case, body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return first, {name.lower(): value for name, value in (line.split(": ", 1) for line in rest)}, body


def test_a_batch_travels_as_the_contract_says() -> None:
    """Headers, digest and every member of the body are those of the contract; the frozen payload is untouched."""
    frozen = b'{"b":1.50,"a":"\xe8\xa1\x80"}'
    batch = Batch(batch_of(1).id, (row(5, frozen, needs=("inc-1:3",), base_version=2),), 9)
    with TinyServer(http(as_json(reply_to(batch)))) as server:
        reply = send(server, batch)
    first, headers, body = parts(server.requests[0])
    assert first == "POST /v1/ops:batch HTTP/1.1"
    expected = {
        "authorization": "Bearer secret-token",
        "x-device": "dev-1",
        "x-incarnation": "inc-1",
        "x-protocol": "1",
        "idempotency-key": batch.id,
        "content-type": "application/json",
        "content-digest": f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:",
    }
    assert {name: headers[name] for name in expected} == expected
    assert "content-encoding" not in headers
    assert frozen in body
    assert json.loads(body) == {
        "batch_id": batch.id,
        "epoch_seen": EPOCH,
        "device_hwm": 9,
        "ops": [
            {
                "key": "inc-1:5",
                "dseq": 5,
                "module": "stock_in",
                "op": "register",
                "id": batch.rows[0].record_id,
                "base_version": 2,
                "needs": ["inc-1:3"],
                "actor": "训练甲",
                "occurred_at": "2026-11-23T01:00:00.000Z",
                "clock_offset_ms": 7,
                "sha256": hashlib.sha256(frozen).hexdigest(),
                "body": json.loads(frozen),
            }
        ],
    }
    assert [(o.key, o.status) for o in reply.outcomes] == [("inc-1:5", "applied")]


def test_long_bodies_are_packed_and_the_digest_is_of_what_travels() -> None:
    """Above 2 KB the body is gzip, the same bytes each time, and the digest is that of the packed body (RFC 9530)."""
    batch = batch_of(100)
    with TinyServer(http(as_json(reply_to(batch)))) as server:
        send(server, batch)
        send(server, batch)
    _, headers, body = parts(server.requests[0])
    assert headers["content-encoding"] == "gzip"
    assert headers["content-digest"] == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert gzip.decompress(body) == batch_body(batch, EPOCH, 7)
    assert len(body) < 0.5 * len(gzip.decompress(body))
    # The time in the head of a gzip would make each attempt differ.
    assert body[4:8] == bytes(4)
    assert parts(server.requests[1])[2] == body


def test_the_clock_of_the_platform_is_estimated() -> None:
    """The offset is the platform's time minus ours at the middle of the exchange."""
    with TinyServer(http(as_json({**HELLO, "server_time": "2026-11-23T01:02:03Z"}))) as server:
        assert client(server).hello().offset_ms == 123_000


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"protocol": {"min": 1, "max": 9}}, True),
        ({"protocol": {"min": 2, "max": 9}}, False),
        ({"protocol": {"min": 0, "max": 0}}, False),
        ({"min_client": "0.0.9"}, True),
        ({"min_client": "99.0"}, False),
        ({"min_client": None}, True),
        ({"min_client": "9" * 4000}, False),
    ],
)
def test_hello_tells_whether_we_fit(change: dict[str, Any], fits: bool) -> None:
    """A platform that speaks only other protocols, or wants a newer program, is told apart at the first contact."""
    with TinyServer(http(as_json(HELLO | change))) as server:
        if fits:
            assert client(server).hello().epoch == EPOCH
        else:
            with pytest.raises(seam.ClientTooOld):
                client(server).hello()


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        ("400 x", "json", seam.ProtocolFault),
        ("401 x", "json", seam.NotSignedIn),
        ("403 x", "json", seam.DeviceRefused),
        ("404 x", "json", seam.ProtocolFault),
        ("405 x", "json", seam.ProtocolFault),
        ("409 x", "json", seam.Busy),
        ("410 x", "json", seam.CursorGone),
        ("413 x", "json", seam.TooLarge),
        ("415 x", "json", seam.ProtocolFault),
        ("422 x", "json", seam.Unprocessable),
        ("426 x", "json", seam.ClientTooOld),
        ("429 x", "json", seam.Busy),
        ("500 x", "json", seam.ServerFault),
        ("501 x", "json", seam.ProtocolFault),
        ("502 x", "json", seam.ServerFault),
        ("503 x", "json", seam.Busy),
        ("504 x", "json", seam.ServerFault),
        ("511 x", "json", seam.NotThePlatform),
        ("201 x", "json", seam.NotThePlatform),
        ("204 x", "json", seam.PlatformProblem),
        ("302 x", "json", seam.NotThePlatform),
        ("307 x", "html", seam.NotThePlatform),
        ("200 x", "html", seam.NotThePlatform),
        ("401 x", "html", seam.NotThePlatform),
        ("403 x", "html", seam.NotThePlatform),
        ("404 x", "html", seam.NotThePlatform),
        ("410 x", "html", seam.NotThePlatform),
        ("426 x", "html", seam.NotThePlatform),
        ("429 x", "html", seam.NotThePlatform),
        ("413 x", "html", seam.TooLarge),
        ("500 x", "html", seam.ServerFault),
        ("501 x", "html", seam.ServerFault),
        ("502 x", "html", seam.ServerFault),
        ("503 x", "html", seam.Busy),
        ("511 x", "html", seam.NotThePlatform),
    ],
)
def test_every_status_has_its_class(status: str, kind: str, expected: type[seam.PlatformProblem]) -> None:
    """A status means what the contract says only with a JSON body; a page of HTML stops no lane, except for 5xx."""
    body, media = (PROBLEM, "application/problem+json") if kind == "json" else (b"<html>", "text/html")
    with TinyServer(http(body, status=status, kind=media)) as server:
        with pytest.raises(seam.PlatformProblem) as raised:
            send(server, batch_of(1))
        assert isinstance(raised.value, expected)
        assert type(raised.value) is expected or expected is seam.PlatformProblem
        assert raised.value.message.endswith(("重试", "上传", "可照常进行", "网络", "信息科", "发送", "读取", "查找"))


@pytest.mark.parametrize(
    "kind",
    ["text/json", "application/json; charset=gbk", "application/jsonx", "application/problem+json", "text/plain", ""],
)
def test_a_good_body_of_a_wrong_type_is_no_reply(kind: str) -> None:
    """Only application/json in UTF-8 is a reply, however good the rest looks."""
    batch = batch_of(1)
    with TinyServer(http(as_json(reply_to(batch)), kind=kind)) as server, pytest.raises(seam.NotThePlatform):
        send(server, batch)


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_spellings_of_the_right_type(kind: str) -> None:
    """Case and a stated UTF-8 make no difference."""
    batch = batch_of(1)
    with TinyServer(http(as_json(reply_to(batch)), kind=kind)) as server:
        assert len(send(server, batch).outcomes) == 1


@pytest.mark.parametrize(
    ("extra", "wait"),
    [
        ("", None),
        ("Retry-After: 17\r\n", 17.0),
        ("Retry-After: 99999\r\n", 3600.0),
        ("Retry-After: Mon, 23 Nov 2026 01:01:00 GMT\r\n", 60.0),
    ],
)
def test_busy_names_its_wait(extra: str, wait: float | None) -> None:
    """429 and 503 hand on Retry-After, as seconds or date, at most an hour."""
    for status in ("429 x", "503 x"):
        answer = http(PROBLEM, status=status, kind="application/problem+json", extra=extra)
        with TinyServer(answer) as server, pytest.raises(seam.Busy) as busy:
            send(server, batch_of(1))
        assert busy.value.retry_after == wait


def test_a_rewound_device_is_told_apart() -> None:
    """409 means wait, except for the type that says that this database was restored or copied."""
    body = as_json({"type": "https://x/problems/device-rewound", "title": "x", "status": 409})
    answer = http(body, status="409 Conflict", kind="application/problem+json")
    with TinyServer(answer) as server, pytest.raises(seam.Rewound):
        send(server, batch_of(1))


def test_a_stored_outcome_can_be_asked_for() -> None:
    """GET /v1/ops/{key} gives the stored outcome, and None only when the platform itself says that there is none."""
    stored = as_json({"key": "inc-1:5", "status": "applied", "version": 3, "problem": None})
    with TinyServer(http(stored)) as server:
        found = client(server).outcome("inc-1:5")
        assert found is not None
        assert found.version == 3
        assert server.requests[0].startswith(b"GET /v1/ops/inc-1%3A5 HTTP/1.1")
    with TinyServer(http(PROBLEM, status="404 Not Found", kind="application/problem+json")) as server:
        assert client(server).outcome("inc-1:5") is None
    page = http(b"<html>", status="404 Not Found", kind="text/html")
    with TinyServer(page) as server, pytest.raises(seam.NotThePlatform):
        client(server).outcome("inc-1:5")


def test_changes_and_snapshots_are_asked_for() -> None:
    """Feed, cursor and limit travel in the query, quoted."""
    change = {
        "module": "m",
        "id": "i",
        "version": 2,
        "deleted": True,
        "body": {},
        "answer": {"receipt_no": "1"},
        "key": "k",
    }
    page = {"epoch": EPOCH, "changes": [change], "next_cursor": "n", "more": True, "as_of": utc_text(NOW)}
    with TinyServer(http(as_json(page))) as server:
        found = client(server).changes("main", "a&b=/", 50)
        client(server).changes("main", None, 50)
    assert (found.changes[0].answer, found.next_cursor, found.more) == ({"receipt_no": "1"}, "n", True)
    assert server.requests[0].startswith(b"GET /v1/changes?feed=main&limit=50&cursor=a%26b%3D%2F HTTP/1.1")
    assert server.requests[1].startswith(b"GET /v1/changes?feed=main&limit=50 HTTP/1.1")

    opened = as_json({"id": "s 1", "epoch": EPOCH, "cursor": "c", "module": "m"})
    with TinyServer(http(opened, status="201 Created")) as server:
        snapshot = client(server).open_snapshot("m")
        assert b'{"module": "m"}' in server.requests[0]
    with TinyServer(http(opened, status="201 Created")) as server, pytest.raises(seam.NotThePlatform):
        client(server).open_snapshot("other")
    pages = as_json({"changes": [change], "next": "i", "cursor": "c"})
    with TinyServer(http(pages)) as server:
        assert client(server).snapshot_page(snapshot, "h", 2000).after == "i"
        assert server.requests[0].startswith(b"GET /v1/snapshots/s%201?limit=2000&after=h HTTP/1.1")


@pytest.mark.parametrize(
    "address",
    ["", "platform.example", "http://platform.example", "ftp://x", "https://", "https://user:pw@platform.example",
     "https://platform.example?x=1", "https://platform.example#x", "https://platform.example:99999", "https://[::1",
     "http://127.0.0.1.evil.example", "javascript:alert(1)"],
)  # fmt: skip
def test_addresses_that_must_not_be_used(address: str) -> None:
    """Plain HTTP to another machine, credentials in the address and nonsense are refused with a sentence."""
    with pytest.raises(KnownProblem, match="平台地址"):
        checked_address(address)


@pytest.mark.parametrize(
    ("address", "clean"),
    [(" https://platform.example/ ", "https://platform.example"), ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
     ("https://platform.example:8443/blood/", "https://platform.example:8443/blood")],
)  # fmt: skip
def test_addresses_that_may_be_used(address: str, clean: str) -> None:
    """HTTPS anywhere, and plain HTTP on this machine for training."""
    assert checked_address(address) == clean


def test_the_token_is_in_no_text() -> None:
    """Neither a failure nor its detail shows the credential, for they go to the log."""
    answer = http(PROBLEM, status="401 x", kind="application/problem+json")
    with TinyServer(answer) as server, pytest.raises(seam.NotSignedIn) as refused:
        send(server, batch_of(1))
    assert "secret-token" not in repr(refused.value) + str(refused.value) + refused.value.detail


def test_a_reply_to_another_batch_is_refused() -> None:
    """The reply to the batch before does not settle this one, though it holds the same keys."""
    batch = batch_of(2)
    with TinyServer(http(as_json(reply_to(batch)))) as server, pytest.raises(seam.NotThePlatform):
        send(server, replace(batch, id=batch_of(1).id))
