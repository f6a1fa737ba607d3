"""A fault hides, cuts or falsifies a reply; what the platform committed, it committed."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from bloodbank_desktop.training.faults import AFTER, BEFORE, KINDS, Fault
from bloodbank_desktop.training.server import TrainingServer
from tests.training.kit import Device, common_headers, request, slug, statuses


def _operation(device: Device, seed: int = 0) -> dict[str, Any]:
    return device.operation("transfusion_request", request(seed))


def _feed(server: TrainingServer) -> list[str]:
    reply = requests.get(f"{server.url}/v1/changes", headers=common_headers(), timeout=30)
    return [change["key"] for change in reply.json()["changes"]]


@pytest.mark.parametrize("kind", sorted(BEFORE))
def test_a_fault_before_the_business_does_nothing(server: TrainingServer, kind: str) -> None:
    """An error or a page in place of the business leaves nothing; the same key is applied when the fault is over."""
    device = Device()
    op = _operation(device)
    server.faults.set(Fault(kind, times=1, path="/v1/ops:batch"))
    reply = device.post(server.url, op, X_Test="1") if kind != "redirect" else _unredirected(server, device, op)
    assert (reply.status_code, "html" in reply.headers["Content-Type"]) == {
        "html": (200, True),
        "redirect": (302, True),
        "status": (503, False),
        "item-error": (500, False),
    }[kind]
    assert _feed(server) == []
    assert statuses(device.post(server.url, op).json()["results"]) == ["applied"]


def _unredirected(server: TrainingServer, device: Device, op: dict[str, Any]) -> requests.Response:
    batch = device.batch(op)
    content = json.dumps(batch).encode()
    headers = device.headers(content, batch["batch_id"])
    return requests.post(f"{server.url}/v1/ops:batch", data=content, headers=headers, allow_redirects=False, timeout=30)


@pytest.mark.parametrize("kind", sorted(AFTER))
def test_a_fault_after_the_business_leaves_it_done(server: TrainingServer, kind: str) -> None:
    """However the reply is spoilt, the operation is committed once and its repetition is a duplicate."""
    device = Device()
    ops = [_operation(device, n) for n in range(2)]
    server.faults.set(Fault(kind, times=1, path="/v1/ops:batch", bytes=40))
    if kind in ("drop-reply", "truncate"):
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            device.post(server.url, *ops)
    else:
        reply = device.post(server.url, *ops)
        if kind == "garbage":
            with pytest.raises(requests.JSONDecodeError):
                reply.json()
        else:
            keys = [result["key"] for result in reply.json()["results"]]
            sent = [op["key"] for op in ops]
            assert (keys == sent) == (kind in ("drip", "wrong-batch"))
    assert _feed(server) == [op["key"] for op in ops]
    assert statuses(device.post(server.url, *ops).json()["results"]) == ["duplicate"] * 2


def test_a_wrong_batch_id_is_really_wrong(server: TrainingServer) -> None:
    """The fault wrong-batch changes the id of the reply to one that was never sent."""
    device = Device()
    batch = device.batch(_operation(device))
    content = json.dumps(batch).encode()
    server.faults.set(Fault("wrong-batch"))
    reply = requests.post(
        f"{server.url}/v1/ops:batch", data=content, headers=device.headers(content, batch["batch_id"]), timeout=30
    )
    assert reply.json()["batch_id"] != batch["batch_id"]


def test_a_poisoned_item_is_struck_by_its_id_only(server: TrainingServer) -> None:
    """item-error answers 500 to every batch that holds a matching id and to no other; item-retry strikes the item."""
    device = Device()
    poison, healthy = _operation(device, 0), _operation(device, 1)
    server.faults.set(Fault("item-error", match=poison["id"]))
    assert device.post(server.url, healthy, poison).status_code == 500
    assert _feed(server) == []
    assert statuses(device.post(server.url, healthy).json()["results"]) == ["applied"]
    assert device.post(server.url, poison).status_code == 500
    server.faults.set(Fault("item-retry", match=poison["id"]))
    results = device.post(server.url, healthy, poison).json()["results"]
    assert statuses(results) == ["duplicate", "retry"]
    assert slug(results[1]["problem"]) == "try-again"


@pytest.mark.parametrize(
    ("status", "name"), [(429, "too-many"), (503, "unavailable"), (401, "unauthorized"), (502, "")]
)
def test_a_status_bears_its_problem_and_retry_after(server: TrainingServer, status: int, name: str) -> None:
    """The fault status answers problem+json of that status, with Retry-After when one is given."""
    server.faults.set(Fault("status", status=status, retry_after="7"))
    reply = requests.get(f"{server.url}/v1/hello", headers=common_headers(), timeout=30)
    assert (reply.status_code, reply.headers["Retry-After"]) == (status, "7")
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json()["status"] == status
    assert not name or slug(reply.json()) == name


def test_a_delay_delays_and_ends_with_the_server(server: TrainingServer) -> None:
    """A delayed request is answered late, not before its time; a stopping server waits for no delay."""
    server.faults.set(Fault("delay", seconds=0.2, times=1), Fault("delay", seconds=3600))
    start = time.monotonic()
    assert requests.get(f"{server.url}/v1/hello", headers=common_headers(), timeout=30).status_code == 200
    assert time.monotonic() - start >= 0.2
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{server.url}/v1/hello", headers=common_headers(), timeout=0.2)
    start = time.monotonic()
    server.stop()
    assert time.monotonic() - start < 5


def test_faults_are_set_by_http_and_counted(server: TrainingServer) -> None:
    """POST /training/faults replaces the faults, strikes no request of its own path, and says how often each struck."""
    address = f"{server.url}/training/faults"
    document = {"faults": [{"kind": "status", "times": 2, "path": "/v1/hello", "status": 500}]}
    reply = requests.post(address, json=document, headers=common_headers(), timeout=30)
    assert reply.json()["faults"][0]["struck"] == 0
    codes = [requests.get(f"{server.url}/v1/hello", headers=common_headers(), timeout=30).status_code for _ in range(3)]
    assert codes == [500, 500, 200]
    assert requests.get(address, headers=common_headers(), timeout=30).json()["faults"][0]["struck"] == 2
    assert requests.get(address, timeout=30).status_code == 401


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"faults": [{}]},
        {"faults": ["html"]},
        {"faults": [{"kind": "fire"}]},
        {"faults": [{"kind": "html", "times": "often"}]},
        {"faults": [{"kind": "html", "colour": "red"}]},
        {"faults": [{"kind": "html", "match": "("}]},
        {"faults": [{"kind": "status", "status": 200}]},
    ],
)
def test_a_wrong_fault_is_refused(server: TrainingServer, document: Any) -> None:
    """A fault that does not exist or has members of the wrong form is refused and changes nothing."""
    server.faults.set(Fault("html"))
    reply = requests.post(f"{server.url}/training/faults", json=document, headers=common_headers(), timeout=30)
    assert (reply.status_code, slug(reply.json())) == (400, "malformed")
    assert [fault["kind"] for fault in server.faults.shown()] == ["html"]


def test_each_fault_is_described() -> None:
    """Every kind says in words what it does, for the help of the training path."""
    assert all(KINDS.values())
