"""The chain of a bag, a patient or a paper: all that belongs to it both ways, nothing beside it, and what is missing by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations import patients
from bloodbank_desktop.operations import trace as tracing
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.operations.trace import Chain, trace, trace_bag, trace_record
from bloodbank_desktop.records.bag import bag_key, bag_name
from bloodbank_desktop.records.catalogue import record_type
from tests import samples
from tests.derived.examples import arrive
from tests.operations.bag_deeds import Bag, Bags
from tests.samples import bag_values, check_character


@dataclass
class Story:
    """Three bags of one order: two to the first patient, one of which made her ill, the third to another."""

    bags: Bags
    one: Bag
    two: Bag
    third: Bag
    ids: dict[str, tuple[str, str]]

    def names(self, chain: Chain) -> set[str]:
        """Return which of the story's records a chain has."""
        known = {ref: name for name, ref in self.ids.items()}
        return {known[one.kind, one.record_id] for one in chain.records}

    def held(self, chain: Chain) -> list[str]:
        """Return which of the story's bags a chain has."""
        known = {bag_key(bag): name for name, bag in (("one", self.one), ("two", self.two), ("third", self.third))}
        return [known[story.key] for story in chain.bags]

    def add(self, name: str, kind: str, values: dict[str, Any]) -> None:
        """Let a record come about."""
        profile = self.bags.profile
        came = kind in ("dispatch_note", "recall_notice", "donor_plan")
        found = arrive(profile, record_type(kind), values) if came else profile.desk.register(kind, values).record_id
        self.ids[name] = (kind, found)


SUPPLY = {"order", "note", "delivery"}


def tell(profile: Profile, **order: Any) -> Story:
    """Let the story happen; `order` changes the order."""
    bags = Bags(profile)
    story = Story(bags, bag_values(1000), bag_values(1001), bag_values(1002, group=samples.group_of(2)), {})
    whole = (story.one, story.two, story.third)
    issue, other = samples.issue_values(seed=1, bags=whole[:2]), samples.issue_values(seed=2, bags=whole[2:])
    story.add("request", "transfusion_request", samples.request_for(issue, least=5))
    story.add("other request", "transfusion_request", samples.request_for(other))
    story.add("order", "blood_order", samples.order_values(1, **order))
    story.add("note", "dispatch_note", samples.dispatch_note_values(seed=1, bags=whole))
    delivered = samples.delivery_of(whole, 1)
    story.add("delivery", "stock_in", delivered)
    bags.delivered[story.ids["delivery"][1]] = delivered
    story.add("issue", "clinical_issue", issue)
    story.add("other issue", "clinical_issue", other)
    story.add("reaction", "adverse_reaction", samples.reaction_values(seed=1, bags=whole[:1]))
    return story


@pytest.fixture
def story(profile: Profile) -> Story:
    """The story with an order for the stock."""
    return tell(profile)


BOTH = SUPPLY | {"request", "issue", "reaction"}


# -- from a bag ----------------------------------------------------------------------------------------------------


def test_a_bag_has_its_own_chain_only(profile: Profile, story: Story) -> None:
    """From a bag go order, note, delivery, request, issue and reaction; other bags of any of them are not its story."""
    desk = profile.desk
    for bag, name, records in (
        (story.one, "one", BOTH),
        (story.two, "two", BOTH - {"reaction"}),
        (story.third, "third", SUPPLY | {"other request", "other issue"}),
    ):
        chain = trace_bag(desk, bag_key(bag))
        assert (story.names(chain), story.held(chain), chain.broken, chain.cut) == (records, [name], (), False)
        (found,) = chain.bags
        assert found.row is not None and found.row.state == "issued"
        assert [entry.event for entry in found.life] == ["receive_checked", "issue"]
    assert chain.asked == bag_name(bag_key(story.third))
    assert [one.at for one in chain.records] == sorted(one.at for one in chain.records if one.at is not None)


@pytest.mark.parametrize("way", ["scanned", "typed", "spaced", "with check character", "small letters"])
def test_a_bag_is_found_however_it_is_read(way: str, profile: Profile, story: Story) -> None:
    """The label's code, the printed number with or without check character, and careless typing all mean the bag."""
    donation = story.one["donation_number"]
    text = {
        "scanned": f"={donation}00",
        "typed": donation,
        "spaced": f"  {donation[:5]} {donation[5:7]} {donation[7:]} ",
        "with check character": f"{donation[:5]} {donation[5:7]} {donation[7:]} {check_character(donation)}",
        "small letters": donation.lower(),
    }[way]
    chain = trace(profile.desk, text)
    assert (story.held(chain), story.names(chain)) == (["one"], BOTH)
    assert chain.asked == text.strip()


def test_a_donation_means_all_of_its_bags_and_a_product_one(profile: Profile) -> None:
    """A donation number alone is every bag of it; with the product code of the same scan it is that product."""
    bags = Bags(profile)
    one, split = bag_values(0), bag_values(0, split="01")
    other = bag_values(0, product_code="E5445V00", component=bag_values(1)["component"])
    bags.receive(one, split, other)
    donation = one["donation_number"]
    assert [story.key for story in trace(profile.desk, donation).bags] == sorted(map(bag_key, (one, split, other)))
    scanned = trace(profile.desk, f"={donation}00=<{other['product_code']}")
    assert [story.key for story in scanned.bags] == [bag_key(other)]


def test_a_bag_on_its_way_is_known_by_its_note(profile: Profile) -> None:
    """A bag that the station has sent and nobody has received is found, without a life of its own, and nothing is broken."""
    profile.desk.register("blood_order", samples.order_values(1))
    arrive(profile, record_type("dispatch_note"), samples.dispatch_note_values(1, 1))
    chain = trace(profile.desk, bag_values(1000)["donation_number"])
    assert [(story.row, story.life) for story in chain.bags] == [(None, ())]
    assert [one.kind for one in chain.records] == ["dispatch_note", "blood_order"]
    assert chain.broken == ()


def test_a_reserved_bag_and_its_request_belong_together(profile: Profile) -> None:
    """From a reserved bag goes its request, from a request the bags kept for it now, and not when they are released."""
    bags = Bags(profile)
    one, two = bag_values(0), bag_values(1)
    bags.receive(one, two, station_issue_no=None)
    profile.desk.register("transfusion_request", samples.request_values(1))
    bags.stock.do("reserve", [bag_key(one)], holder="SQS00000001")
    chain = trace_bag(profile.desk, bag_key(one))
    assert [record.kind for record in chain.records] == ["transfusion_request", "stock_in"]
    assert [story.key for story in trace(profile.desk, "SQS00000001").bags] == [bag_key(one)]
    bags.stock.do("release", [bag_key(one)])
    assert trace(profile.desk, "SQS00000001").bags == ()
    assert [record.kind for record in trace_bag(profile.desk, bag_key(one)).records] == ["stock_in"]


# -- from a paper --------------------------------------------------------------------------------------------------

FROM_PAPER = [
    ("order", "YDS00000001", SUPPLY | {"request", "issue", "reaction", "other request", "other issue"}, 3),
    ("note", "FX00000001", SUPPLY | {"request", "issue", "reaction", "other request", "other issue"}, 3),
    ("delivery", "RKS00000001", SUPPLY | {"request", "issue", "reaction", "other request", "other issue"}, 3),
    ("request", "SQS00000001", BOTH, 2),
    ("other request", "SQS00000002", SUPPLY | {"other request", "other issue"}, 1),
    ("issue", "FXS00000001", BOTH, 2),
    ("reaction", "FYS00000001", BOTH, 1),
]


@pytest.mark.parametrize(("name", "number", "records", "count"), FROM_PAPER, ids=[one[0] for one in FROM_PAPER])
def test_a_paper_leads_both_ways(
    name: str, number: str, records: set[str], count: int, profile: Profile, story: Story
) -> None:
    """From any paper goes what it came from and what became of it, by its number as from its row in a list."""
    for chain in (trace(profile.desk, f" {number} "), trace_record(profile.desk, *story.ids[name])):
        assert (story.names(chain), len(chain.bags), chain.broken) == (records, count, ())
    assert chain.asked.startswith(number)


def test_blood_ordered_for_a_request_is_followed_to_whoever_got_it(profile: Profile) -> None:
    """What was ordered for one patient and given to another stands in the chain of the request it was ordered for."""
    story = tell(profile, request_no="SQS00000001")
    chain = trace(profile.desk, "SQS00000001")
    assert story.names(chain) == BOTH | {"other request", "other issue"}
    assert story.names(trace(profile.desk, "SQS00000002")) == SUPPLY | {"other request", "other issue", "request"}


def test_a_reaction_of_several_issues_draws_no_stranger_in(profile: Profile, story: Story) -> None:
    """A reaction that names bags of two issues belongs to both, and neither issue gets the bags of the other by it."""
    more = bag_values(1003, group=samples.group_of(1))
    story.add("second delivery", "stock_in", samples.delivery_of([more], 3, station_issue_no=None))
    story.add("second issue", "clinical_issue", samples.issue_values(seed=1, bags=[more], issue_no="FXS9"))
    both = samples.reaction_values(seed=1, bags=[story.two, more], issue_no="FXS9", report_no="FYS00000003")
    story.add("second reaction", "adverse_reaction", both)
    asked = trace_record(profile.desk, *story.ids["issue"])
    assert story.names(asked) == BOTH | {"second reaction", "second issue"}
    assert bag_key(more) not in [found.key for found in asked.bags]
    second = trace_record(profile.desk, *story.ids["second issue"])
    assert [found.key for found in second.bags] == [bag_key(more)]
    whole = trace_record(profile.desk, *story.ids["second reaction"])
    assert [found.key for found in whole.bags] == [bag_key(story.two), bag_key(more)]


def test_a_reaction_without_the_number_of_its_issue_finds_it_by_its_bags(profile: Profile, story: Story) -> None:
    """The issue of a suspected bag is found even where the report does not state it."""
    story.add(
        "blind",
        "adverse_reaction",
        samples.reaction_values(seed=2, bags=[story.third], issue_no=None, report_no="FYS00000004"),
    )
    assert story.names(trace(profile.desk, "FYS00000004")) == SUPPLY | {"blind", "other issue", "other request"}


def test_a_recall_leads_to_the_patients(profile: Profile, story: Story) -> None:
    """From a recall goes each of its bags to whoever got it; a bag of it that never came is no broken chain."""
    never = bag_values(77)
    story.add("recall", "recall_notice", samples.recall_values(seed=5, bags=[story.two, never]))
    chain = trace(profile.desk, "ZHS00000005")
    assert story.names(chain) == (BOTH - {"reaction"}) | {"recall"}
    assert {found.key for found in chain.bags} == {bag_key(story.two), bag_key(never)}
    assert chain.broken == ()
    assert "recall" in story.names(trace_bag(profile.desk, bag_key(story.two)))


def test_a_reversal_and_what_it_reverses_belong_together(profile: Profile) -> None:
    """A reversed delivery, its reversal and the new delivery are one chain; life shows each step."""
    bags = Bags(profile)
    bag = bag_values(0)
    first = bags.receive(bag, station_issue_no=None)
    undone = bags.reverse(first, station_issue_no=None)
    again = bags.receive(bag, station_issue_no=None)
    for chain in (
        trace_bag(profile.desk, bag_key(bag)),
        *(trace_record(profile.desk, "stock_in", one.record_id) for one in (first, undone, again)),
    ):
        assert {one.record_id for one in chain.records} == {one.record_id for one in (first, undone, again)}
        assert [entry.event for entry in chain.bags[0].life] == ["receive_checked", "reverse", "receive_checked"]
    assert chain.broken == ()


def test_papers_beside_the_stream_are_found_by_their_numbers(profile: Profile) -> None:
    """A plan leads to the request or review it was activated for, and that leads to the plan."""
    profile.desk.register("transfusion_request", samples.request_values(1))
    profile.desk.register("entitlement_review", samples.review_values(2))
    for seed, link in ((1, "SQS00000001"), (2, "SZS00000002")):
        plan = samples.plan_values(seed, activated_at=samples.NOW, activated_by="训练甲", link_no=link)
        arrive(profile, record_type("donor_plan"), plan)
        for asked in (link, f"JHS{seed:08d}"):
            chain = trace(profile.desk, asked)
            assert len(chain.records) == 2 and chain.broken == ()


# -- from a patient ------------------------------------------------------------------------------------------------


def test_a_patient_has_the_whole_history(profile: Profile, story: Story) -> None:
    """From a patient goes every record about her by medical record number or ID number, and nothing of other patients."""
    story.add("referral", "immunohaematology_request", samples.referral_values(1))
    for number in ("ZY00000001", samples.person_values(1)["id_no"]):
        chain = trace(profile.desk, number)
        assert (story.names(chain), story.held(chain)) == (BOTH | {"referral"}, ["one", "two"])
    assert "referral" not in story.names(trace(profile.desk, "SQS00000001"))


def test_merged_patients_are_one(profile: Profile, story: Story) -> None:
    """After two numbers are joined each of them, and either ID number, finds the records of both; before, only its own."""
    numbers = ["ZY00000001", "ZY00000002", *(samples.person_values(seed)["id_no"] for seed in (1, 2))]
    assert story.names(trace(profile.desk, numbers[1])) == SUPPLY | {"other request", "other issue"}
    patients.merge(profile.desk, *numbers[:2], reason="身份已核实")
    for number in numbers:
        assert story.names(trace(profile.desk, number)) == set(story.ids), number


# -- what is missing -----------------------------------------------------------------------------------------------


def _said(chain: Chain) -> list[tuple[str, str, str]]:
    return sorted((one.kind, one.field, one.value) for one in chain.broken)


def test_numbers_that_nobody_has_are_named(profile: Profile) -> None:
    """Whatever a record of the chain states and no record bears is broken, by module, field and value, each once."""
    bags = Bags(profile)
    bag = bag_values(1000)
    bags.receive(bag, station_issue_no="FX404")
    bags.issue(bag, patient=1)
    profile.desk.register("adverse_reaction", samples.reaction_values(seed=1, bags=[bag], issue_no="FXS404"))
    profile.desk.delete("transfusion_request", bags.requests[1])
    chain = trace_bag(profile.desk, bag_key(bag))
    expected = [
        ("adverse_reaction", "issue_no", "FXS404"),
        ("clinical_issue", "request_no", "SQS00000001"),
        ("stock_in", "station_issue_no", "FX404"),
    ]
    assert _said(chain) == expected
    for one in chain.broken:
        assert one.value in one.message and record_type(one.kind).label in one.message
    profile.desk.register("transfusion_request", samples.request_values(1))
    assert _said(trace_bag(profile.desk, bag_key(bag))) == [expected[0], expected[2]]


def test_another_record_that_states_the_number_does_not_mend_the_chain(profile: Profile) -> None:
    """Two deliveries that state the same unknown note are two broken chains, not proof of the note."""
    bags = Bags(profile)
    one, two = bag_values(0), bag_values(1)
    bags.receive(one, station_issue_no="FX404")
    bags.receive(two, station_issue_no="FX404")
    assert _said(trace_bag(profile.desk, bag_key(one))) == [("stock_in", "station_issue_no", "FX404")]
    chain = trace(profile.desk, "FX404")
    assert len(chain.records) == len(chain.bags) == len(chain.broken) == 2


def test_a_bag_that_was_given_and_never_received_is_broken(profile: Profile) -> None:
    """A reaction to a bag that never came here names the bag, whether the report or the bag is asked for."""
    bag = bag_values(1000)
    profile.desk.register("adverse_reaction", samples.reaction_values(seed=1, bags=[bag], issue_no=None))
    for text in ("FYS00000001", bag["donation_number"]):
        chain = trace(profile.desk, text)
        assert _said(chain) == [("adverse_reaction", "bags", "/".join(bag_key(bag)))]
        assert bag_name(bag_key(bag)) in chain.broken[0].message


def test_a_bag_kept_for_an_unknown_request_is_broken(profile: Profile) -> None:
    """A reservation for a request that nobody has is named."""
    bags = Bags(profile)
    bag = bag_values(0)
    bags.receive(bag, station_issue_no=None)
    bags.stock.do("reserve", [bag_key(bag)], holder="SQ404")
    assert _said(trace_bag(profile.desk, bag_key(bag))) == [("stock", "holder", "SQ404")]


def test_deleted_records_are_not_shown(profile: Profile, story: Story) -> None:
    """A deleted record is no part of any chain, is not found by its number, and whoever states it is broken."""
    profile.desk.delete("transfusion_request", story.ids["request"][1])
    profile.desk.delete("adverse_reaction", story.ids["reaction"][1])
    chain = trace_bag(profile.desk, bag_key(story.one))
    assert story.names(chain) == SUPPLY | {"issue"}
    assert _said(chain) == [("clinical_issue", "request_no", "SQS00000001")]
    with pytest.raises(KnownProblem):
        trace(profile.desk, "FYS00000001")
    with pytest.raises(KnownProblem):
        trace_record(profile.desk, *story.ids["request"])
    assert story.names(trace(profile.desk, "SQS00000001")) == SUPPLY | {"issue"}


@pytest.mark.parametrize("text", ["", "  ", "没有这个号", "=A999926999999900", "SQS", "%", "A" * 5000])
def test_what_is_not_known_is_said(text: str, profile: Profile, story: Story) -> None:
    """A text that names nothing is a problem in words, never an empty page and never a part of a number."""
    with pytest.raises(KnownProblem) as caught:
        trace(profile.desk, text)
    assert caught.value.code == "nothing-found"


def test_an_endless_chain_is_cut_and_says_so(profile: Profile, story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where too many records belong together the page says that not all are there."""
    monkeypatch.setattr(tracing, "MOST_RECORDS", 2)
    chain = trace(profile.desk, "SQS00000001")
    assert chain.cut and len(chain.records) == 2
