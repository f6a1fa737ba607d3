"""The other side by itself: each step when its time has come and not before, once, and only to what waits for it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.training import schedule as module
from bloodbank_desktop.training.acts import ACTS, perform
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.schedule import PLAN_AFTER, STEPS, Liveliness, Schedule
from bloodbank_desktop.training.server import TrainingServer
from bloodbank_desktop.training.stage import Stage
from tests import samples
from tests.faults.until import until
from tests.samples import stock_in_values
from tests.training.kit import Device, StillClock, body_of, statuses, whole_feed
from tests.training.test_acts import activation, register, transfer


@pytest.fixture
def plan(platform: Platform) -> Schedule:
    """A schedule on a platform that has a plan to activate already, so that it allocates none."""
    perform(platform, "plan-allocate")
    return Schedule(platform)


def whats(done: list[Any]) -> list[str]:
    """Return the acts of a tick."""
    return [document["what"] for document in done]


def played(schedule: Schedule, still: StillClock, seconds: int) -> list[tuple[int, str]]:
    """Tick once a second; return second and act of everything that was done."""
    found = []
    for second in range(1, seconds + 1):
        still.advance(seconds=1)
        found += [(second, what) for what in whats(schedule.tick())]
    return found


def test_an_order_goes_its_way_step_by_step(plan: Schedule, device: Device, still: StillClock) -> None:
    """Accepted, answered and dispatched, each so many seconds after the step before, and then nothing more."""
    register(device, "blood_order")
    assert played(plan, still, 120) == [(10, "order-accept"), (25, "order-answer"), (45, "order-dispatch")]


def test_certificates_and_samples_are_answered(plan: Schedule, device: Device, still: StillClock) -> None:
    """A certificate is reviewed and passed; a sample is received and reported; what arrived later comes later."""
    register(device, "entitlement_review")
    still.advance(seconds=5)
    register(device, "immunohaematology_request")
    assert played(plan, still, 120) == [
        (5, "review-reviewing"),
        (15, "laboratory-receive"),
        (25, "review-pass"),
        (45, "laboratory-report"),
    ]


def test_transfer_and_reaction_are_acknowledged(plan: Schedule, device: Device, still: StillClock) -> None:
    """The other hospital and the platform acknowledge, once."""
    transfer(device)
    register(device, "adverse_reaction")
    assert played(plan, still, 120) == [(15, "reaction-acknowledge"), (30, "transfer-acknowledge")]


def test_an_order_that_cannot_be_sent_is_refused_and_left(plan: Schedule, device: Device, still: StillClock) -> None:
    """What the station does not have is refused, and nothing tries to send it for ever."""
    line = {
        "component": "GRAN",
        "abo": "A",
        "rhd": "positive",
        "amount": samples.order_values()["order_lines"][0]["amount"],
    }
    register(device, "blood_order", order_lines=(line,))
    assert played(plan, still, 120) == [(10, "order-accept"), (25, "order-answer")]
    assert device.platform is not None
    assert whole_feed(device.platform)[-1]["answer"]["state"] == "refused"


def test_a_refused_certificate_waits_for_the_hospital(plan: Schedule, device: Device, still: StillClock) -> None:
    """What a trainer refused stays refused until the hospital amends it; then it is reviewed anew."""
    review = register(device, "entitlement_review")
    assert device.platform is not None
    perform(device.platform, "review-not-pass")
    assert played(plan, still, 120) == []
    body = body_of("entitlement_review", samples.review_values(remark="已补"))
    assert statuses(device.send(device.operation("entitlement_review", body, "amend", id=review, base_version=1))) == [
        "applied"
    ]
    assert played(plan, still, 60) == [(10, "review-reviewing"), (30, "review-pass")]


def test_a_plan_is_allocated_when_none_is_left(platform: Platform, device: Device, still: StillClock) -> None:
    """An empty platform gets a plan at once; an activated or taken back one is followed by another after a while."""
    schedule = Schedule(platform)
    assert whats(schedule.tick()) == ["plan-allocate"]
    assert played(schedule, still, 300) == []
    device.send(activation(device, whole_feed(platform)[-1]))
    assert played(schedule, still, 90) == [(int(PLAN_AFTER), "plan-allocate")]
    perform(platform, "plan-take-back")
    assert played(schedule, still, 90) == [(int(PLAN_AFTER), "plan-allocate")]


def test_a_recall_never_comes_by_itself(plan: Schedule, device: Device, still: StillClock) -> None:
    """Neither bags nor hours bring a recall; no step of the schedule is one."""
    assert not {"recall", "plan-expire", "plan-take-back", "order-refuse"} & {step.what for step in STEPS}
    assert {step.what for step in STEPS} <= ACTS.keys()
    device.send(device.operation("stock_in", body_of("stock_in", stock_in_values(3))))
    still.advance(hours=100)
    assert plan.tick() == []
    assert played(plan, still, 60) == []


def test_what_is_long_due_is_done_in_order_at_the_next_ticks(plan: Schedule, device: Device, still: StillClock) -> None:
    """After a night without the server every order takes its next step at once, and the further ones in their time."""
    for seed in range(3):
        register(device, "blood_order", seed)
    still.advance(hours=12)
    assert whats(plan.tick()) == ["order-accept"] * 3
    assert plan.tick() == []
    assert whats(plan.tick()) == []
    assert played(plan, still, 40) == [(15, "order-answer")] * 3 + [(35, "order-dispatch")] * 3


def test_two_schedules_answer_once(plan: Schedule, device: Device, still: StillClock) -> None:
    """A second schedule on the same file, or a trainer who was quicker, does not make a second answer."""
    assert device.platform is not None
    second = Platform(device.platform.ledger.file, still)
    other = Schedule(second)
    register(device, "blood_order")
    still.advance(seconds=10)
    with second.stage() as stage:
        due, _ = other._due(stage)
    assert [what for what, _ in due] == ["order-accept"]
    assert whats(plan.tick()) == ["order-accept"]
    assert [other._do(what, record_id) for what, record_id in due] == [None]
    assert [change["answer"].get("state") for change in whole_feed(second)[1:]] == [None, "accepted"]
    second.close()


def test_nothing_is_read_again_while_nothing_is_due(
    plan: Schedule, device: Device, still: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two steps a tick opens no writing transaction; a new record of the hospital wakes it."""
    register(device, "blood_order")
    plan.tick()
    looks: list[int] = []
    true_due = plan._due

    def due(stage: Stage) -> Any:
        looks.append(1)
        return true_due(stage)

    monkeypatch.setattr(plan, "_due", due)
    assert played(plan, still, 9) == []
    assert looks == []
    register(device, "blood_order", 1)
    plan.tick()
    assert looks == [1]


def test_a_failing_step_is_logged_and_the_rest_goes_on(
    platform: Platform, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread survives a bug in a step, says it in the log, and goes on ticking until it is told to stop."""
    stopping, ticks = threading.Event(), []
    schedule = Schedule(platform)

    def tick() -> list[Any]:
        ticks.append(1)
        if len(ticks) == 1:
            raise KnownProblem("坏了", code="wrong-act")
        return []

    monkeypatch.setattr(schedule, "tick", tick)
    thread = Liveliness(schedule, stopping, tick=0.001)
    thread.start()
    until(lambda: len(ticks) > 2, "three ticks")
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()
    assert [record.message for record in caplog.records] == ["a step of the training schedule failed"]


def test_a_server_is_lively_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server answers by itself with `lively` and never without it; stopping it ends its schedule."""
    monkeypatch.setattr(module, "TICK", 0.01)
    monkeypatch.setattr(Liveliness.__init__, "__defaults__", (0.01,))
    with TrainingServer(tmp_path / "lively.db", lively=True) as server:
        until(lambda: len(whole_feed(server.platform)) == 1, "a plan was allocated")
        assert whole_feed(server.platform)[0]["module"] == "donor_plan"
    assert not [thread for thread in threading.enumerate() if thread.name == "training-schedule"]
    with TrainingServer(tmp_path / "still.db") as server:
        assert not [thread for thread in threading.enumerate() if thread.name == "training-schedule"]
