"""Over HTTP the platform answers whatever arrives with JSON or a documented problem, never with HTML."""

from __future__ import annotations

import gzip
import json
import socket
import tracemalloc
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.test import Client

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.training.application import Application
from bloodbank_desktop.training.envelope import MOST_BYTES, MOST_OPS
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.problems import TYPES
from bloodbank_desktop.training.server import TrainingServer
from tests.training.kit import Device, common_headers, content_digest, delivery, request, slug, statuses


def _problem(reply: requests.Response, status: int, name: str) -> None:
    """Check that a reply is the documented problem."""
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "application/problem+json")
    document = reply.json()
    assert (document["status"], slug(document)) == (status, name)
    assert TYPES[name].status == status
    assert isinstance(document["detail"], str)
    assert isinstance(document["errors"], list)


def _get(server: TrainingServer, path: str, **parameters: Any) -> requests.Response:
    return requests.get(server.url + path, params=parameters, headers=common_headers(), timeout=30)


def test_a_batch_travels(server: TrainingServer) -> None:
    """A batch, plain or gzip, is done and answered by key; outcome, feed, snapshot and digest can be read."""
    device = Device()
    ops = [device.operation("transfusion_request", request(n)) for n in range(3)]
    reply = device.post(server.url, *ops).json()
    assert statuses(reply["results"]) == ["applied"] * 3
    assert reply["acked_through"] == 3
    batch = device.batch(*ops)
    content = gzip.compress(json.dumps(batch).encode())
    headers = {**device.headers(content, batch["batch_id"]), "Content-Encoding": "gzip"}
    again = requests.post(f"{server.url}/v1/ops:batch", data=content, headers=headers, timeout=30).json()
    assert (again["batch_id"], statuses(again["results"])) == (batch["batch_id"], ["duplicate"] * 3)

    hello = _get(server, "/v1/hello").json()
    assert (hello["protocol"], hello["epoch"]) == ({"min": 1, "max": 1}, reply["epoch"])
    assert _get(server, f"/v1/ops/{ops[0]['key']}").json()["status"] == "applied"
    page = _get(server, "/v1/changes", feed="main", limit=2).json()
    assert [c["key"] for c in page["changes"]] == [op["key"] for op in ops[:2]]
    rest = _get(server, "/v1/changes", feed="main", cursor=page["next_cursor"]).json()
    assert [c["key"] for c in rest["changes"]] == [ops[2]["key"]]
    begun = requests.post(
        f"{server.url}/v1/snapshots", json={"module": "transfusion_request"}, headers=common_headers(), timeout=30
    )
    assert begun.status_code == 201
    snapshot = _get(server, begun.headers["Location"]).json()
    assert {c["id"] for c in snapshot["changes"]} == {op["id"] for op in ops}
    assert snapshot["cursor"] == begun.json()["cursor"]
    assert _get(server, "/v1/digests", module="transfusion_request", bucket="2026-11").json()["n"] == 3
    assert _get(server, "/v1/digests", module="stock_in", bucket="2026-11").json()["digest"] == "0" * 16
    assert len(_get(server, "/v1/digests", module="transfusion_request").json()["buckets"]) == 1


def _bare(method: str, path: str, **options: Any) -> Callable[[TrainingServer], requests.Response]:
    def call(server: TrainingServer) -> requests.Response:
        headers = {**common_headers(), **options.get("headers", {})}
        rest = {k: v for k, v in options.items() if k != "headers"}
        return requests.request(method, server.url + path, headers=headers, timeout=30, **rest)

    return call


def _batch(content: bytes | None = None, **headers: str) -> Callable[[TrainingServer], requests.Response]:
    def call(server: TrainingServer) -> requests.Response:
        device = Device()
        batch = device.batch(device.operation("stock_in", delivery()))
        sent = json.dumps(batch).encode() if content is None else content
        changed = {**device.headers(sent, batch["batch_id"]), **{k.replace("_", "-"): v for k, v in headers.items()}}
        kept = {name: value for name, value in changed.items() if value != "absent"}
        return requests.post(f"{server.url}/v1/ops:batch", data=sent, headers=kept, timeout=30)

    return call


_UUID = "00000000-0000-4000-8000-000000000000"
_BOMB = gzip.compress(b" " * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("call", "status", "name"),
    [
        (_bare("GET", "/"), 404, "not-found"),
        (_bare("GET", "/v1//hello"), 404, "not-found"),
        (_bare("GET", "/v1/ops/"), 404, "not-found"),
        (_bare("GET", "/%ff%00/<b>"), 404, "not-found"),
        (_bare("PUT", "/v1/hello"), 405, "method"),
        (_bare("GET", "/v1/ops:batch"), 405, "method"),
        (_bare("BREW", "/v1/hello"), 405, "method"),
        (_bare("GET", "/v1/hello", headers={"Authorization": "Bearer other"}), 401, "unauthorized"),
        (_bare("GET", "/v1/hello", headers={"Authorization": "Basic dHJhaW5pbmc="}), 401, "unauthorized"),
        (_bare("GET", "/v1/changes", headers={"X-Protocol": "2"}), 426, "protocol"),
        (_bare("GET", "/v1/changes", headers={"X-Protocol": None}), 400, "malformed"),
        (_bare("GET", "/v1/changes?cursor=foreign"), 410, "cursor-gone"),
        (_bare("GET", "/v1/changes?limit=0"), 400, "malformed"),
        (_bare("GET", "/v1/changes?limit=1001"), 400, "malformed"),
        (_bare("GET", "/v1/changes?limit=%F0%9F%A9%B8"), 400, "malformed"),
        (_bare("GET", "/v1/changes?feed=other"), 400, "malformed"),
        (_bare("GET", "/v1/changes?cursor=" + "x" * 501), 400, "malformed"),
        (_bare("GET", "/v1/ops/nonsense"), 404, "not-found"),
        (_bare("GET", f"/v1/ops/{_UUID}:1"), 404, "not-found"),
        (_bare("GET", f"/v1/snapshots/{_UUID}"), 404, "not-found"),
        (_bare("GET", "/v1/snapshots/nonsense"), 404, "not-found"),
        (_bare("GET", "/v1/digests"), 400, "malformed"),
        (_bare("GET", "/v1/digests?module=nothing"), 400, "malformed"),
        (_bare("GET", "/v1/digests?module=stock_in&bucket=2026-13"), 400, "malformed"),
        (_bare("POST", "/v1/snapshots", json={"module": "nothing"}), 400, "malformed"),
        (_bare("POST", "/v1/snapshots", json=[]), 400, "malformed"),
        (_bare("POST", "/v1/snapshots", data=b"{}"), 415, "media-type"),
        (_batch(Content_Type="text/plain"), 415, "media-type"),
        (_batch(Content_Type="application/json; charset=gbk"), 415, "media-type"),
        (_batch(Content_Encoding="br"), 415, "media-type"),
        (_batch(Content_Encoding="gzip"), 400, "malformed"),
        (_batch(gzip.compress(b"{}")[:-1], Content_Encoding="gzip"), 400, "malformed"),
        (_batch(gzip.compress(b"{}") * 2, Content_Encoding="gzip"), 400, "malformed"),
        (_batch(_BOMB, Content_Encoding="gzip"), 413, "too-large"),
        (_batch(b" " * (MOST_BYTES + 1)), 413, "too-large"),
        (_batch(Content_Digest="absent"), 400, "content-digest"),
        (_batch(Content_Digest=content_digest(b"other")), 400, "content-digest"),
        (_batch(Content_Digest="md5=:AAAA:"), 400, "content-digest"),
        (_batch(Idempotency_Key="absent"), 400, "malformed"),
        (_batch(Idempotency_Key=_UUID), 400, "malformed"),
        (_batch(X_Device="absent"), 400, "malformed"),
        (_batch(X_Incarnation="a b"), 400, "malformed"),
        (_batch(b""), 400, "malformed"),
        (_batch(b"\xff"), 400, "malformed"),
        (_batch(b'{"a": NaN}'), 400, "malformed"),
        (_batch(b"[" * 100_000), 400, "malformed"),
        (_batch(b"1" * 5000), 400, "malformed"),
        (_batch(b'{"ops": []}'), 400, "malformed"),
    ],
)
def test_every_refusal_is_a_documented_problem(
    server: TrainingServer, call: Callable[[TrainingServer], requests.Response], status: int, name: str
) -> None:
    """Garbage in path, method, header, parameter or content is answered by the documented problem."""
    _problem(call(server), status, name)


def test_a_method_error_names_the_methods(server: TrainingServer) -> None:
    """405 says in Allow what the path allows; 401 says in WWW-Authenticate what is asked."""
    allowed = requests.delete(f"{server.url}/v1/changes", headers=common_headers(), timeout=30).headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD"}
    assert requests.get(f"{server.url}/v1/hello", timeout=30).headers["WWW-Authenticate"].startswith("Bearer")


def test_a_batch_has_its_limit(server: TrainingServer) -> None:
    """A batch of more than the limit of operations is malformed and nothing of it is done."""
    device = Device()
    body = request()
    ops = [device.operation("transfusion_request", body) for _ in range(MOST_OPS + 1)]
    _problem(device.post(server.url, *ops), 400, "malformed")
    assert _get(server, "/v1/changes").json()["changes"] == []


def test_what_is_no_json_number_refuses_the_batch(server: TrainingServer) -> None:
    """NaN inside a body, which JSON does not know, makes the whole content malformed."""
    device = Device()
    op = {**device.operation("transfusion_request", request()), "body": {"haemoglobin": float("nan")}}
    _problem(device.post(server.url, op), 400, "malformed")


def test_an_unfinished_gzip_is_refused(server: TrainingServer) -> None:
    """Content whose gzip lacks its end or is followed by more is malformed, even if a whole batch could be read."""
    device = Device()
    batch = device.batch(device.operation("transfusion_request", request()))
    whole = gzip.compress(json.dumps(batch).encode())
    for content in (whole[:-4], whole + b"x"):
        headers = {**device.headers(content, batch["batch_id"]), "Content-Encoding": "gzip"}
        _problem(
            requests.post(f"{server.url}/v1/ops:batch", data=content, headers=headers, timeout=30), 400, "malformed"
        )
    assert _get(server, "/v1/changes").json()["changes"] == []


def test_a_decompression_bomb_is_never_unpacked(platform: Platform) -> None:
    """Content that grows above the limit is refused without holding more of it than the limit in memory."""
    content = gzip.compress(b" " * (16 * MOST_BYTES), 9)
    headers = {**Device().headers(content, str(uuid.uuid4())), "Content-Encoding": "gzip"}
    client = Client(Application(platform))
    tracemalloc.start()
    reply = client.post("/v1/ops:batch", data=content, headers=headers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (reply.status_code, slug(reply.json)) == (413, "too-large")
    assert peak < 4 * MOST_BYTES


def test_a_failure_of_ours_is_a_problem_without_details(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen exception is answered 500 as problem+json and tells the outside nothing of what happened."""

    def fail() -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(platform, "hello", fail)
    reply = Client(Application(platform)).get("/v1/hello", headers=common_headers())
    assert (reply.status_code, reply.mimetype, slug(reply.json)) == (500, "application/problem+json", "internal")
    assert "secret" not in reply.text


def test_a_rewound_device_is_told(server: TrainingServer) -> None:
    """A reused dseq with other content is 409 device-rewound by HTTP, too."""
    device = Device()
    device.post(server.url, device.operation("transfusion_request", request(0)))
    device.dseq = 0
    _problem(device.post(server.url, device.operation("transfusion_request", request(1))), 409, "device-rewound")


@pytest.mark.parametrize(
    "raw",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /v1/hello HTTP/1.1\r\nHost: x\r\n bad: folded\r\nbroken\r\n\r\n",
        b"POST /v1/ops:batch HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/ops:batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
        b"POST /v1/ops:batch HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_a_problem_too(server: TrainingServer, raw: bytes) -> None:
    """Requests that the HTTP library refuses before the application are answered by problem+json and no page."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        reply = b""
        while part := connection.recv(65536):
            reply += part
    head, _, content = reply.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert json.loads(content)["status"] == int(head.split()[1])
    assert b"<" not in content
    assert _get(server, "/v1/hello").status_code == 200


def test_a_port_in_use_is_a_known_problem(server: TrainingServer, tmp_path: Path) -> None:
    """A port that another program holds is said in a sentence that names the way out."""
    with pytest.raises(KnownProblem) as caught:
        TrainingServer(tmp_path / "second.db", port=server.port)
    assert caught.value.code == "port-in-use"


def test_a_stopped_server_is_gone_and_may_be_stopped_again(tmp_path: Path) -> None:
    """After stop nothing listens; a second stop is harmless, and the file opens again with its outcomes."""
    device = Device()
    op = device.operation("stock_in", delivery())
    with TrainingServer(tmp_path / "platform.db") as first:
        device.post(first.url, op)
    first.stop()
    with pytest.raises(requests.ConnectionError):
        _get(first, "/v1/hello")
    with TrainingServer(tmp_path / "platform.db") as second:
        assert statuses(device.post(second.url, op).json()["results"]) == ["duplicate"]
