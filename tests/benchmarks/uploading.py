"""Ten thousand waiting records to the training platform, beside plain HTTP that posts the very same bytes.

Ours takes batches from the encrypted file, marks them as under way, sends, checks the answers, and writes down what
became of every record, each step durable; the plain side posts ready-made requests and looks at nothing but the status.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import requests

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.dispatch import Identity
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.sync.engine import SyncEngine
from bloodbank_desktop.sync.http_platform import HttpPlatform
from bloodbank_desktop.sync.platform import Parcel, SendReply
from bloodbank_desktop.wiring import TRAINING_TOKEN, TrainingPlatform
from tests.benchmarks.measure import Result, Sizes, copied, prepared

Posted = tuple[dict[str, str], bytes]


class _Remembering(HttpPlatform):
    """The platform, remembering what was sent."""

    sent: list[Parcel]

    def send(self, parcel: Parcel) -> SendReply:
        self.sent.append(parcel)
        return super().send(parcel)


def _post(parcel: Parcel, identity: Identity) -> Posted:
    """Return headers and content of the request that carried a batch."""
    headers = {
        "Authorization": f"Bearer {TRAINING_TOKEN}",
        "X-Device": identity.device_id,
        "X-Incarnation": identity.incarnation,
        "X-Protocol": "1",
    }
    return headers | dict(parcel.headers), parcel.content


def _ours(source: Path, count: int) -> tuple[float, float, list[Posted]]:
    """Return the seconds until the queue was empty, and until everything had come back, and what was posted."""
    settled = [0.0]

    def heard(changes: Changes) -> None:
        if changes.queue:
            settled[0] = time.perf_counter()

    with copied(source) as folder, tempfile.TemporaryDirectory() as place:
        profile = open_profile(folder, training=True)
        with TrainingPlatform(Path(place) / "platform.db") as server:
            platform = _Remembering(server.url, TRAINING_TOKEN, profile.dispatch.identity, SystemClock())
            platform.sent = []
            engine = SyncEngine(profile.dispatch, profile.arrivals, SystemClock(), platform, on_changes=heard)
            began = time.perf_counter()
            report = engine.run_once()
            ended = time.perf_counter()
        left = profile.desk.queue.summary().waiting
        identity = profile.dispatch.identity
        profile.close()
    if report.error or left:
        raise RuntimeError(f"{left} of {count} records were not taken: {report}")
    return settled[0] - began, ended - began, [_post(one, identity) for one in platform.sent]


def _plain(posts: list[Posted]) -> float:
    """Return the seconds that posting takes to a fresh server of the same kind."""
    with (
        tempfile.TemporaryDirectory() as place,
        TrainingPlatform(Path(place) / "platform.db") as server,
        requests.Session() as session,
    ):
        session.trust_env = False
        began = time.perf_counter()
        for headers, content in posts:
            answer = session.post(f"{server.url}/v1/ops:batch", data=content, headers=headers, timeout=60)
            answer.raise_for_status()
            statuses = {result["status"] for result in answer.json()["results"]}
            if statuses != {"applied"}:
                raise RuntimeError(f"the same bytes were not taken: {statuses}")
        return time.perf_counter() - began


def measure(sizes: Sizes) -> Iterator[Result]:
    """Measure both, in turns."""
    source = prepared(records=sizes.uploads, sent=False)
    ours: list[float] = []
    whole: list[float] = []
    theirs: list[float] = []
    posts: list[Posted] = []
    for _ in range(sizes.upload_rounds):
        drained, everything, posts = _ours(source, sizes.uploads)
        ours.append(drained)
        whole.append(everything)
        theirs.append(_plain(posts))
    ratio = statistics.median(plain / own for own, plain in zip(ours, theirs, strict=True))
    detail = {
        "records": sizes.uploads,
        "requests": len(posts),
        "records_a_second": round(sizes.uploads / statistics.median(ours)),
        "plain_records_a_second": round(sizes.uploads / statistics.median(theirs)),
        "seconds": [round(one, 2) for one in ours],
        "plain_seconds": [round(one, 2) for one in theirs],
        "seconds_with_download": [round(one, 2) for one in whole],
    }
    yield Result("upload_vs_raw", ratio, 1.0, detail)
