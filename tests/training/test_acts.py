"""Acts of the other side: each says what the declarations allow, to the right record, in one transaction, or nothing."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import jsonschema_rs
import pytest

from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records import wire
from bloodbank_desktop.records.bag import bag_key
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.codes.scan import read
from bloodbank_desktop.records.tables import table
from bloodbank_desktop.records.validate import problems, tidy
from bloodbank_desktop.training import contract, goods
from bloodbank_desktop.training.acts import ACTS, perform
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.stage import WrongWord
from tests import samples
from tests.samples import bag_values, stock_in_values
from tests.training.kit import Device, Json, body_of, slug, statuses, whole_feed

#: What the hospital has registered before each act may be done, in the order of acts.
BEFORE = {
    "order-dispatch": ("order-satisfy",),
    "plan-use": ("plan-allocate", "activate"),
    "plan-expire": ("plan-allocate",),
    "plan-take-back": ("plan-allocate",),
    "laboratory-report": ("laboratory-receive",),
}
#: Modules whose acts need a paper of the hospital first; a plan comes from the other side.
REGISTERED = ("blood_order", "entitlement_review", "immunohaematology_request", "adverse_reaction")


def register(device: Device, module: str, seed: int = 0, **changes: Any) -> str:
    """Let the hospital register a record and return its id."""
    operation = device.operation(module, body_of(module, samples.values(module, seed, **changes)))
    assert statuses(device.send(operation)) == ["applied"]
    return str(operation["id"])


def transfer(device: Device, **changes: Any) -> str:
    """Let the hospital receive two bags and transfer one; return the id of the removal."""
    bag = bag_values(0)
    delivery = device.operation("stock_in", body_of("stock_in", stock_in_values(2, 0)))
    removal = device.operation(
        "other_stock_out", body_of("other_stock_out", samples.transfer_values(bags=[bag], **changes))
    )
    assert statuses(device.send(delivery, removal)) == ["applied", "applied"]
    return str(removal["id"])


def activation(device: Device, plan: Json) -> Json:
    """Return the operation that activates a plan of the feed."""
    body = {"activatedAt": "2026-11-23T09:00:00+08:00", "activatedBy": "训练甲"}
    return device.operation("donor_plan", body, "activate", id=plan["id"], base_version=plan["version"])


def prepared(device: Device, what: str) -> None:
    """Bring the platform to where the act has something to do."""
    assert device.platform is not None
    if what == "recall":
        device.send(device.operation("stock_in", body_of("stock_in", stock_in_values(3, 7))))
    elif what == "transfer-acknowledge":
        transfer(device)
    elif ACTS[what].module in REGISTERED:
        register(device, ACTS[what].module)
    for before in BEFORE.get(what, ()):
        if before == "activate":
            assert statuses(device.send(activation(device, whole_feed(device.platform)[-1]))) == ["applied"]
        else:
            perform(device.platform, before)


@pytest.mark.parametrize("what", ACTS)
def test_every_act_publishes_what_the_declarations_allow(device: Device, what: str) -> None:
    """Body and answer of every change that an act makes read without a remainder and hold by the module's own checks."""
    prepared(device, what)
    assert device.platform is not None
    before = len(whole_feed(device.platform))
    done = perform(device.platform, what)
    published = done["published"]
    schemas = contract.document()["components"]
    documented = jsonschema_rs.Draft202012Validator({"$ref": "#/components/schemas/Change", "components": schemas})
    assert published and whole_feed(device.platform)[before:] == published
    for change in published:
        documented.validate(change)
        answer = {"$ref": f"#/components/schemas/{contract.answer_name(change['module'])}", "components": schemas}
        jsonschema_rs.Draft202012Validator(answer).validate(change["answer"])
        declared = record_type(change["module"])
        assert declared.answer is not None
        for of, said in ((declared, change["body"]), (declared.answer, change["answer"])):
            values, unread = wire.from_body(of, said)
            assert not unread
            assert not problems(of, tidy(of, values))


@pytest.mark.parametrize("what", [name for name, act in ACTS.items() if name != "plan-allocate"])
def test_without_a_record_that_waits_nothing_is_said(platform: Platform, what: str) -> None:
    """An act that finds nothing to act on says so in one sentence and leaves the feed as it was."""
    with pytest.raises(KnownProblem) as caught:
        perform(platform, what)
    assert caught.value.code == "nothing-to-act-on"
    assert whole_feed(platform) == []


@pytest.mark.parametrize("what", [name for name, act in ACTS.items() if not act.makes and name != "plan-use"])
def test_no_act_is_done_twice(device: Device, what: str) -> None:
    """What has been said once is not said again: the record no longer waits, and by its number that is what is told."""
    prepared(device, what)
    assert device.platform is not None
    done = perform(device.platform, what)["published"][-1]
    for options in ({}, {"id": done["id"]}):
        again = what == "laboratory-reject" or what.startswith("review-not")
        if again and options:
            continue  # a sample or a certificate may be refused once more, for another reason
        with pytest.raises(KnownProblem) as caught:
            perform(device.platform, what, options)
        assert caught.value.code == "nothing-to-act-on"


def test_an_answer_never_bumps_the_version_and_numbers_rise(device: Device) -> None:
    """An answer leaves version and body as they are and counts on in answer_no; the digest of the module stays."""
    register(device, "blood_order")
    assert device.platform is not None
    reader = device.platform.reader
    before = reader.digests("blood_order")
    for what in ("order-accept", "order-satisfy", "order-dispatch"):
        perform(device.platform, what)
    changes = [change for change in whole_feed(device.platform) if change["module"] == "blood_order"]
    assert [(change["version"], change["answer_no"]) for change in changes] == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert len({json.dumps(change["body"]) for change in changes}) == 1
    assert reader.digests("blood_order") == before
    assert changes[-1]["answer"]["receiptNo"] == changes[0]["answer"]["receiptNo"]


def test_a_dispatch_note_holds_whole_bags_with_true_labels(device: Device) -> None:
    """Every bag of a note matches a line in component and group, is in date, in the dictionary, and scans without a fault."""
    register(device, "blood_order")
    assert device.platform is not None
    perform(device.platform, "order-satisfy")
    done = perform(device.platform, "order-dispatch")
    note, order = done["published"]
    assert order["answer"]["state"] == "dispatched"
    assert order["answer"]["dispatchNoteNo"] == note["body"]["noteNo"]
    # 站发血单号 of a delivery holds 15 characters.
    assert len(note["body"]["noteNo"]) <= 15
    values, _ = wire.from_body(record_type("dispatch_note"), note["body"])
    amounts: dict[str, Decimal] = {}
    for bag, label in zip(values["bags"], done["labels"], strict=True):
        assert (bag["abo"], bag["rhd"]) == ("A", "positive")
        known = table("product").entries[bag["product_code"][:5]]
        assert (known["component"], Decimal(known["amount"])) == (bag["component"], bag["amount"])
        assert bag["expires_at"] > device.platform.clock.now()
        for scanned in label["scans"]:
            assert read(scanned).ok, scanned
        amounts[bag["component"]] = amounts.get(bag["component"], Decimal(0)) + bag["amount"]
    assert amounts == {"RBC-SLR": Decimal(4), "FFP": Decimal(400)}
    assert len({bag_key(bag) for bag in values["bags"]}) == len(values["bags"]) == 4


def test_no_two_notes_hold_the_same_bag(device: Device) -> None:
    """Each bag of the station is a donation of its own, over all notes of a file."""
    assert device.platform is not None
    found: list[Any] = []
    for seed in range(3):
        register(device, "blood_order", seed)
        perform(device.platform, "order-satisfy")
        note = perform(device.platform, "order-dispatch")["published"][0]
        found += [(bag["donationCode"], bag["productCode"]) for bag in note["body"]["bags"]]
    assert len(found) == len(set(found)) == 12


def test_what_is_stated_line_by_line_is_what_is_sent(device: Device) -> None:
    """A line promised in part is sent in part; one that is refused or only offered as another component is not sent."""
    register(device, "blood_order")
    assert device.platform is not None
    options = {
        "line": ["1=partly:2", "2=substituted:400:FP"],
        "planned_arrival": "2026-11-23 16:00",
        "remark": "道路施工",
    }
    answer = perform(device.platform, "order-partly", options)["published"][0]["answer"]
    assert answer["state"] == "partly"
    assert answer["plannedArrival"] == "2026-11-23T16:00:00+08:00"
    assert answer["remark"] == "道路施工"
    assert [one.get("substitute") for one in answer["replies"]] == [None, "FP"]
    note = perform(device.platform, "order-dispatch")["published"][0]
    assert [(bag["bloodComponentCode"], bag["amount"]) for bag in note["body"]["bags"]] == [("RBC-SLR", "2")]


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ("order-partly", {"line": ["7=full"]}),
        ("order-partly", {"line": ["1=partly"]}),
        ("order-partly", {"line": ["1=partly:99"]}),
        ("order-partly", {"line": ["1=partly:viel"]}),
        ("order-partly", {"line": ["1=substituted:2:NOTHING"]}),
        ("order-partly", {"line": "1=full"}),
        ("order-partly", {"planned_arrival": "明天"}),
        ("order-accept", {"line": ["1=full"]}),
        ("order-accept", {"remark": ""}),
        ("order-accept", {"remark": "长" * 501}),
        ("order-accept", {"remark": 7}),
        ("order-sing", {}),
    ],
)
def test_a_wrong_call_changes_nothing(device: Device, what: str, options: Json) -> None:
    """Options that the act does not take, or that no answer could hold, are told and nothing at all is published."""
    register(device, "blood_order")
    assert device.platform is not None
    with pytest.raises(KnownProblem) as caught:
        perform(device.platform, what, options)
    assert caught.value.code == "wrong-act"
    assert len(whole_feed(device.platform)) == 1


def test_a_wrong_word_of_ours_raises_and_is_not_published(device: Device) -> None:
    """The platform publishes no answer and no record that its declaration would refuse."""
    order = register(device, "blood_order")
    assert device.platform is not None
    with pytest.raises(WrongWord):
        device.platform.answer(order, {"state": "perhaps"})
    with pytest.raises(WrongWord):
        device.platform.originate("dispatch_note", {"noteNo": "1"})
    with pytest.raises(KeyError):
        device.platform.answer("nobody", {"state": "accepted"})
    assert len(whole_feed(device.platform)) == 1


def test_what_was_lacking_is_taken_back_when_it_is_there(device: Device) -> None:
    """A certificate that was refused waits again only after the hospital amended it; passed, nothing is lacking."""
    review = register(device, "entitlement_review")
    assert device.platform is not None
    perform(device.platform, "review-not-pass", {"lacking": "户籍证明"})
    with pytest.raises(KnownProblem):
        perform(device.platform, "review-pass")
    body = body_of("entitlement_review", samples.review_values(remark="已补"))
    amended = device.operation("entitlement_review", body, "amend", id=review, base_version=1)
    assert statuses(device.send(amended)) == ["applied"]
    answer = perform(device.platform, "review-pass")["published"][0]["answer"]
    assert (answer["state"], answer.get("unPassObj")) == ("passed", None)
    again = device.operation("entitlement_review", body, "amend", id=review, base_version=2)
    (refused,) = device.send(again)
    assert (refused["status"], slug(refused["problem"])) == ("rejected", "locked")


def test_a_plan_is_activated_once_and_its_share_is_counted(device: Device) -> None:
    """The second activation is told "activated-already" whatever version it knew; used and remaining add up to the quota."""
    assert device.platform is not None
    (plan,) = perform(device.platform, "plan-allocate", {"quota": "6"})["published"]
    with pytest.raises(KnownProblem):
        perform(device.platform, "plan-use")
    other = Device(device.platform)
    first, second = activation(device, plan), activation(other, plan)
    assert statuses(device.send(first)) == ["applied"]
    (refused,) = other.send(second)
    assert (refused["status"], slug(refused["problem"])) == ("rejected", "activated-already")
    said = [perform(device.platform, "plan-use", {"amount": "2.5"}), perform(device.platform, "plan-use")]
    answers = [one["published"][0]["answer"] for one in said]
    assert [(one["state"], one["used"], one["remaining"]) for one in answers] == [
        ("partly_used", "2.5", "3.5"),
        ("used_up", "6", "0"),
    ]
    for wrong in ("7", "0", "-1", "NaN"):
        (fresh,) = perform(device.platform, "plan-allocate")["published"]
        device.send(activation(device, fresh))
        with pytest.raises(KnownProblem):
            perform(device.platform, "plan-use", {"amount": wrong, "id": fresh["id"]})


def test_a_taken_back_plan_cannot_be_activated(device: Device) -> None:
    """Who activates a plan that was taken back is told that it is locked."""
    assert device.platform is not None
    (plan,) = perform(device.platform, "plan-allocate")["published"]
    perform(device.platform, "plan-take-back", {"no": plan["body"]["planNo"]})
    (refused,) = device.send(activation(device, plan))
    assert (refused["status"], slug(refused["problem"])) == ("rejected", "locked")


def test_the_laboratory_reports_each_requested_test(device: Device) -> None:
    """A report has one line for each requested test and none for another; what the trainer states stands in it."""
    register(device, "immunohaematology_request")
    assert device.platform is not None
    perform(device.platform, "laboratory-receive")
    options = {"result": ["antibody_id=检出抗-D"], "conclusion": "抗-D 阳性", "advice": "输注 RhD 阴性红细胞"}
    answer = perform(device.platform, "laboratory-report", options)["published"][0]["answer"]
    assert {one["test"]: one["result"] for one in answer["results"]} == {
        "antibody_screen": goods.usual_result("antibody_screen"),
        "antibody_id": "检出抗-D",
    }
    assert (answer["state"], answer["conclusion"], answer["advice"]) == ("reported", "抗-D 阳性", "输注 RhD 阴性红细胞")


def test_a_rejected_sample_may_be_sent_anew(device: Device) -> None:
    """After a rejection the request is the hospital's again; amended, its sample can be received, with no rejection left."""
    request = register(device, "immunohaematology_request")
    assert device.platform is not None
    rejected = perform(device.platform, "laboratory-reject", {"rejection": "标签不符"})["published"][0]["answer"]
    assert rejected["rejection"] == "标签不符"
    body = body_of("immunohaematology_request", samples.referral_values(remark="重抽"))
    operation = device.operation("immunohaematology_request", body, "amend", id=request, base_version=1)
    assert statuses(device.send(operation)) == ["applied"]
    answer = perform(device.platform, "laboratory-receive")["published"][0]["answer"]
    assert (answer["state"], answer.get("rejection")) == ("received", None)


def test_only_a_transfer_is_acknowledged_by_another_hospital(device: Device) -> None:
    """A discarded bag has no other hospital that could have it."""
    removal = transfer(device, out_type="discard", to_hospital=None)
    assert device.platform is not None
    for options in ({}, {"id": removal}):
        with pytest.raises(KnownProblem):
            perform(device.platform, "transfer-acknowledge", options)


def test_a_recall_names_bags_that_were_delivered_or_sent(device: Device) -> None:
    """A bag is recalled by its number, with or without product code and check character; an unknown one is told."""
    delivery = stock_in_values(3, 5)
    register_it = device.operation("stock_in", body_of("stock_in", delivery))
    assert statuses(device.send(register_it)) == ["applied"]
    assert device.platform is not None
    first, second, third = delivery["bags"]
    wanted = [
        f"{first['donation_number']} {first['product_code']}",
        f"{second['donation_number']}{second['check_character']}",
    ]
    (notice,) = perform(device.platform, "recall", {"bag": wanted, "reason": "检测复核"})["published"]
    assert [bag["donationCode"] for bag in notice["body"]["bags"]] == [
        first["donation_number"],
        second["donation_number"],
    ]
    assert notice["body"]["reason"] == "检测复核"
    wrong = f"{third['donation_number']} {first['product_code']}"
    unknown = bag_values(77)["donation_number"]
    for text, code in ((unknown, "nothing-to-act-on"), (wrong, "nothing-to-act-on"), ("7", "wrong-act")):
        with pytest.raises(KnownProblem) as caught:
            perform(device.platform, "recall", {"bag": [text]})
        assert caught.value.code == code


def test_by_default_the_newest_waiting_record_is_meant_and_a_number_names_another(device: Device) -> None:
    """Without a number the newest record that waits is meant; with one, that record and no other."""
    ids = [register(device, "blood_order", seed) for seed in range(3)]
    assert device.platform is not None
    assert perform(device.platform, "order-accept")["published"][0]["id"] == ids[2]
    assert perform(device.platform, "order-accept", {"no": "YDS00000000"})["published"][0]["id"] == ids[0]
    assert perform(device.platform, "order-accept")["published"][0]["id"] == ids[1]
    with pytest.raises(KnownProblem) as caught:
        perform(device.platform, "order-accept", {"no": "YDS00000000"})
    assert "已受理" in caught.value.message
    with pytest.raises(KnownProblem):
        perform(device.platform, "order-accept", {"no": "YDS00000001", "id": ids[2]})


def test_a_deleted_record_is_not_answered(device: Device) -> None:
    """What the hospital deleted no longer waits."""
    order = register(device, "blood_order")
    gone = device.operation("blood_order", {"reason": "重复"}, "delete", id=order, base_version=1)
    assert statuses(device.send(gone)) == ["applied"]
    assert device.platform is not None
    for options in ({}, {"id": order}):
        with pytest.raises(KnownProblem):
            perform(device.platform, "order-accept", options)


def test_what_the_station_does_not_have_it_does_not_promise(device: Device) -> None:
    """A component without a product code is refused line by line, and a large amount is met in part."""
    line = {"abo": "A", "rhd": "positive"}
    lines = (
        {"component": "GRAN", "amount": Decimal(1), **line},
        {"component": "RBC-S", "amount": Decimal(999), **line},
    )
    register(device, "blood_order", order_lines=lines)
    assert device.platform is not None
    with pytest.raises(KnownProblem):
        perform(device.platform, "order-satisfy")
    answer = perform(device.platform, "order-answer")["published"][0]["answer"]
    assert (answer["state"], [one["reply"] for one in answer["replies"]]) == ("partly", ["refused", "partly"])
    assert len(perform(device.platform, "order-dispatch")["published"][0]["body"]["bags"]) == 10


def test_every_component_of_the_dictionary_can_be_sent(platform: Platform) -> None:
    """For every component that the station has, whole bags cover the amount and none of them would expire on the way."""
    with platform.stage() as stage:
        for component in table("component"):
            if not goods.products(component):
                continue
            amount = Decimal("7.5")
            bags = goods.bags(stage, [goods.Wanted(component, "AB", "negative", amount)])
            assert amount <= sum(bag["amount"] for bag in bags)
            hours = (min(bag["expires_at"] for bag in bags) - stage.now).total_seconds() / 3600
            assert 12 < hours <= table("component").facet(component, "shelf_life_hours")
            for bag in bags:
                assert all(read(scanned).ok for scanned in goods.label(bag)["scans"])
