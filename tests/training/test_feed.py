"""What went in comes out in the order of commits, resumably, and its digest can be computed by anybody."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from pathlib import Path

import pytest

from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.problems import Refusal
from tests.training.kit import Device, Json, StillClock, delivery, request, slug, statuses, whole_feed


def _gone(platform: Platform, cursor: str) -> str:
    with pytest.raises(Refusal) as caught:
        platform.reader.changes(cursor, 10)
    assert caught.value.status == 410
    return slug(caught.value.document)


def test_a_follower_sees_every_commit_of_concurrent_writers_in_order(tmp_path: Path) -> None:
    """While threads write, a reader that follows the feed misses nothing and sees nothing twice; versions only rise."""
    platform = Platform(tmp_path / "platform.db")
    writers, each = 4, 25
    sent: list[str] = []
    failed: list[BaseException] = []

    def write(number: int) -> None:
        try:
            device = Device(platform)
            for turn in range(each):
                first = device.operation("transfusion_request", request(number * 100 + turn))
                change = device.operation("transfusion_request", request(number), "amend", id=first["id"])
                assert statuses(device.send(first)) == ["applied"]
                assert statuses(device.send(change)) == ["applied"]
                sent.extend((first["key"], change["key"]))
        except BaseException as problem:
            failed.append(problem)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    cursor, seen = "", []
    versions: dict[str, int] = {}
    while True:
        writing = any(thread.is_alive() for thread in threads)
        page = platform.reader.changes(cursor, 7)
        cursor = page["next_cursor"]
        for change in page["changes"]:
            seen.append(change["key"])
            assert change["version"] == versions.get(change["id"], 0) + 1
            versions[change["id"]] = change["version"]
        if not writing and not page["more"]:
            break
    for thread in threads:
        thread.join()
    platform.close()
    assert not failed
    assert len(seen) == writers * each * 2
    assert Counter(seen) == Counter(sent)


def test_the_feed_shows_own_writes_with_their_key_and_tombstones(device: Device) -> None:
    """A registration appears with its key, body and answer; a deletion as a tombstone without a body."""
    first = device.operation("transfusion_request", request())
    gone = device.operation("transfusion_request", {"reason": "作废"}, "delete", id=first["id"], base_version=1)
    device.send(first, gone)
    assert device.platform is not None
    registered, deleted = whole_feed(device.platform)
    assert (registered["key"], registered["version"], registered["body"]) == (first["key"], 1, first["body"])
    assert (deleted["key"], deleted["version"], deleted["deleted"], deleted["body"]) == (gone["key"], 2, True, {})
    assert deleted["answer"] == registered["answer"]


def test_a_page_can_be_read_again_and_an_end_is_followed(device: Device) -> None:
    """The same cursor gives the same page; the cursor of the end gives what came later and nothing else."""
    assert device.platform is not None
    reader = device.platform.reader
    device.send(*(device.operation("transfusion_request", request(n)) for n in range(5)))
    page = reader.changes("", 2)
    assert page["more"] is True
    assert reader.changes(page["next_cursor"], 2)["changes"] == reader.changes(page["next_cursor"], 2)["changes"]
    end = reader.changes(page["next_cursor"], 1000)
    assert (len(end["changes"]), end["more"]) == (3, False)
    assert reader.changes(end["next_cursor"], 10)["changes"] == []
    late = device.operation("transfusion_request", request(9))
    device.send(late)
    assert [c["key"] for c in reader.changes(end["next_cursor"], 10)["changes"]] == [late["key"]]


@pytest.mark.parametrize("cursor", ["garbage", "bWFpbg", "bWFpbiB4IDE", "ä", "=", "bWFpbiB4IC0x"])
def test_a_foreign_cursor_is_gone(platform: Platform, cursor: str) -> None:
    """A cursor that the platform did not make is answered 410, never with a page."""
    assert _gone(platform, cursor) == "cursor-gone"


def test_a_cursor_ends_with_its_epoch(device: Device) -> None:
    """After the epoch changed, cursors and snapshots of before are answered 410; a new start reads everything."""
    assert device.platform is not None
    platform = device.platform
    device.send(device.operation("transfusion_request", request()))
    cursor = platform.reader.changes("", 10)["next_cursor"]
    snapshot = platform.reader.begin_snapshot("transfusion_request")
    before = platform.epoch()
    assert platform.change_epoch() == platform.epoch() != before
    assert _gone(platform, cursor) == "cursor-gone"
    with pytest.raises(Refusal) as caught:
        platform.reader.snapshot_page(snapshot["id"], "", 10)
    assert slug(caught.value.document) == "snapshot-gone"
    assert len(whole_feed(platform)) == 1


def test_old_cursors_expire(device: Device) -> None:
    """When the platform forgets its tombstones, older cursors are answered 410; newer ones go on."""
    assert device.platform is not None
    reader = device.platform.reader
    device.send(device.operation("transfusion_request", request(0)))
    cursor = reader.changes("", 10)["next_cursor"]
    reader.expire_cursors()
    assert _gone(device.platform, cursor) == "cursor-gone"
    device.send(device.operation("transfusion_request", request(1)))
    fresh = reader.changes("", 10)["next_cursor"]
    assert reader.changes(fresh, 10)["changes"] == []


def test_a_restore_loses_commits_under_a_new_epoch_and_takes_them_again(device: Device, tmp_path: Path) -> None:
    """After a restore the epoch differs, acked_through falls back, and re-offered operations are applied once."""
    assert device.platform is not None
    ops = [device.operation("transfusion_request", request(n)) for n in range(6)]
    bags = device.operation("stock_in", delivery())
    device.send(*ops[:3])
    device.platform.ledger.copy_to(tmp_path / "backup.db")
    epoch = device.platform.epoch()
    device.send(*ops[3:], bags)
    device.platform.ledger.restore_from(tmp_path / "backup.db")
    assert device.platform.epoch() != epoch
    assert len(whole_feed(device.platform)) == 3
    fresh = device.operation("transfusion_request", request(9))
    assert device.reply(fresh)["acked_through"] == 3
    reply = device.reply(*ops, bags)
    assert statuses(reply["results"]) == ["duplicate"] * 3 + ["applied"] * 4
    assert reply["acked_through"] == device.dseq


def test_outcomes_survive_a_restart(tmp_path: Path, still: StillClock) -> None:
    """Epoch, outcomes and feed are in the file: a platform opened again answers a repetition as duplicate."""
    first = Platform(tmp_path / "platform.db", still)
    device = Device(first)
    op = device.operation("transfusion_request", request())
    device.send(op)
    epoch = first.epoch()
    first.close()
    second = Platform(tmp_path / "platform.db", still)
    device.platform = second
    assert second.epoch() == epoch
    assert statuses(device.send(op)) == ["duplicate"]
    assert len(whole_feed(second)) == 1
    second.close()


def test_a_snapshot_resumes_at_its_last_id_and_continues_in_the_feed(device: Device) -> None:
    """Pages by id plus the feed behind the snapshot's cursor give the true state though writes go on in between."""
    assert device.platform is not None
    reader = device.platform.reader
    ops = sorted((device.operation("transfusion_request", request(n)) for n in range(7)), key=lambda op: str(op["id"]))
    other = device.operation("stock_in", delivery())
    device.send(*ops, other)
    begun = reader.begin_snapshot("transfusion_request")
    state: dict[str, Json] = {}
    page = reader.snapshot_page(begun["id"], "", 3)
    state |= {change["id"]: change for change in page["changes"]}
    assert page["next"] == ops[2]["id"]
    following = reader.snapshot_page(begun["id"], page["next"], 3)["changes"]
    assert [change["id"] for change in following] == [op["id"] for op in ops[3:6]]
    # Behind the place read: changed before it is reached. Before the place read: changed after it was passed.
    first, last = ops[0]["id"], ops[6]["id"]
    device.send(
        device.operation("transfusion_request", request(20), "amend", id=first, base_version=1),
        device.operation("transfusion_request", {"reason": "作废"}, "delete", id=last, base_version=1),
        device.operation("transfusion_request", request(21)),
    )
    assert reader.snapshot_page(begun["id"], "", 3)["changes"] != page["changes"], "a page shows the present"
    while page["next"]:
        page = reader.snapshot_page(begun["id"], page["next"], 3)
        state |= {change["id"]: change for change in page["changes"]}
        assert page["cursor"] == begun["cursor"]
    assert last not in state
    for change in reader.changes(begun["cursor"], 100)["changes"]:
        if change["version"] >= state.get(change["id"], change)["version"]:
            state[change["id"]] = change
    truth = {change["id"]: change for change in whole_feed(device.platform) if change["module"] == begun["module"]}
    assert state == truth


def test_digests_follow_the_published_rule(device: Device, still: StillClock) -> None:
    """n and digest of a bucket equal the sum mod 2^64 of blake2b-64 of id|version|state, computed by the reader."""
    assert device.platform is not None
    ops = [device.operation("transfusion_request", request(n)) for n in range(3)]
    device.send(*ops)
    still.advance(days=20)
    december = device.operation("transfusion_request", request(5))
    device.send(
        december,
        device.operation("transfusion_request", request(8), "amend", id=ops[0]["id"], base_version=1),
        device.operation("transfusion_request", {"reason": ""}, "delete", id=ops[1]["id"], base_version=1),
    )

    def number(text: str) -> int:
        return int(hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), 16)

    lines = [f"{ops[0]['id']}|2|live", f"{ops[1]['id']}|2|deleted", f"{ops[2]['id']}|1|live"]
    found = device.platform.reader.digests("transfusion_request")
    assert found == {
        "2026-11": {"bucket": "2026-11", "n": 3, "digest": f"{sum(map(number, lines)) % 2**64:016x}"},
        "2026-12": {"bucket": "2026-12", "n": 1, "digest": f"{number(december['id'] + '|1|live'):016x}"},
    }
    assert device.platform.reader.digests("stock_in") == {}
