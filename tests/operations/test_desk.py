"""The desk: every act is saved whole with everything that belongs to it, or refused whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.dispatch import Outcome
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.results import Saved
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.storage import verify
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.outbox import OutboxRow
from tests.samples import NOW, approval_values, bag_values, request_values, stock_in_values
from tests.support import FakeClock, census, nobody, pragma_everywhere, seat

REQUEST, DELIVERY = "transfusion_request", "stock_in"
REFUSAL = {
    "title": "内容不符",
    "errors": [
        {"pointer": "/patientName", "code": "name", "detail": "姓名与医保不一致"},
        {"pointer": "/components/0/amount", "code": "amount", "detail": "数量过大"},
        {"pointer": "/whatever", "code": "x", "detail": "不明"},
    ],
}


def operations(profile: Profile, record_id: str) -> list[OutboxRow]:
    """Return the operations of a record, oldest first."""
    found = [row for row in profile.desk.queue.rows(open_only=False, limit=1000) if row.record_id == record_id]
    return sorted(found, key=lambda row: row.dseq)


def states(profile: Profile, record_id: str) -> list[tuple[str, str]]:
    """Return kind and state of each operation of a record."""
    return [(row.op, row.state) for row in operations(profile, record_id)]


def answer(profile: Profile, *statuses: str, **facts: Any) -> None:
    """Send everything that may go and let the platform answer, the last status for all that remain."""
    batch = profile.dispatch.next_batch()
    assert batch is not None
    padded = (*statuses, *[statuses[-1]] * len(batch.rows))
    outcomes = []
    for row, status in zip(batch.rows, padded, strict=False):
        done = status in ("applied", "duplicate")
        refused = REFUSAL if status == "rejected" else None
        outcomes.append(
            Outcome(row.key, status, facts.get("version", 1) if done else None, refused, facts.get("current"))
        )
    profile.dispatch.settle(batch, "epoch", outcomes)


# -- register ------------------------------------------------------------------------------------------------------


def test_register_writes_everything_at_once(profile: Profile) -> None:
    """A registration leaves record, ledger, stock, operation and audit row, all in the name of who did it and when."""
    values = stock_in_values(2, 1)
    saved = profile.desk.register(DELIVERY, values)
    assert saved == Saved(DELIVERY, saved.record_id, values["intake_no"], 1, 1, NOW)
    kept = census(profile.store)
    assert [len(kept[name]) for name in ("stock_in", "stock_in__bags", "ledger", "stock", "outbox", "audit")] == [
        1,
        2,
        2,
        2,
        1,
        1,
    ]
    (operation,) = operations(profile, saved.record_id)
    assert (operation.op, operation.state, operation.actor, operation.occurred_at) == (
        "register",
        "pending",
        "训练甲",
        NOW,
    )
    assert (operation.base_version, operation.name) == (None, saved.name)
    assert operation.payload == wire.canonical(wire.body(record_type(DELIVERY), values))
    with profile.store.read() as tx:
        row = tx.execute(text("SELECT actor, action, object FROM audit")).one()
    assert tuple(row) == (profile.desk.actor, "register", f"{DELIVERY}/{saved.record_id}")


def test_payload_is_frozen_before_later_edits(profile: Profile) -> None:
    """What was frozen for the platform does not change when the record does."""
    saved = profile.desk.register(REQUEST, request_values(1))
    frozen = operations(profile, saved.record_id)[0]
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="改后"))
    first, second = operations(profile, saved.record_id)
    assert (first.payload, first.sha256, first.key) == (frozen.payload, frozen.sha256, frozen.key)
    assert json.loads(second.payload)["diagnosis"] == "改后"


@pytest.mark.parametrize("label", ["Mb", "Md", "Mq", "Mx", "Mr", "Mf"])
def test_bag_that_says_quarantine_is_never_available(label: str, profile: Profile) -> None:
    """A bag whose label carries a quarantine message enters the stock as quarantined, other bags as received."""
    bags = (bag_values(1, label_message=label), bag_values(2))
    profile.desk.register(DELIVERY, stock_in_values(1, 1, bags=bags))
    found = [profile.desk.bag_in_stock((bag["donation_number"], bag["product_code"], "")) for bag in bags]
    assert [row.state for row in found if row] == ["quarantined", "available"]
    assert verify.problems(profile.store) == []


def test_rules_hold_below_the_screen(profile: Profile) -> None:
    """An expired bag is refused at its line by the desk itself, and the other bags of the delivery stay out too."""
    bags = (bag_values(1), bag_values(2, expires_at=NOW, collected_at=None))
    before = census(profile.store)
    with pytest.raises(Refused) as caught:
        profile.desk.register(DELIVERY, stock_in_values(1, 1, bags=bags))
    assert [(p.field, p.line, p.code) for p in caught.value.problems] == [("bags.expires_at", 2, "expired")]
    assert census(profile.store) == before


def test_known_bag_is_refused_with_where_it_is(profile: Profile) -> None:
    """A bag that is in the stock already is refused by naming the delivery that brought it."""
    profile.desk.register(DELIVERY, stock_in_values(2, 1))
    again = stock_in_values(1, 2, bags=(bag_values(5), bag_values(1001)))
    with pytest.raises(Refused, match="RKS00000001") as caught:
        profile.desk.register(DELIVERY, again)
    assert [(p.field, p.line, p.code) for p in caught.value.problems] == [
        ("bags.donation_number", 2, "duplicate-in-stock")
    ]
    assert profile.desk.check(DELIVERY, again) == list(caught.value.problems)


def test_all_problems_are_told_at_once(profile: Profile) -> None:
    """A refusal names every problem and not only the first."""
    with pytest.raises(Refused) as caught:
        profile.desk.register(REQUEST, request_values(1, diagnosis=None, sex="x", haemoglobin=Decimal("12.34")))
    assert {p.field for p in caught.value.problems} == {"diagnosis", "sex", "haemoglobin"}


def test_fresh_values_are_now_the_operator_and_keys(profile: Profile, clock: FakeClock) -> None:
    """A new dialog shows the minute, who works here and the usual choices; nothing for an unknown operator."""
    clock.at = NOW + timedelta(seconds=42, microseconds=7)
    fresh = profile.desk.fresh(DELIVERY)
    expected = {"intake_type": "supply", "supplier": "shanghai_blood_center", "intake_at": NOW, "receiver": "训练甲"}
    assert fresh == expected
    nobody(profile)
    assert profile.desk.fresh(DELIVERY)["receiver"] is None


# -- amend, view, history ------------------------------------------------------------------------------------------


def test_amend_keeps_what_was_before(profile: Profile, clock: FakeClock) -> None:
    """After amendments the record has the new values, and the history every former state with who, when and why."""
    first, second, third = (request_values(1, diagnosis=word) for word in ("一", "二", "三"))
    saved = profile.desk.register(REQUEST, first)
    seat(profile, "训练乙")
    for number, (values, reason) in enumerate(((second, "笔误"), (third, "")), start=2):
        clock.advance(minutes=1)
        assert (
            profile.desk.amend(REQUEST, saved.record_id, values, revision=number - 1, reason=reason).revision == number
        )
    shown = profile.desk.view(REQUEST, saved.record_id)
    assert (shown.values["diagnosis"], shown.revision) == ("三", 3)
    assert (shown.created_by, shown.updated_by) == ("训练甲", "训练乙")
    assert (shown.created_at, shown.updated_at) == (NOW, NOW + timedelta(minutes=2))
    assert [(old.revision, old.values["diagnosis"], old.reason, old.actor) for old in shown.history] == [
        (1, "一", "笔误", "训练乙"),
        (2, "二", "", "训练乙"),
    ]
    assert shown.history[0].values["components"] == first["components"] or shown.history[0].values["components"]


def test_stale_revision_is_refused(profile: Profile) -> None:
    """Who saw an older state cannot overwrite a newer one."""
    saved = profile.desk.register(REQUEST, request_values(1))
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="先"), revision=1)
    before = census(profile.store)
    with pytest.raises(KnownProblem, match="刚被改动过") as caught:
        profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="后"), revision=1)
    assert caught.value.code == "changed-meanwhile"
    assert census(profile.store) == before


def test_amendment_with_a_problem_changes_nothing(profile: Profile) -> None:
    """An amendment that does not hold is refused like a registration."""
    saved = profile.desk.register(REQUEST, request_values(1))
    before = census(profile.store)
    with pytest.raises(Refused):
        profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis=None))
    assert census(profile.store) == before


def test_amendment_keeps_an_emptied_number(profile: Profile) -> None:
    """A number that was allotted stays when the amendment leaves it empty, and no new one is allotted."""
    saved = profile.desk.register(REQUEST, request_values(1, request_no=None))
    amended = profile.desk.amend(REQUEST, saved.record_id, request_values(1, request_no=None, diagnosis="改"))
    assert amended.name == saved.name


def test_lines_are_replaced_as_a_whole(profile: Profile) -> None:
    """An amendment with other lines leaves exactly those, in their order."""
    values = request_values(1)
    (component,) = values["components"]
    values["approvals"] = approval_values(values["requested_at"], "head")
    saved = profile.desk.register(REQUEST, values)
    lines = tuple({**component, "amount": Decimal(number)} for number in (3, 1, 2))
    profile.desk.amend(REQUEST, saved.record_id, {**values, "components": lines})
    shown = profile.desk.view(REQUEST, saved.record_id).values["components"]
    assert [line["amount"] for line in shown] == [3, 1, 2]
    assert verify.problems(profile.store) == []


@pytest.mark.parametrize("act", ["view", "amend", "delete"])
def test_unknown_record_is_told(act: str, profile: Profile) -> None:
    """A record that is not here is a sentence and no exception of ours."""
    acts: dict[str, Callable[[], object]] = {
        "view": lambda: profile.desk.view(REQUEST, "nobody"),
        "amend": lambda: profile.desk.amend(REQUEST, "nobody", request_values(1)),
        "delete": lambda: profile.desk.delete(REQUEST, "nobody"),
    }
    with pytest.raises(KnownProblem) as caught:
        acts[act]()
    assert caught.value.code == "no-such-record"


def test_looking_is_noted(profile: Profile) -> None:
    """Who looked at a patient's record stands in the audit."""
    saved = profile.desk.register(REQUEST, request_values(1))
    seat(profile, "训练丁")
    profile.desk.view(REQUEST, saved.record_id)
    with profile.store.read() as tx:
        rows = tx.execute(text("SELECT actor, object FROM audit WHERE action = 'view'")).all()
    assert [tuple(row) for row in rows] == [(profile.desk.actor, f"{REQUEST}/{saved.record_id}")]


def test_looking_works_where_nothing_can_be_noted(profile: Profile) -> None:
    """On a file that cannot be written people still see what they have."""
    saved = profile.desk.register(REQUEST, request_values(1))
    pragma_everywhere(profile.store, "query_only = 1")
    assert profile.desk.view(REQUEST, saved.record_id).revision == 1


def test_audit_holds_no_names_of_patients(profile: Profile) -> None:
    """The audit says what was done to which record, and never who the patient is."""
    values = request_values(1)
    saved = profile.desk.register(REQUEST, values)
    profile.desk.amend(REQUEST, saved.record_id, values, reason="更正姓名")
    profile.desk.delete(REQUEST, saved.record_id)
    noted = json.dumps(census(profile.store)["audit"], ensure_ascii=False)
    for key in ("patient_name", "id_no", "medical_record_no", "diagnosis"):
        assert values[key] not in noted


# -- delete --------------------------------------------------------------------------------------------------------


def test_deleted_record_stays_in_the_file(profile: Profile, clock: FakeClock) -> None:
    """Deleting takes a record out of lists, keeps it readable with when and why, and sends the deletion."""
    saved = profile.desk.register(REQUEST, request_values(1))
    clock.advance(minutes=5)
    deleted = profile.desk.delete(REQUEST, saved.record_id, reason="重复登记")
    assert (deleted.revision, deleted.dseq) == (2, 2)
    assert profile.desk.open_list(ListQuery(REQUEST)).total == 0
    shown = profile.desk.view(REQUEST, saved.record_id)
    assert shown.deleted_at == clock.at
    assert shown.values["patient_name"] == request_values(1)["patient_name"]
    assert shown.history[-1].reason == "重复登记"
    assert states(profile, saved.record_id) == [("register", "pending"), ("delete", "pending")]
    assert json.loads(operations(profile, saved.record_id)[1].payload) == {"reason": "重复登记"}


@pytest.mark.parametrize("act", ["amend", "delete"])
def test_deleted_record_takes_no_more_acts(act: str, profile: Profile) -> None:
    """A deleted record can be neither amended nor deleted again."""
    saved = profile.desk.register(REQUEST, request_values(1))
    profile.desk.delete(REQUEST, saved.record_id)
    before = census(profile.store)
    with pytest.raises(KnownProblem) as caught:
        if act == "amend":
            profile.desk.amend(REQUEST, saved.record_id, request_values(1))
        else:
            profile.desk.delete(REQUEST, saved.record_id)
    assert caught.value.code == "deleted"
    assert census(profile.store) == before


# -- the record and its operations ---------------------------------------------------------------------------------


def test_amendment_of_an_arrived_record_bears_its_version(profile: Profile) -> None:
    """An amendment of what the platform has names the version it is based on."""
    saved = profile.desk.register(REQUEST, request_values(1))
    answer(profile, "applied", version=7)
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="改"))
    assert [(row.op, row.state, row.base_version) for row in operations(profile, saved.record_id)] == [
        ("register", "done", None),
        ("amend", "pending", 7),
    ]


@pytest.mark.parametrize("state", ["pending", "sending"])
def test_amendment_before_the_first_answer_goes_behind(state: str, profile: Profile) -> None:
    """While the registration is on its way the amendment is a second operation without a version, and waits its turn."""
    saved = profile.desk.register(REQUEST, request_values(1))
    if state == "sending":
        profile.dispatch.next_batch()
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="改"))
    assert [(row.op, row.state, row.base_version) for row in operations(profile, saved.record_id)] == [
        ("register", state, None),
        ("amend", "pending", None),
    ]
    if state == "sending":
        assert profile.dispatch.next_batch() is None


@pytest.mark.parametrize("state", ["pending", "sending", "waiting"])
@pytest.mark.parametrize("last", ["amend", "delete"])
def test_operation_behind_an_open_one_follows_it(last: str, state: str, profile: Profile) -> None:
    """Behind an open operation of the same record the platform's version is not known yet, so none is named."""
    saved = profile.desk.register(REQUEST, request_values(1))
    answer(profile, "applied", version=7)
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="一"))
    if state == "sending":
        profile.dispatch.next_batch()
    elif state == "waiting":
        answer(profile, "waiting")
    if last == "amend":
        profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="二"))
    else:
        profile.desk.delete(REQUEST, saved.record_id)
    assert [(row.op, row.state, row.base_version) for row in operations(profile, saved.record_id)] == [
        ("register", "done", None),
        ("amend", state, 7),
        (last, "pending", None),
    ]


def test_operation_behind_closed_ones_names_the_newest_version(profile: Profile) -> None:
    """When everything before it is settled an operation is based on the version that the platform gave last."""
    saved = profile.desk.register(REQUEST, request_values(1))
    for version in (7, 8):
        answer(profile, "applied", version=version)
        profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis=f"{version}"))
    answer(profile, "applied", version=9)
    profile.desk.register(REQUEST, request_values(2))
    profile.desk.delete(REQUEST, saved.record_id)
    assert [row.base_version for row in operations(profile, saved.record_id)] == [None, 7, 8, 9]


def test_corrected_after_refusal_is_registered_again(profile: Profile) -> None:
    """What the platform refused is closed by the correction, which is sent as a registration under a new key."""
    saved = profile.desk.register(REQUEST, request_values(1))
    answer(profile, "rejected")
    shown = profile.desk.view(REQUEST, saved.record_id)
    assert shown.upload == "rejected"
    assert [(p.field, p.line) for p in shown.refusals] == [("patient_name", None), ("components.amount", 1), ("", None)]
    assert all("平台退回" in p.message for p in shown.refusals)
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, patient_name="改名"))
    assert states(profile, saved.record_id) == [("register", "superseded"), ("register", "pending")]
    assert profile.desk.view(REQUEST, saved.record_id).refusals == ()
    answer(profile, "applied")
    assert profile.desk.view(REQUEST, saved.record_id).upload == "done"


def test_what_stood_behind_a_refusal_is_closed_with_it(profile: Profile) -> None:
    """An amendment behind a refused registration waits blocked, and the next correction replaces both."""
    saved = profile.desk.register(REQUEST, request_values(1))
    profile.dispatch.next_batch()
    profile.dispatch.recover()
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="二"))
    batch = profile.dispatch.next_batch(limit=1)
    assert batch is not None
    profile.dispatch.settle(batch, "epoch", [Outcome(batch.rows[0].key, "rejected", None, REFUSAL)])
    assert states(profile, saved.record_id) == [("register", "rejected"), ("amend", "blocked")]
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="三"))
    assert states(profile, saved.record_id) == [
        ("register", "superseded"),
        ("amend", "superseded"),
        ("register", "pending"),
    ]


def test_deleted_after_refusal_is_withdrawn(profile: Profile) -> None:
    """Deleting what the platform never took withdraws the operation and sends nothing."""
    saved = profile.desk.register(REQUEST, request_values(1))
    answer(profile, "rejected")
    assert profile.desk.delete(REQUEST, saved.record_id).dseq is None
    assert states(profile, saved.record_id) == [("register", "withdrawn")]
    assert profile.desk.queue.summary().waiting == 0
    assert verify.problems(profile.store) == []


def test_conflict_shows_both_and_the_decision_follows_their_version(profile: Profile) -> None:
    """A conflict shows what the platform has; saving again is an amendment based on the platform's version."""
    saved = profile.desk.register(REQUEST, request_values(1))
    answer(profile, "applied", version=1)
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="我们的"))
    theirs = wire.body(record_type(REQUEST), request_values(1, diagnosis="他们的"))
    answer(profile, "conflict", current={"version": 4, "body": theirs, "deleted": False})
    shown = profile.desk.view(REQUEST, saved.record_id)
    assert [(p.field, p.code) for p in shown.refusals] == [("", "conflict"), ("diagnosis", "conflict")]
    assert "他们的" in shown.refusals[1].message
    profile.desk.amend(REQUEST, saved.record_id, request_values(1, diagnosis="我们的"))
    assert [(row.op, row.state, row.base_version) for row in operations(profile, saved.record_id)] == [
        ("register", "done", None),
        ("amend", "superseded", 1),
        ("amend", "pending", 4),
    ]


def test_lone_failures_set_aside_and_try_again(profile: Profile, clock: FakeClock) -> None:
    """After five failures alone an operation is set aside, others flow, and trying again begins anew."""
    saved = profile.desk.register(REQUEST, request_values(1))
    for _ in range(5):
        batch = profile.dispatch.next_batch(limit=1)
        assert batch is not None
        profile.dispatch.unknown(batch, "服务器内部错误", retry_at=clock.now(), server_fault=True)
    assert states(profile, saved.record_id) == [("register", "quarantined")]
    profile.desk.register(DELIVERY, stock_in_values(1, 1))
    answer(profile, "applied")
    profile.desk.queue.retry(1)
    answer(profile, "applied")
    assert states(profile, saved.record_id) == [("register", "done")]


def test_failures_of_the_line_do_not_count(profile: Profile, clock: FakeClock) -> None:
    """A cut line, however often, sets nothing aside."""
    saved = profile.desk.register(REQUEST, request_values(1))
    for _ in range(20):
        batch = profile.dispatch.next_batch()
        assert batch is not None
        profile.dispatch.unknown(batch, "连接中断", retry_at=clock.now(), server_fault=False)
    row = operations(profile, saved.record_id)[0]
    assert (row.state, row.attempts, row.item_attempts, row.last_error) == ("pending", 20, 0, "连接中断")


def test_retry_of_what_does_not_wait_is_refused(profile: Profile) -> None:
    """Trying again what is on its way, done or unknown is refused and not noted."""
    profile.desk.register(REQUEST, request_values(1))
    before = census(profile.store)
    for number in (1, 99):
        with pytest.raises(KnownProblem) as caught:
            profile.desk.queue.retry(number)
        assert caught.value.code == "nothing-to-retry"
    assert census(profile.store) == before


def test_queue_shows_the_worst_first(profile: Profile) -> None:
    """The queue lists what needs a person first, and its summary counts states, age and the last success."""
    for seed in range(5):
        profile.desk.register(REQUEST, request_values(seed))
    answer(profile, "applied", "retry", "conflict", "rejected", "waiting")
    assert [(row.dseq, row.state) for row in profile.desk.queue.rows()] == [
        (4, "rejected"),
        (3, "conflict"),
        (5, "waiting"),
        (2, "pending"),
    ]
    summary = profile.desk.queue.summary()
    assert (summary.waiting, summary.attention, summary.oldest, summary.last_success) == (4, 2, NOW, NOW)
    assert summary.by_state == {"rejected": 1, "conflict": 1, "waiting": 1, "pending": 1}
    assert [row.dseq for row in profile.desk.queue.rows(offset=1, limit=2)] == [3, 5]
    assert [row.dseq for row in profile.desk.queue.rows(open_only=False)] == [5, 4, 3, 2, 1]


# -- batches -------------------------------------------------------------------------------------------------------


def test_batch_is_cut_by_bytes(profile: Profile) -> None:
    """A batch stays below the size asked for; one operation alone goes whatever its size."""
    for seed in range(4):
        profile.desk.register(DELIVERY, stock_in_values(3, seed))
    size = len(profile.desk.queue.rows()[0].payload)
    first = profile.dispatch.next_batch(most_bytes=2 * size + 10)
    second = profile.dispatch.next_batch(most_bytes=1)
    assert first is not None and second is not None
    assert [[row.dseq for row in batch.rows] for batch in (first, second)] == [[1, 2], [3]]
    assert first.device_hwm == 4


def test_next_due_tells_when_to_come_again(profile: Profile, clock: FakeClock) -> None:
    """The lane learns the earliest moment at which something may go, and None when only people can move anything."""
    assert profile.dispatch.next_due() is None
    profile.desk.register(REQUEST, request_values(1))
    assert profile.dispatch.next_due() == NOW
    batch = profile.dispatch.next_batch()
    assert batch is not None
    assert profile.dispatch.next_due() is None
    profile.dispatch.unknown(batch, "中断", retry_at=NOW + timedelta(seconds=90), server_fault=False)
    assert profile.dispatch.next_due() == NOW + timedelta(seconds=90)
    assert profile.dispatch.next_batch() is None
    clock.advance(seconds=90)
    answer(profile, "rejected")
    assert profile.dispatch.next_due() is None


def test_epoch_is_remembered(profile: Profile) -> None:
    """The platform's epoch is kept from the first answer on and follows it."""
    assert profile.dispatch.epoch() is None
    profile.desk.register(REQUEST, request_values(1))
    answer(profile, "applied")
    assert profile.dispatch.epoch() == "epoch"


def test_identity_is_of_the_file(profile: Profile) -> None:
    """Device and incarnation belong to the file and stand in every key."""
    identity = profile.dispatch.identity
    assert identity.device_id and identity.incarnation and identity.device_id != identity.incarnation
    profile.desk.register(REQUEST, request_values(1))
    assert profile.desk.queue.rows()[0].key == f"{identity.incarnation}:1"


def test_answer_without_reason_is_told(profile: Profile) -> None:
    """A refusal without details shows its title, and one without anything says so."""
    for problem, words in (({"title": "不允许"}, "不允许"), ({}, "未说明原因")):
        saved = profile.desk.register(REQUEST, request_values(len(profile.desk.queue.rows())))
        batch = profile.dispatch.next_batch()
        assert batch is not None
        profile.dispatch.settle(batch, "e", [Outcome(row.key, "rejected", None, problem) for row in batch.rows])
        assert words in profile.desk.view(REQUEST, saved.record_id).refusals[0].message


def test_unknown_status_moves_nothing(profile: Profile) -> None:
    """A status that the protocol does not have is a bug and changes no row."""
    profile.desk.register(REQUEST, request_values(1))
    batch = profile.dispatch.next_batch()
    assert batch is not None
    with pytest.raises(ValueError, match="perhaps"):
        profile.dispatch.settle(batch, "e", [Outcome(batch.rows[0].key, "perhaps")])
    assert profile.desk.queue.rows()[0].state == "sending"
