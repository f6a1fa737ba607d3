"""Each operation has one outcome of its own, final or not, whatever the others of its batch do."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from bloodbank_desktop.training import examine as examining
from bloodbank_desktop.training.envelope import read_batch
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.problems import Refusal
from tests.samples import bag_values
from tests.training.kit import Device, body_of, delivery, request, slug, statuses, whole_feed


def test_a_repetition_is_a_duplicate_with_the_version_of_then(device: Device) -> None:
    """An own retry is answered `duplicate` with the stored version even after the record went on, never `conflict`."""
    first = device.operation("transfusion_request", request())
    assert statuses(device.send(first)) == ["applied"]
    change = device.operation("transfusion_request", request(), "amend", id=first["id"], base_version=1)
    assert device.send(change)[0]["version"] == 2
    again = device.send(first)[0]
    assert (again["status"], again["version"], again["etag"]) == ("duplicate", 1, '"1"')
    assert len(whole_feed(device.platform)) == 2  # type: ignore[arg-type]


def test_refusals_are_repeated_as_refusals(device: Device) -> None:
    """A stored rejection or conflict is replayed as such: a lost reply never turns a refusal into success."""
    bad = device.operation("transfusion_request", {**request(), "sex": "robot"})
    good = device.operation("transfusion_request", request(1))
    device.send(good)
    clash = device.operation("transfusion_request", request(1), "amend", id=good["id"], base_version=7)
    first = device.send(bad, clash)
    assert statuses(first) == ["rejected", "conflict"]
    assert device.send(bad, clash) == first


def test_one_bad_item_never_aborts_the_others(device: Device) -> None:
    """Items around an unknown module, a forbidden verb, a wrong hash and an invalid body are done."""
    ops = [
        device.operation("transfusion_request", request(0)),
        device.operation("unheard_of", {}),
        device.operation("stock_in", delivery(), "amend"),
        device.operation("stock_in", {"reason": "x"}, "delete"),
        device.operation("transfusion_request", request(1), sha256="0" * 64),
        device.operation("transfusion_request", {}),
        device.operation("stock_in", delivery(1)),
    ]
    results = device.send(*ops)
    assert statuses(results) == ["applied", "rejected", "rejected", "rejected", "rejected", "rejected", "applied"]
    slugs = [slug(result["problem"]) for result in results]
    assert slugs == ["", "unknown-module", "verb-not-allowed", "verb-not-allowed", "body-digest", "invalid-body", ""]
    assert [result["key"] for result in results] == [op["key"] for op in ops]


def test_errors_point_into_the_body_in_wire_names(device: Device) -> None:
    """A wrong field is named by a JSON pointer in wire names, inside lines by its place counted from 0."""
    body = delivery()
    body["bags"][1]["donationCode"] = "A999926000001X"
    body["bags"][0]["a/b~c"] = 1
    del body["intakeAt"]
    result = device.send(device.operation("stock_in", body))[0]
    assert {e["pointer"] for e in result["problem"]["errors"]} == {"/bags/1/donationCode", "/bags/0/a~1b~0c"}
    body = delivery()
    del body["intakeAt"]
    body["bags"][1]["entry"] = "typed_twice"
    del body["bags"][1]["checkCharacter"]
    result = device.send(device.operation("stock_in", body))[0]
    assert {(e["pointer"], e["code"]) for e in result["problem"]["errors"]} == {
        ("/intakeAt", "required"),
        ("/bags/1/secondEntry", "required"),
    }


def test_text_that_utf8_cannot_carry_is_rejected_alone(device: Device) -> None:
    """Half a surrogate pair or an infinite number in one body rejects that item and no other."""
    ops = [
        {**device.operation("transfusion_request", {}), "body": {"remark": "\ud800"}},
        {**device.operation("transfusion_request", {}), "body": {"amount": float("inf")}},
        device.operation("transfusion_request", request()),
    ]
    assert statuses(device.send(*ops)) == ["rejected", "rejected", "applied"]


def test_waiting_is_not_stored_and_resolves(device: Device) -> None:
    """An unknown need leaves an operation waiting; when the need arrives the same key is applied."""
    first = device.operation("transfusion_request", request())
    second = device.operation("transfusion_request", request(), "amend", id=first["id"], needs=[first["key"]])
    assert slug(device.send(second)[0]["problem"]) == "need-unknown"
    with pytest.raises(Refusal):
        device.platform.outcome(second["key"])  # type: ignore[union-attr]
    assert statuses(device.send(first, second)) == ["applied", "applied"]


def test_a_refused_need_keeps_its_followers_waiting(device: Device) -> None:
    """What needs a rejected operation waits and says so; it is neither rejected nor done."""
    first = device.operation("transfusion_request", {})
    second = device.operation("transfusion_request", request(), "amend", id=first["id"], needs=[first["key"]])
    results = device.send(first, second)
    assert statuses(results) == ["rejected", "waiting"]
    assert slug(results[1]["problem"]) == "need-refused"


def test_an_unknown_record_is_waited_for(device: Device) -> None:
    """An amendment that overtook the registration of another workstation waits instead of failing."""
    change = device.operation("transfusion_request", request(), "amend", base_version=1)
    result = device.send(change)[0]
    assert (result["status"], slug(result["problem"])) == ("waiting", "record-unknown")


def test_versions_are_compared_and_set(platform: Platform) -> None:
    """Of two devices that amend the same version one is applied, the other gets the platform's copy as conflict."""
    one, two = Device(platform), Device(platform)
    first = one.operation("transfusion_request", request())
    one.send(first)
    mine = two.operation("transfusion_request", request(bed="99"), "amend", id=first["id"], base_version=1)
    theirs = one.operation("transfusion_request", request(bed="11"), "amend", id=first["id"], base_version=1)
    assert two.send(mine)[0]["version"] == 2
    lost = one.send(theirs)[0]
    assert (lost["status"], lost["version"], lost["current"]["version"]) == ("conflict", 2, 2)
    assert lost["current"]["body"] == mine["body"]
    assert slug(lost["problem"]) == "version-conflict"


def test_no_base_version_builds_on_the_own_last_write_only(platform: Platform) -> None:
    """Null base_version is accepted while the newest version is the same incarnation's, else it is a conflict."""
    one, two = Device(platform), Device(platform)
    first = one.operation("transfusion_request", request())
    next_ = one.operation("transfusion_request", request(bed="07"), "amend", id=first["id"])
    assert statuses(one.send(first, next_)) == ["applied", "applied"]
    foreign = two.operation("transfusion_request", request(bed="08"), "amend", id=first["id"])
    assert statuses(two.send(foreign)) == ["conflict"]
    two.send(two.operation("transfusion_request", request(bed="09"), "amend", id=first["id"], base_version=2))
    late = one.operation("transfusion_request", request(bed="10"), "amend", id=first["id"])
    assert statuses(one.send(late)) == ["conflict"]


def test_a_deleted_record_stays_deleted(device: Device) -> None:
    """After a deletion, no amendment and no second deletion revives or doubles it; a person decides."""
    first = device.operation("transfusion_request", request())
    gone = device.operation("transfusion_request", {"reason": "重复"}, "delete", id=first["id"], base_version=1)
    later = device.operation("transfusion_request", request(), "amend", id=first["id"], base_version=2)
    second = device.operation("transfusion_request", {"reason": "重复"}, "delete", id=first["id"], base_version=2)
    results = device.send(first, gone, later, second)
    assert statuses(results) == ["applied", "applied", "conflict", "conflict"]
    assert results[2]["current"]["deleted"] is True
    assert results[2]["current"]["body"] == {}


def test_a_deletion_states_a_reason_and_nothing_else(device: Device) -> None:
    """The body of a deletion is {"reason"}; anything else is rejected with pointers."""
    first = device.operation("transfusion_request", request())
    device.send(first)
    gone = device.operation("transfusion_request", {"why": 1}, "delete", id=first["id"], base_version=1)
    result = device.send(gone)[0]
    assert {e["pointer"] for e in result["problem"]["errors"]} == {"/why", "/reason"}


def test_a_record_is_registered_once(platform: Platform) -> None:
    """A second registration of an id under another key is a conflict that shows the first."""
    one, two = Device(platform), Device(platform)
    first = one.operation("transfusion_request", request())
    one.send(first)
    result = two.send(two.operation("transfusion_request", request(2), id=first["id"]))[0]
    assert (result["status"], slug(result["problem"])) == ("conflict", "already-registered")
    assert result["current"]["body"] == first["body"]


def test_a_bag_has_one_holder(platform: Platform) -> None:
    """A bag that another record holds is rejected with a pointer to its line, also within one batch; a split is not."""
    one, two = Device(platform), Device(platform)
    ours, theirs = delivery(1), delivery(2)
    theirs["bags"].append(ours["bags"][1])
    results = one.send(one.operation("stock_in", ours), two.operation("stock_in", theirs))
    assert statuses(results) == ["applied", "rejected"]
    assert slug(results[1]["problem"]) == "bag-known"
    assert [e["pointer"] for e in results[1]["problem"]["errors"]] == ["/bags/2/donationCode"]
    part = {**bag_values(1001), "split": "A"}
    divided = {**delivery(3), "bags": body_of("stock_in", {"bags": (part,)})["bags"]}
    assert statuses(two.send(two.operation("stock_in", divided))) == ["applied"]
    # The rejected delivery claimed nothing.
    rest = {**delivery(2)}
    assert statuses(two.send(two.operation("stock_in", rest))) == ["applied"]


def test_a_reused_number_stops_the_whole_batch(device: Device) -> None:
    """The own dseq with other content refuses the batch as device-rewound and does nothing of it."""
    first = device.operation("transfusion_request", request(0))
    device.send(first)
    fresh = device.operation("transfusion_request", request(1))
    reused = {**device.operation("transfusion_request", request(2)), "key": first["key"], "dseq": first["dseq"]}
    with pytest.raises(Refusal) as caught:
        device.send(fresh, reused)
    assert (caught.value.status, slug(caught.value.document)) == (409, "device-rewound")
    assert statuses(device.send(fresh)) == ["applied"]


def test_the_fingerprint_covers_more_than_the_body(device: Device) -> None:
    """Two deletions with the same reason are different operations: the second under the same key is device-rewound."""
    records = [device.operation("transfusion_request", request(n)) for n in range(2)]
    device.send(*records)
    gone = device.operation("transfusion_request", {"reason": ""}, "delete", id=records[0]["id"], base_version=1)
    device.send(gone)
    with pytest.raises(Refusal):
        device.send({**gone, "id": records[1]["id"]})


def test_a_foreign_key_reused_rejects_its_item_only(platform: Platform) -> None:
    """Another incarnation's key with other content is rejected as key-reused and leaves the stored outcome alone."""
    old, new = Device(platform), Device(platform)
    first = old.operation("transfusion_request", request(0))
    old.send(first)
    stranger = {**new.operation("transfusion_request", request(1)), "key": first["key"], "dseq": first["dseq"]}
    results = new.send(stranger, new.operation("transfusion_request", request(2)))
    assert statuses(results) == ["rejected", "applied"]
    assert slug(results[0]["problem"]) == "key-reused"
    assert platform.outcome(first["key"])["status"] == "applied"
    assert statuses(new.send(first)) == ["duplicate"]


def test_acked_through_has_no_gap(device: Device) -> None:
    """acked_through is the highest dseq below which every operation is final; waiting and missing ones hold it."""
    ops = [device.operation("transfusion_request", request(n)) for n in range(5)]
    lonely = device.operation("transfusion_request", request(), "amend", base_version=1)
    last = device.operation("transfusion_request", {})
    assert device.reply(*ops[:2])["acked_through"] == 2
    assert device.reply(*ops[3:], lonely, last)["acked_through"] == 2
    assert device.reply(ops[2])["acked_through"] == 5
    assert device.reply(device.operation("transfusion_request", request(9)))["acked_through"] == 5
    device.send(device.operation("transfusion_request", request(8), id=lonely["id"]))
    assert device.reply(lonely)["acked_through"] == device.dseq


def test_the_stored_outcome_can_be_asked(device: Device) -> None:
    """GET of a key gives status, version and problem of the final outcome, and nothing for an unknown key."""
    good = device.operation("transfusion_request", request())
    bad = device.operation("transfusion_request", {})
    results = device.send(good, bad)
    assert device.platform is not None
    assert device.platform.outcome(good["key"]) == results[0]
    assert device.platform.outcome(bad["key"]) == results[1]
    with pytest.raises(Refusal):
        device.platform.outcome(f"{uuid.uuid4()}:1")


def test_the_platform_adds_a_receipt(device: Device, still: Any) -> None:
    """Each registration gets the next receipt number of the day in China and the time; later versions keep both."""
    first, second = (device.operation("transfusion_request", request(n)) for n in range(2))
    device.send(first, second)
    still.advance(hours=20)
    change = device.operation("transfusion_request", request(0), "amend", id=first["id"], base_version=1)
    third = device.operation("transfusion_request", request(2))
    device.send(change, third)
    assert device.platform is not None
    answers = [c["answer"] for c in whole_feed(device.platform)]
    numbers = [answer["receiptNo"] for answer in answers]
    assert numbers == ["PT20261123-000001", "PT20261123-000002", "PT20261123-000001", "PT20261124-000001"]
    assert answers[0] == answers[2] == {"receiptNo": numbers[0], "receivedAt": "2026-11-23T01:00:00.000Z"}


def test_a_fault_in_one_item_is_transient(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of the platform in examining one body answers `retry` for it, stores nothing, and does the others."""
    poison, healthy = (device.operation("transfusion_request", request(n)) for n in range(2))
    true_examine = examining.examine

    def failing(operation: Any) -> Any:
        if operation.id == poison["id"]:
            raise ZeroDivisionError
        return true_examine(operation)

    monkeypatch.setattr("bloodbank_desktop.training.platform.examine", failing)
    assert statuses(device.send(poison, healthy)) == ["retry", "applied"]
    monkeypatch.undo()
    assert statuses(device.send(poison, healthy)) == ["applied", "duplicate"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"key": "x"}, "/ops/0/key"),
        ({"dseq": 2**60}, "/ops/0/dseq"),
        ({"dseq": True}, "/ops/0/dseq"),
        ({"dseq": 77}, "/ops/0/dseq"),
        ({"op": "replace"}, "/ops/0/op"),
        ({"op": ["amend"]}, "/ops/0/op"),
        ({"id": "1"}, "/ops/0/id"),
        ({"base_version": 0}, "/ops/0/base_version"),
        ({"needs": ["?"]}, "/ops/0/needs"),
        ({"actor": "\udc00"}, "/ops/0/actor"),
        ({"occurred_at": "today"}, "/ops/0/occurred_at"),
        ({"sha256": "0"}, "/ops/0/sha256"),
        ({"body": []}, "/ops/0/body"),
    ],
)
def test_the_envelope_is_checked_member_by_member(device: Device, change: Any, pointer: str) -> None:
    """A member of the wrong form refuses the request as malformed and is named by a pointer."""
    op = {**device.operation("transfusion_request", request()), **change}
    with pytest.raises(Refusal) as caught:
        read_batch(device.batch(op), device.name, device.incarnation)
    assert caught.value.status == 400
    assert [e["pointer"] for e in caught.value.document["errors"]] == [pointer]


def test_a_key_stands_once_in_a_batch(device: Device) -> None:
    """A reply has each key once, so a batch with a key twice is malformed."""
    op = device.operation("transfusion_request", request())
    with pytest.raises(Refusal) as caught:
        device.send(op, op)
    assert caught.value.document["errors"][0]["code"] == "key-twice"


def test_a_registration_has_no_base_version(device: Device) -> None:
    """A registration that claims to build on a version is rejected."""
    assert statuses(device.send(device.operation("stock_in", delivery(), base_version=1))) == ["rejected"]
