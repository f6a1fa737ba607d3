"""A reply counts only if every part of it is as the contract says."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodbank_desktop.operations.dispatch import Batch
from bloodbank_desktop.sync import replies
from bloodbank_desktop.sync.platform import STATUSES, NotThePlatform
from tests.sync.kit import as_json, batch_of, reply_to

BATCH = batch_of(3)
VALID = reply_to(BATCH)
PROBLEM = {"type": "https://x/invalid-body", "title": "内容有误", "status": 422, "detail": "缺少项目",
           "errors": [{"pointer": "/bags/0", "code": "required", "detail": "必填"}]}  # fmt: skip


def changed(path: list[Any], value: Any) -> dict[str, Any]:
    """The valid reply with one part replaced."""
    whole: Any = copy.deepcopy(VALID)
    place = whole
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return dict(whole)


def test_a_valid_reply_is_read() -> None:
    """Every operation gets its outcome, and members that we do not know disturb nothing."""
    document = {**VALID, "new": 1}
    document["results"] = [
        {**VALID["results"][0], "status": "rejected", "version": None, "problem": PROBLEM},
        {**VALID["results"][1], "status": "conflict", "version": 4, "problem": PROBLEM, "current": {"version": 4}},
        {**VALID["results"][2], "status": "duplicate", "extra": {}},
    ]
    read = replies.send_reply(as_json(document), BATCH)
    assert [(o.key, o.status, o.version) for o in read.outcomes] == [
        ("inc-1:1", "rejected", None),
        ("inc-1:2", "conflict", 4),
        ("inc-1:3", "duplicate", 1),
    ]
    assert read.outcomes[0].problem == PROBLEM
    assert read.outcomes[1].current == {"version": 4}


WRONG: list[tuple[list[Any], Any]] = [
    (["batch_id"], batch_of(1).id),
    (["batch_id"], None),
    (["epoch"], ""),
    (["epoch"], 7),
    (["server_time"], "2026-11-23T01:00:00"),
    (["server_time"], "now"),
    (["acked_through"], -1),
    (["acked_through"], True),
    (["acked_through"], 2**63),
    (["results"], None),
    (["results"], {}),
    (["results"], []),
    (["results"], VALID["results"][:-1]),
    (["results"], VALID["results"] + VALID["results"][:1]),
    (["results"], [*VALID["results"], {**VALID["results"][0], "key": "inc-2:9"}]),
    (["results"], [*VALID["results"][:2], VALID["results"][0]]),
    (["results", 0, "key"], "inc-1:4"),
    (["results", 0, "key"], "INC-1:1"),
    (["results", 0, "key"], None),
    (["results", 0, "status"], "done"),
    (["results", 0, "status"], "Applied"),
    (["results", 0, "status"], None),
    (["results", 0, "version"], None),
    (["results", 0, "version"], 0),
    (["results", 0, "version"], 1.0),
    (["results", 0, "version"], "1"),
    (["results", 0, "version"], True),
    (["results", 0, "version"], 2**63),
    (["results", 0, "problem"], "no"),
    (["results", 0, "problem"], {}),
    (["results", 0, "problem"], {"title": 5}),
    (["results", 0, "problem"], {"title": "x", "errors": {}}),
    (["results", 0, "problem"], {"title": "x", "errors": [{"pointer": 1}]}),
    (["results", 0, "problem"], {"title": "x", "errors": ["x"]}),
    (["results", 0, "current"], []),
    (["results", 0, "current"], {"version": "four"}),
    (["results", 0, "current"], {"body": "x"}),
    (["results", 0, "current"], {"answer": "PT1"}),
    (["results", 0, "current"], {"answer_no": "1"}),
    (["results", 0], "applied"),
    (["results", 0], {**VALID["results"][0], "status": "rejected"}),
]


@pytest.mark.parametrize(("path", "value"), WRONG, ids=range(len(WRONG)))
def test_any_wrong_part_makes_the_outcome_unknown(path: list[Any], value: Any) -> None:
    """A reply with one part missing, doubled, of another batch or of a wrong type is no reply."""
    with pytest.raises(NotThePlatform):
        replies.send_reply(as_json(changed(path, value)), BATCH)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"<html>",
        b'{"batch_id": NaN}',
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "acked_through": 0'),
        as_json(VALID).replace(b'"status": "applied"', b'"status": "rejected", "status": "applied"', 1),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": NaN'),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": -Infinity'),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": 1e999'),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": ' + b"9" * 5000),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": "\\ud800"'),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": ' + b"[" * 65 + b"]" * 65),
        as_json(VALID).replace(b'"acked_through": 0', b'"acked_through": 0, "x": ' + b"[" * 99999 + b"]" * 99999),
        as_json(VALID) + b"x",
        as_json(VALID) + as_json(VALID),
        b"\xef\xbb\xbf" + as_json(VALID),
        json.dumps(VALID).encode("utf-16"),
        as_json(VALID).replace(b'"epoch": "1', b'"epoch": "\xff'),
    ],
)
def test_json_that_two_readers_may_read_differently_is_refused(data: bytes) -> None:
    """Duplicate names, NaN, numbers out of range, half surrogates, depth and other encodings make no reply."""
    with pytest.raises(NotThePlatform):
        replies.send_reply(data, BATCH)


@pytest.mark.parametrize("n", range(0, len(as_json(VALID)), 7))
def test_every_cut_reply_is_refused(n: int) -> None:
    """No beginning of a reply is taken for the whole, wherever it is cut."""
    with pytest.raises(NotThePlatform):
        replies.send_reply(as_json(VALID)[:n], BATCH)


def check(data: bytes, batch: Batch) -> None:
    """Either no reply, or one that satisfies the whole contract."""
    try:
        read = replies.send_reply(data, batch)
    except NotThePlatform:
        return
    assert sorted(o.key for o in read.outcomes) == sorted(r.key for r in batch.rows)
    assert {o.status for o in read.outcomes} <= STATUSES
    assert all(o.version is not None for o in read.outcomes if o.status in ("applied", "duplicate"))
    assert all(o.problem for o in read.outcomes if o.status == "rejected")
    assert json.loads(data)["batch_id"] == batch.id


@settings(max_examples=1500, deadline=None)
@given(st.data())
def test_flipped_bytes_never_do_harm(data: st.DataObject) -> None:
    """Whatever bytes of a reply are changed, removed or doubled, it is refused or still a whole valid reply."""
    document = bytearray(as_json(VALID))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(document) - 1))
        match data.draw(st.sampled_from(["set", "drop", "double", "cut"])):
            case "set":
                document[place] = data.draw(st.integers(0, 255))
            case "drop":
                del document[place : place + data.draw(st.integers(1, 40))]
            case "double":
                document[place:place] = document[place : place + data.draw(st.integers(1, 40))]
            case _:
                del document[place:]
        if not document:
            break
    check(bytes(document), BATCH)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=1500, deadline=None)
@given(st.data(), JSON)
def test_replaced_values_never_do_harm(data: st.DataObject, value: Any) -> None:
    """Whatever JSON stands in place of any member, the reply is refused or still a whole valid reply."""
    path = data.draw(
        st.sampled_from(
            [[name] for name in VALID] + [["results", 1]] + [["results", 1, name] for name in VALID["results"][1]]
        )
    )
    check(json.dumps(changed(path, value)).encode("utf-8", "surrogatepass"), BATCH)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes) -> None:
    """Bytes that are no reply never raise anything but NotThePlatform, from every reader."""
    for reader in (replies.hello, replies.page, replies.snapshot_page, lambda d: replies.stored_outcome(d, "k")):
        with pytest.raises(NotThePlatform):
            reader(data)


CHANGE: dict[str, Any] = {"module": "stock_in", "id": "a", "version": 1, "deleted": False, "body": {}, "key": None}
CHANGE |= {"answer": {}, "answer_no": 0}
PAGE = {"epoch": "e", "changes": [CHANGE], "next_cursor": "c", "more": False, "as_of": "2026-11-23T01:00:00Z"}


WRONG_PAGES: list[dict[str, Any]] = [
    *({name: None} for name in PAGE),
    *({name: 7} for name in PAGE),
    *({"changes": [{**CHANGE, name: 7.5}]} for name in CHANGE),
    {"changes": [{**CHANGE, "answer": ["PT1"]}]},
    {"changes": [{**CHANGE, "answer_no": -1}]},
    {"changes": ["x"]},
]


@pytest.mark.parametrize("wrong", WRONG_PAGES)
def test_a_wrong_page_is_refused(wrong: dict[str, Any]) -> None:
    """A page of changes with one wrong member is no page."""
    assert replies.page(as_json(PAGE)).changes[0].id == "a"
    with pytest.raises(NotThePlatform):
        replies.page(as_json(PAGE | wrong))


def test_an_answer_is_passed_on_as_it_is() -> None:
    """What an answer holds is read by the module's declaration, so that a newer platform may say more than we know."""
    answer = {
        "receiptNo": "PT1",
        "receivedAt": "2026-11-23T01:00:00.000Z",
        "replies": [{"line": "1"}],
        "newer": {"x": 1},
    }
    (change,) = replies.page(as_json(PAGE | {"changes": [{**CHANGE, "answer": answer, "answer_no": 3}]})).changes
    assert (change.answer, change.answer_no) == (answer, 3)


def test_only_a_final_outcome_of_the_key_that_was_asked_counts() -> None:
    """A stored outcome of another key is refused, one that is not final is none."""
    document = {"key": "k", "status": "applied", "version": 2, "problem": None}
    found = replies.stored_outcome(as_json(document), "k")
    assert found is not None
    assert found.version == 2
    assert replies.stored_outcome(as_json({**document, "status": "waiting"}), "k") is None
    with pytest.raises(NotThePlatform):
        replies.stored_outcome(as_json(document), "other")
