"""Bags, chains and patients in the command line, as whole processes: the same answers as the window, in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import open_profile
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.declare import OPERATOR
from bloodbank_desktop.records.wire import to_json
from tests import samples
from tests.derived.examples import arrive
from tests.faults.words import Said, word
from tests.samples import bag_values
from tests.support import files_of

NOW = SystemClock().now().replace(second=0, microsecond=0)
#: Who acts where nobody is named, and the login and name of who signs beside.
TRAINER, BESIDE = "训练员", ("yi", "训练乙")
ONE, TWO = (bag_values(n, now=NOW) for n in (1000, 1001))


def name(bag: dict[str, Any]) -> str:
    """Return a bag as the command line takes it."""
    return f"{bag['donation_number']}/{bag['product_code']}"


def register(data: Path, kind: str, values: dict[str, Any]) -> str:
    """Register a record in the name of the trainer, with a colleague beside where two sign; return its id."""
    file = data.parent / "file.json"
    names = {f.key: TRAINER if f.signed == OPERATOR else BESIDE[1] for f in record_type(kind).signed}
    whole = values | {key: name for key, name in names.items() if values.get(key) is not None}
    file.write_text(json.dumps(to_json(record_type(kind), whole), ensure_ascii=False), encoding="utf-8")
    beside = ("--second", BESIDE[0]) if any(name == BESIDE[1] for name in names.values()) else ()
    said = word(data, "register", kind, file, *beside)
    assert said.code == 0, said
    return str(said.answer["id"])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a checked delivery of two bags."""
    folder = tmp_path / "数据"
    register(folder, "stock_in", samples.delivery_of([ONE, TWO], 1, now=NOW, station_issue_no=None))
    return folder


def refused(said: Said, code: int, *codes: str) -> None:
    """Assert that a word was refused in the agreed form."""
    assert (said.code, said.answer, said.codes) == (code, None, list(codes)), said


# -- stock ---------------------------------------------------------------------------------------------------------


def test_stock_and_what_is_done_to_it(data: Path) -> None:
    """Groups and bags are listed and filtered; a deed shows the bags as they are after it."""
    groups = word(data, "stock").answer["groups"]
    assert [(one["component"], one["bags"], one["amount"], one["states"]) for one in groups] == [
        ("RBC-SLR", 1, "2", {"available": 1}),
        ("FFP", 1, "200", {"available": 1}),
    ]
    assert list(groups[0]) == [
        "component", "abo", "rhd", "bags", "amount", "usable", "near_expiry", "expired", "least", "short", "states",
    ]  # fmt: skip
    done = word(data, "stock-do", "reserve", "--bag", name(ONE), "--for", "SQ1", "--operator", "yi")
    assert done.code == 0
    (bag,) = done.answer["bags"]
    assert (bag["donation_number"], bag["state"], bag["holder"]) == (ONE["donation_number"], "reserved", "SQ1")
    for state, found in (("reserved", [ONE]), ("available", [TWO]), ("issued", [])):
        bags = word(data, "stock", "--bags", "--state", state).answer
        assert bags["total"] == len(found)
        assert [one["donation_number"] for one in bags["bags"]] == [one["donation_number"] for one in found]
    one = word(data, "stock", "--component", "FFP", "--abo", TWO["abo"], "--rhd", TWO["rhd"], "--bags").answer
    assert [bag["donation_number"] for bag in one["bags"]] == [TWO["donation_number"]]
    assert len(word(data, "stock", "--state", "reserved").answer["groups"]) == 1
    assert word(data, "stock", "--bags", "--limit", "1").answer["total"] == 2


def test_deeds_that_are_refused(data: Path) -> None:
    """What may not happen to one bag happens to none; a deed, bag or code that does not exist is a wrong call."""
    word(data, "stock-do", "quarantine", "--bag", name(TWO), "--reason", "外观异常")
    refused(word(data, "stock-do", "reserve", "--bag", name(ONE), "--bag", name(TWO), "--for", "SQ1"), 1, "bag-state")
    refused(word(data, "stock-do", "quarantine", "--bag", name(ONE)), 1, "reason-required")
    assert word(data, "stock", "--bags", "--state", "available").answer["total"] == 1
    refused(word(data, "stock-do", "issue", "--bag", name(ONE)), 2, "no-such-deed")
    refused(word(data, "stock-do", "accept"), 2, "wrong-call")
    for wrong in ("A999926001000", "/E5445V00", "a/b/c/d"):
        refused(word(data, "stock-do", "accept", "--bag", wrong), 2, "wrong-bag")
    refused(word(data, "stock", "--abo", "C"), 2, "unknown-code")


def test_a_delivery_is_reversed(data: Path) -> None:
    """A reversal answers as every saved record; without a reason or a second time it is refused."""
    (row,) = word(data, "list", "stock_in").answer["rows"]
    refused(word(data, "reverse", row["id"], "--reason", " "), 1, "reason-required")
    refused(word(data, "reverse", row["id"]), 2, "wrong-call")
    done = word(data, "reverse", row["id"], "--reason", "供血机构选错")
    assert (done.code, done.answer["kind"], done.answer["queue_number"]) == (0, "stock_in", 2)
    assert word(data, "stock").answer == {"groups": []}
    refused(word(data, "reverse", row["id"], "--reason", "再来"), 1, "bag-state", "bag-state")
    refused(word(data, "reverse", done.answer["id"], "--reason", "再来"), 1, "reversal-of-reversal")
    assert word(data, "verify").code == 0


def test_some_bags_of_a_delivery_are_reversed(data: Path) -> None:
    """With --bag only those bags leave the stock; a bag of no such delivery and a misspelt one are refused."""
    (row,) = word(data, "list", "stock_in").answer["rows"]
    other = bag_values(7, now=NOW)
    refused(word(data, "reverse", row["id"], "--reason", "多扫", "--bag", name(other)), 1, "not-of-this-intake")
    refused(word(data, "reverse", row["id"], "--reason", "多扫", "--bag", ONE["donation_number"]), 2, "wrong-bag")
    done = word(data, "reverse", row["id"], "--reason", "多扫", "--bag", name(TWO))
    assert (done.code, done.answer["kind"]) == (0, "stock_in")
    states = {bag["donation_number"]: bag["state"] for bag in word(data, "stock", "--bags").answer["bags"]}
    assert states == {ONE["donation_number"]: "available"}
    assert len(word(data, "show", "stock_in", done.answer["id"]).answer["values"]["bags"]) == 1


# -- chains and patients -------------------------------------------------------------------------------------------


def test_a_chain_as_json(data: Path) -> None:
    """Trace gives the bags with state and life, the records with their values, and what is broken; unknown is a no."""
    issue = samples.issue_values(seed=1, bags=[{**ONE, "label_message": None}], now=NOW)
    request = register(data, "transfusion_request", samples.request_for(issue))
    record_id = register(data, "clinical_issue", issue)
    assert word(data, "delete", "transfusion_request", request).code == 0
    said = word(data, "trace", ONE["donation_number"])
    assert (said.code, list(said.answer)) == (0, ["asked", "bags", "records", "broken", "cut"])
    (bag,) = said.answer["bags"]
    assert (bag["state"], bag["holder"]) == ("issued", issue["request_no"])
    assert [entry["event"] for entry in bag["life"]] == ["receive_checked", "issue"]
    assert list(bag["life"][0]) == ["at", "event", "state", "kind", "id", "actor", "facts"]
    assert [one["kind"] for one in said.answer["records"]] == ["stock_in", "clinical_issue"]
    assert said.answer["records"][1]["id"] == record_id
    assert said.answer["records"][1]["values"]["issue_no"] == issue["issue_no"]
    broken = [(one["kind"], one["field"], one["value"]) for one in said.answer["broken"]]
    assert broken == [("clinical_issue", "request_no", issue["request_no"])]
    register(data, "transfusion_request", samples.request_values(1, now=NOW))
    by_request = word(data, "trace", issue["request_no"]).answer
    assert (by_request["broken"], len(by_request["bags"]), len(by_request["records"])) == ([], 1, 3)
    refused(word(data, "trace", "没有这个号"), 1, "nothing-found")
    refused(word(data, "trace"), 2, "wrong-call")


def test_one_patient(data: Path) -> None:
    """A patient is shown by any number; two numbers are joined with a reason, once."""
    for seed in (1, 2):
        register(data, "transfusion_request", samples.request_values(seed, now=NOW))
    found = word(data, "patient", samples.person_values(1)["id_no"]).answer
    assert (found["numbers"], found["contradictory"]) == (["ZY00000001"], False)
    assert [one["kind"] for one in found["records"]] == ["transfusion_request"]
    assert list(found) == ["numbers", "names", "contradictory", "groups", "antibodies", "reactions", "records"]
    refused(word(data, "merge-patients", "ZY00000001", "ZY00000002"), 2, "wrong-call")
    refused(word(data, "merge-patients", "ZY00000001", "ZY404", "--reason", "核实"), 1, "unknown-patient")
    joined = word(data, "merge-patients", "ZY00000001", "ZY00000002", "--reason", "身份已核实")
    assert (joined.code, sorted(joined.answer["numbers"])) == (0, ["ZY00000001", "ZY00000002"])
    assert len(word(data, "patient", "ZY00000002").answer["records"]) == 2
    refused(word(data, "merge-patients", "ZY00000002", "ZY00000001", "--reason", "核实"), 1, "merged-already")
    refused(word(data, "patient", "ZY404"), 1, "unknown-patient")


# -- what follows --------------------------------------------------------------------------------------------------


def test_a_draft_of_what_follows(data: Path) -> None:
    """The draft is kept and shown; an unknown follow-up names those that exist, a missing record is a no."""
    values = samples.request_values(1, now=NOW)
    request = register(data, "transfusion_request", values)
    said = word(data, "follow", "transfusion_request", request, "issue")
    assert (said.code, said.answer["kind"]) == (0, "clinical_issue")
    assert said.answer["values"]["request_no"] == values["request_no"]
    profile = open_profile(profile_dir(data, True), training=True)
    try:
        draft = profile.desk.drafts.find(said.answer["draft"])
        assert draft is not None and draft.values["request_no"] == values["request_no"]
    finally:
        profile.close()
    wrong = word(data, "follow", "transfusion_request", request, "again")
    refused(wrong, 2, "no-such-followup")
    assert "issue" in wrong.words
    refused(word(data, "follow", "transfusion_request", "nothing", "issue"), 1, "no-such-record")


def test_a_plan_is_activated_once(data: Path) -> None:
    """Activation answers as every saved record, keeps what the plan is for, and is refused the second time."""
    profile = open_profile(profile_dir(data, True), training=True)
    try:
        plan = arrive(profile, record_type("donor_plan"), samples.plan_values(1, now=NOW))
    finally:
        profile.close()
    done = word(data, "activate", "donor_plan", plan, "--link", "SQ1")
    assert (done.code, done.answer["id"], done.answer["revision"]) == (0, plan, 2)
    shown = word(data, "show", "donor_plan", plan).answer["values"]
    assert (shown["link_no"], shown["activated_by"]) == ("SQ1", "训练员")
    refused(word(data, "activate", "donor_plan", plan), 1, "activated-already")
    refused(word(data, "activate", "stock_in", plan), 1, "verb-not-allowed")
    refused(word(data, "activate", "nothing", plan), 2, "unknown-module")


def test_looking_writes_nothing(data: Path) -> None:
    """Words that only look leave the file as it was."""
    for words in (("trace", ONE["donation_number"]), ("stock",), ("stock", "--bags")):
        before = files_of(data)["training/bloodbank.db"]
        assert word(data, *words).code == 0
        assert files_of(data)["training/bloodbank.db"] == before
