"""The platform keeps files that it recognises, once, and no operation that names a file is done before the file is there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import requests

from bloodbank_desktop.records.kinds.files import MOST_BYTES
from bloodbank_desktop.training.ledger import lacking
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.problems import Refusal
from bloodbank_desktop.training.server import TrainingServer
from tests import papers, samples
from tests.training.kit import Device, StillClock, body_of, common_headers, content_digest, slug, statuses, whole_feed

REVIEW = "entitlement_review"
PDF = "application/pdf"


def put(server: TrainingServer, content: bytes, name: str | None = None, **headers: str) -> requests.Response:
    """Send a file; `name` is the SHA-256 in the path, the right one by default; `headers` (with _ for -) replaces."""
    given = {**common_headers(), "Content-Type": PDF, "Content-Digest": content_digest(content)}
    given |= {key.replace("_", "-"): value for key, value in headers.items()}
    path = hashlib.sha256(content).hexdigest() if name is None else name
    sent = {key: value for key, value in given.items() if value != "absent"}
    return requests.put(f"{server.url}/v1/files/{path}", data=content, headers=sent, timeout=30)


@pytest.mark.parametrize(("suffix", "kind"), [(".pdf", PDF), (".jpg", "image/jpeg"), (".png", "image/png")])
def test_a_file_is_kept_once(server: TrainingServer, suffix: str, kind: str) -> None:
    """The first and every further time the answer is the same, and the platform has the file."""
    content = papers.content(1, suffix)
    replies = [put(server, content, Content_Type=kind) for _ in range(2)]
    sha256 = hashlib.sha256(content).hexdigest()
    assert [reply.status_code for reply in replies] == [200, 200]
    assert [reply.json() for reply in replies] == [{"sha256": sha256, "size": len(content)}] * 2
    with server.platform.ledger.read() as connection:
        assert lacking(connection, [sha256, "0" * 64]) == {"0" * 64}


GOOD = papers.content(2)
REFUSALS = {
    "another hash": ({"name": "0" * 64}, 422, "file-digest"),
    "no hash": ({"name": "scan.pdf"}, 400, "malformed"),
    "upper case": ({"name": "A" * 64}, 400, "malformed"),
    "another type": ({"Content_Type": "image/png"}, 422, "file-type"),
    "unknown type": ({"Content_Type": "text/html"}, 415, "media-type"),
    "packed": ({"Content_Encoding": "gzip"}, 415, "media-type"),
    "damaged on the way": ({"Content_Digest": content_digest(b"other")}, 400, "content-digest"),
    "no digest": ({"Content_Digest": "absent"}, 400, "content-digest"),
    "no token": ({"Authorization": "absent"}, 401, "unauthorized"),
    "old protocol": ({"X_Protocol": "2"}, 426, "protocol"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_wrong_file_is_refused(server: TrainingServer, case: str) -> None:
    """Each wrong request has its documented refusal as problem+json, and nothing is kept."""
    changes, status, name = REFUSALS[case]
    reply = put(server, GOOD, **changes)
    assert (reply.status_code, slug(reply.json())) == (status, name)
    with server.platform.ledger.read() as connection:
        assert lacking(connection, [hashlib.sha256(GOOD).hexdigest()])


def test_the_limit_holds(server: TrainingServer) -> None:
    """A file of exactly the limit is kept, one byte more is 413, and an empty one is no file."""
    whole = papers.content(size=MOST_BYTES)[:MOST_BYTES]
    assert put(server, whole).status_code == 200
    assert put(server, whole + b".").status_code == 413
    assert slug(put(server, b"").json()) == "file-type"


def test_an_operation_waits_for_its_files(platform: Platform, device: Device) -> None:
    """Named and not there: waiting as file-unknown, again and again, with nothing done; there: applied, under the same key."""
    named = papers.entry(3)
    op = device.operation(REVIEW, body_of(REVIEW, papers.review(0, named)))
    for _ in range(2):
        (result,) = device.send(op)
        assert (result["status"], slug(result["problem"])) == ("waiting", "file-unknown")
    assert whole_feed(platform) == []
    platform.put_file(named["sha256"], PDF, papers.CONTENTS[named["sha256"]])
    assert statuses(device.send(op)) == ["applied"]
    assert statuses(device.send(op)) == ["duplicate"]


def test_an_amendment_waits_as_well(platform: Platform, device: Device) -> None:
    """A paper that is handed in later has to be there, too."""
    first = device.operation(REVIEW, body_of(REVIEW, samples.values(REVIEW)))
    assert statuses(device.send(first)) == ["applied"]
    body = body_of(REVIEW, papers.review(0, papers.entry(4)))
    again = device.operation(REVIEW, body, "amend", id=first["id"], base_version=1)
    assert statuses(device.send(again)) == ["waiting"]


def test_a_file_outlives_the_process(tmp_path: Path) -> None:
    """What was answered as kept is in the file."""
    first = Platform(tmp_path / "p.db", StillClock())
    first.put_file(hashlib.sha256(GOOD).hexdigest(), PDF, GOOD)
    first.close()
    second = Platform(tmp_path / "p.db", StillClock())
    with second.ledger.read() as connection:
        assert lacking(connection, [hashlib.sha256(GOOD).hexdigest()]) == set()
    second.close()


def test_content_is_what_decides(platform: Platform) -> None:
    """A web page is not kept, whatever it is called."""
    page = b"<html><script>"
    with pytest.raises(Refusal):
        platform.put_file(hashlib.sha256(page).hexdigest(), PDF, page)


def get(server: TrainingServer, sha256: str, **headers: str) -> requests.Response:
    """Ask for a file."""
    return requests.get(f"{server.url}/v1/files/{sha256}", headers=common_headers() | headers, timeout=30)


@pytest.mark.parametrize(("suffix", "kind"), [(".pdf", PDF), (".jpg", "image/jpeg"), (".png", "image/png")])
def test_a_kept_file_is_given_back(server: TrainingServer, suffix: str, kind: str) -> None:
    """To any device, as it was sent, with its type and its digest, and nothing may store it on the way."""
    content = papers.content(4, suffix)
    assert put(server, content, Content_Type=kind).status_code == 200
    reply = get(server, hashlib.sha256(content).hexdigest())
    assert (reply.status_code, reply.content) == (200, content)
    assert reply.headers["Content-Type"] == kind
    assert reply.headers["Content-Digest"] == content_digest(content)
    assert reply.headers["Cache-Control"] == "no-store"


def test_what_is_not_kept_is_not_found(server: TrainingServer) -> None:
    """A file that never came is 404, a name that is no hash 400, both as problem+json; without the token nothing is said."""
    for sha256, status, name in (("0" * 64, 404, "not-found"), ("scan.pdf", 400, "malformed")):
        reply = get(server, sha256)
        assert (reply.status_code, slug(reply.json())) == (status, name)
    assert get(server, "0" * 64, Authorization="Bearer wrong").status_code == 401
