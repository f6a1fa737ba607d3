"""What the other side says reaches the record, closes it where it must, and never takes anything from a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import receiving
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.platform_words import answer_facts
from bloodbank_desktop.operations.results import Saved, Shown
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.storage import ledger, verify
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.storage.outbox import OutboxRow
from bloodbank_desktop.sync.downloader import Downloader
from bloodbank_desktop.training.acts import perform
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.samples import stock_in_values
from tests.support import FakeClock, census, seat
from tests.sync.kit import engine_of, http_platform, profile
from tests.training.kit import Json, slug, whole_feed

ORDER, REVIEW, PLAN, REFERRAL = "blood_order", "entitlement_review", "donor_plan", "immunohaematology_request"


def _no_pause(_: float) -> None:
    """Tests do not wait for the backoff."""


@dataclass
class Workstation:
    """One data file and its way to the platform."""

    profile: Profile
    url: str

    def sync(self) -> None:
        """Send what waits and read what is new, as one run of the network lane."""
        report = engine_of(self.profile, http_platform(self.profile, self.url)).run_once(_no_pause)
        assert report.success, report

    def pull(self) -> None:
        """Read the feed to its end and send nothing, as when sending has to wait."""
        reading, platform = Downloader(self.profile.arrivals), http_platform(self.profile, self.url)
        while reading.pull_once(platform).more:
            pass

    def register(self, kind: str, values: Json) -> Saved:
        """Register and sync."""
        saved = self.profile.desk.register(kind, values)
        self.sync()
        return saved

    def view(self, kind: str, record_id: str) -> Shown:
        """Return the record."""
        return self.profile.desk.view(kind, record_id)

    def facts(self, kind: str, record_id: str) -> dict[str, str]:
        """Return what the platform says of a record, as the screen shows it."""
        return dict(answer_facts(record_type(kind), self.view(kind, record_id).answer))

    def operations(self, record_id: str) -> list[OutboxRow]:
        """Return the operations of a record, oldest first."""
        found = self.profile.desk.queue.rows(open_only=False, limit=1000)
        return sorted((row for row in found if row.record_id == record_id), key=lambda row: row.dseq)

    def only(self, kind: str) -> str:
        """Return the id of the only record of a module."""
        listing = self.profile.desk.open_list(ListQuery(kind))
        (row,) = self.profile.desk.page(listing, 0)
        return row.record_id


@dataclass
class World:
    """Two workstations and the platform; whatever happened, both files still hold when the test ends."""

    server: TrainingServer
    one: Workstation
    two: Workstation
    clock: FakeClock
    said: list[Json] = field(default_factory=list)

    def act(self, what: str, **options: Any) -> Json:
        """Let the other side act and return the last change it published."""
        published = perform(self.server.platform, what, options)["published"]
        self.said += published
        last: Json = published[-1]
        return last


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A platform and two workstations with the same still clock."""
    clock = FakeClock()
    with ExitStack() as stack:
        server = stack.enter_context(TrainingServer(tmp_path / "platform.db", clock=clock))
        one, two = (
            Workstation(stack.enter_context(profile(tmp_path / name, clock)), server.url) for name in ("甲", "乙")
        )
        seat(two.profile, "训练乙")
        yield World(server, one, two, clock)
        for station in (one, two):
            assert verify.problems(station.profile.store) == []


def test_the_answers_to_an_order_stand_on_the_record(world: World) -> None:
    """Accepted, answered line by line, dispatched: each is on the record and in the list after the next sync."""
    desk = world.one
    order = desk.register(ORDER, samples.order_values())
    assert list(desk.facts(ORDER, order.record_id)) == ["平台回执号", "平台收到时间"]
    for what, options, state in (
        ("order-accept", {}, "已受理"),
        ("order-partly", {"line": ["2=refused"], "remark": "血浆紧张"}, "部分满足"),
        ("order-dispatch", {}, "在途"),
    ):
        world.act(what, **options)
        desk.sync()
        assert desk.facts(ORDER, order.record_id)["预订状态"] == state
    facts = desk.facts(ORDER, order.record_id)
    assert facts["血站说明"] == "血浆紧张"
    assert facts["预计送达"] == "2026-11-23 15:00"
    assert facts["逐行答复 1"] == "行 1，答复 满足，满足数量 4"
    assert facts["逐行答复 2"] == "行 2，答复 不能满足"
    note = desk.view("dispatch_note", desk.only("dispatch_note"))
    assert note.values["note_no"] == facts["血站发血单号"]
    assert note.values["order_no"] == desk.view(ORDER, order.record_id).values["order_no"]
    progress = receiving.progress(desk.profile.desk, note.values["note_no"])
    assert progress is not None
    assert progress.missing == {bag_key(bag) for bag in note.values["bags"]}


def test_what_was_dispatched_can_be_received(world: World) -> None:
    """The bags of a note pass the rules of receipt as typed from their labels, and tick the note off."""
    desk = world.one
    desk.register(ORDER, samples.order_values())
    world.act("order-satisfy")
    world.act("order-dispatch")
    desk.sync()
    note = desk.view("dispatch_note", desk.only("dispatch_note")).values
    bags = tuple({**bag, "entry": "typed_twice", "second_entry": bag["donation_number"]} for bag in note["bags"])
    delivery = stock_in_values(1, station_issue_no=note["note_no"]) | {"bags": bags}
    desk.register("stock_in", delivery)
    progress = receiving.progress(desk.profile.desk, note["note_no"])
    assert progress is not None
    assert (progress.missing, progress.extra) == (frozenset(), frozenset())


def test_an_accepted_order_is_closed_on_the_workstation(world: World) -> None:
    """Once the answer is here, amending and deleting are refused with the sentence of the lock, and nothing is queued."""
    desk = world.one
    values = samples.order_values()
    order = desk.register(ORDER, values)
    world.act("order-accept")
    desk.sync()
    acts: tuple[Callable[[], object], ...] = (
        lambda: desk.profile.desk.amend(ORDER, order.record_id, values | {"remark": "再加"}),
        lambda: desk.profile.desk.delete(ORDER, order.record_id),
    )
    for act in acts:
        with pytest.raises(KnownProblem) as caught:
            act()
        assert caught.value.code == "locked-by-platform"
        assert "血站已经受理" in caught.value.message
    assert [row.op for row in desk.operations(order.record_id)] == ["register"]


@pytest.mark.parametrize("op", ["amend", "delete"])
def test_a_change_queued_before_the_lock_comes_back_refused(world: World, op: str) -> None:
    """Amended or deleted offline while the station accepted: rejected as locked, told at the record, the order stands."""
    desk = world.one
    values = samples.order_values()
    order = desk.register(ORDER, values)
    if op == "amend":
        desk.profile.desk.amend(ORDER, order.record_id, values | {"remark": "再加"})
    else:
        desk.profile.desk.delete(ORDER, order.record_id)
    accepted = world.act("order-accept")
    desk.sync()
    row = desk.operations(order.record_id)[-1]
    assert (row.op, row.state, slug(row.problem)) == (op, "rejected", "locked")
    shown = desk.view(ORDER, order.record_id)
    assert shown.upload == "rejected"
    assert ["血站已经受理" in refusal.message for refusal in shown.refusals] == [True]
    assert desk.facts(ORDER, order.record_id)["预订状态"] == "已受理"
    assert whole_feed(world.server.platform)[-1] == accepted
    world.two.sync()
    assert world.two.view(ORDER, order.record_id).values["remark"] is None


def test_a_change_queued_before_an_answer_that_does_not_lock_applies(world: World) -> None:
    """An answer bumps no version: what was amended offline meanwhile still applies, and both stand on the record."""
    desk = world.one
    values = samples.review_values()
    review = desk.register(REVIEW, values)
    desk.profile.desk.amend(REVIEW, review.record_id, values | {"remark": "电话已改"})
    assert world.act("review-reviewing")["version"] == 1
    desk.sync()
    assert [row.state for row in desk.operations(review.record_id)] == ["done", "done"]
    newest = whole_feed(world.server.platform)[-1]
    assert (newest["version"], newest["body"]["remark"]) == (2, "电话已改")
    for station in (desk, world.two):
        station.sync()
        assert station.view(REVIEW, review.record_id).values["remark"] == "电话已改"
        assert station.facts(REVIEW, review.record_id)["审核结果"] == "正在审核"


def test_a_refused_certificate_is_completed_and_passes(world: World) -> None:
    """What is lacking is shown; amended, it passes, nothing is lacking any more, and now it is closed."""
    desk = world.one
    values = samples.review_values()
    review = desk.register(REVIEW, values)
    world.act("review-not-pass", lacking="户籍证明", remark="请在三日内补充")
    desk.sync()
    facts = desk.facts(REVIEW, review.record_id)
    assert (facts["审核结果"], facts["需补充的材料"], facts["审核说明"]) == ("未通过", "户籍证明", "请在三日内补充")
    more = (*values["evidence"], {"evidence_kind": "relation", "pages": Decimal(2)})
    desk.profile.desk.amend(REVIEW, review.record_id, values | {"evidence": more})
    desk.sync()
    world.act("review-pass")
    desk.sync()
    facts = desk.facts(REVIEW, review.record_id)
    assert facts["审核结果"] == "审核通过"
    assert "需补充的材料" not in facts
    assert len(desk.view(REVIEW, review.record_id).values["evidence"]) == len(more)
    with pytest.raises(KnownProblem, match="已经通过"):
        desk.profile.desk.delete(REVIEW, review.record_id)


@pytest.mark.parametrize("way", ["answer first", "feed first"])
def test_a_plan_activated_at_two_places_is_activated_once(world: World, way: str) -> None:
    """The platform takes one activation; the other place hears "activated-already" and shows the same as everybody."""
    world.act("plan-allocate")
    for station in (world.one, world.two):
        station.sync()
    plan = world.one.only(PLAN)
    for station, link in ((world.one, "SZ1"), (world.two, "SZ2")):
        station.profile.desk.activate(PLAN, plan, {"link_no": link})
        world.clock.advance(minutes=1)
    world.one.sync()
    if way == "feed first":
        world.two.pull()
        # While its own activation is under way nothing is taken from a person.
        assert world.two.view(PLAN, plan).values["link_no"] == "SZ2"
    world.two.sync()
    world.one.sync()
    lost = world.two.operations(plan)[-1]
    assert (lost.op, slug(lost.problem)) == ("activate", "activated-already")
    activations = [change for change in whole_feed(world.server.platform) if change["version"] == 2]
    assert [change["body"]["linkNo"] for change in activations] == ["SZ1"]
    one, two = (station.view(PLAN, plan) for station in (world.one, world.two))
    assert one.values == two.values
    assert (one.values["link_no"], one.values["activated_by"]) == ("SZ1", "训练甲")
    assert [station.facts(PLAN, plan)["计划状态"] for station in (world.one, world.two)] == ["已激活", "已激活"]
    # Nothing waits for a person who could do nothing about it; what she meant stays readable.
    assert [station.profile.desk.queue.summary().attention for station in (world.one, world.two)] == [0, 0]
    assert [revision.values.get("link_no") for revision in two.history] == [None, "SZ2"]
    for station in (world.one, world.two):
        with pytest.raises(KnownProblem):
            station.profile.desk.activate(PLAN, plan, {})


def test_what_becomes_of_a_plan_is_shown(world: World) -> None:
    """Used, used up and taken back are answers, which every workstation shows; a taken back plan is not activated."""
    world.act("plan-allocate", quota="4")
    world.one.sync()
    plan = world.one.only(PLAN)
    world.one.profile.desk.activate(PLAN, plan, {})
    world.one.sync()
    world.act("plan-use", amount="1")
    world.one.sync()
    facts = world.one.facts(PLAN, plan)
    assert (facts["计划状态"], facts["已用"], facts["剩余"]) == ("部分使用", "1", "3")
    second = world.act("plan-allocate")["id"]
    world.act("plan-take-back")
    world.one.sync()
    with pytest.raises(KnownProblem, match="已收回"):
        world.one.profile.desk.activate(PLAN, second, {})


def test_a_laboratory_result_comes_back_with_its_lines(world: World) -> None:
    """Received, then reported: each requested test has its result on the record, with conclusion and advice."""
    desk = world.one
    referral = desk.register(REFERRAL, samples.referral_values())
    world.act("laboratory-receive")
    desk.sync()
    with pytest.raises(KnownProblem, match="已收到标本"):
        desk.profile.desk.amend(REFERRAL, referral.record_id, samples.referral_values(remark="改"))
    world.act("laboratory-report", result=["antibody_id=检出抗-E"], conclusion="抗-E", advice="选 E 阴性红细胞")
    desk.sync()
    facts = desk.facts(REFERRAL, referral.record_id)
    assert (facts["送检状态"], facts["结论"], facts["输血建议"]) == ("报告已发", "抗-E", "选 E 阴性红细胞")
    assert facts["检测结果 1"] == "检测项目 抗体筛查，结果 阳性"
    assert facts["检测结果 2"] == "检测项目 抗体鉴定，结果 检出抗-E"


def test_a_rejected_sample_opens_the_request_again(world: World) -> None:
    """The reason of a rejection is shown, and the request can be amended and received after all."""
    desk = world.one
    referral = desk.register(REFERRAL, samples.referral_values())
    world.act("laboratory-reject", rejection="标本量不足")
    desk.sync()
    assert desk.facts(REFERRAL, referral.record_id)["拒收原因"] == "标本量不足"
    desk.profile.desk.amend(REFERRAL, referral.record_id, samples.referral_values(remark="已重抽"))
    desk.sync()
    world.act("laboratory-receive")
    desk.sync()
    facts = desk.facts(REFERRAL, referral.record_id)
    assert facts["送检状态"] == "中心已接收"
    assert "拒收原因" not in facts


def test_transfer_and_reaction_are_acknowledged(world: World) -> None:
    """The other hospital and the platform say that they have it."""
    desk = world.one
    delivery = stock_in_values(2)
    desk.register("stock_in", delivery)
    removal = desk.register("other_stock_out", samples.transfer_values(bags=delivery["bags"][:1]))
    reaction = desk.register("adverse_reaction", samples.reaction_values(seed=1))
    world.act("transfer-acknowledge")
    world.act("reaction-acknowledge", remark="已转血站")
    desk.sync()
    assert desk.facts("other_stock_out", removal.record_id)["调拨状态"] == "调入医院已确认"
    assert desk.facts("adverse_reaction", reaction.record_id)["平台说明"] == "已转血站"


def test_a_recall_sets_bags_aside_and_follows_those_that_left(world: World) -> None:
    """Recalled bags in stock are quarantined on every workstation; an issued one stays issued, with the recall in its life."""
    delivery = stock_in_values(3)
    world.one.register("stock_in", delivery)
    issued, *others = delivery["bags"]
    issue = samples.issue_values(bags=[issued])
    world.one.register("transfusion_request", samples.request_for(issue))
    world.one.register("clinical_issue", issue)
    world.act("recall", bag=[f"{bag['donation_number']} {bag['product_code']}" for bag in (issued, others[0])])
    for station in (world.one, world.two):
        station.sync()
        with station.profile.store.read() as tx:
            states = [ledger.find(tx, bag_key(bag)).state for bag in delivery["bags"]]  # type: ignore[union-attr]
            last = [ledger.life(tx, bag_key(bag))[-1].event for bag in delivery["bags"]]
        assert states == ["issued", "quarantined", "available"]
        assert last == ["recall", "recall", "receive_checked"]
        assert station.view("recall_notice", station.only("recall_notice")).values["reason"]
    with pytest.raises(KnownProblem):
        world.one.profile.desk.register("clinical_issue", samples.issue_values(seed=6, bags=others[:1]))


def test_what_a_person_is_editing_is_left_alone(world: World) -> None:
    """A draft stays as it was while answers arrive; record, revision and history of the order do not change by them."""
    desk = world.one
    order = desk.register(ORDER, samples.order_values())
    before = desk.view(ORDER, order.record_id)
    desk.profile.desk.drafts.keep(ORDER, order.record_id, {**before.values, "remark": "正在改"}, {"phone": "021-"})
    draft = desk.profile.desk.drafts.find(order.record_id)
    world.act("order-accept")
    world.act("order-satisfy")
    world.clock.advance(minutes=1)
    desk.sync()
    after = desk.view(ORDER, order.record_id)
    assert desk.profile.desk.drafts.find(order.record_id) == draft
    assert draft is not None
    assert (after.values, after.revision, after.history) == (before.values, before.revision, before.history)
    assert after.answer != before.answer


def test_reading_everything_again_changes_nothing(world: World) -> None:
    """Answers read a second time, from the beginning of the feed, leave every row as it was, and none is lost."""
    desk = world.one
    desk.register(ORDER, samples.order_values())
    for what in ("order-accept", "order-satisfy", "order-dispatch", "plan-allocate", "recall"):
        world.act(what)
    desk.sync()
    before = census(desk.profile.store)
    desk.profile.arrivals.restart()
    desk.sync()
    after = census(desk.profile.store)
    assert {name for name in before if before[name] != after[name]} <= {"cursors", "meta", "facts"}
    # A workstation that starts today shows the same.
    world.two.sync()
    order = desk.only(ORDER)
    assert world.two.facts(ORDER, order) == desk.facts(ORDER, order)
