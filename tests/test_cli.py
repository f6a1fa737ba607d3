"""The command line as whole processes: the same acts, rules and verbs as the window, in JSON, with honest exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.records.catalogue import record_type
from bloodbank_desktop.records.wire import to_json
from tests.faults.words import ROOT, Said, environment, program, run, word
from tests.samples import bag_values, check_character, donation_number, request_values, stock_in_values
from tests.support import files_of

REQUEST, DELIVERY = "transfusion_request", "stock_in"
NOW = SystemClock().now()
DONATION = donation_number(1)


def write(file: Path, content: Any) -> Path:
    """Write JSON into a file and return it."""
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return file


def delivery(seed: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a delivery that is valid today, received by the trainer and checked by a colleague."""
    persons = {"receiver": "训练员", "checker": "训练乙"}
    return to_json(record_type(DELIVERY), stock_in_values(2, seed, now=NOW, **persons, **changes))


def deliver(data: Path, file: Path) -> Said:
    """Register a delivery with the colleague who signs beside."""
    return word(data, "register", DELIVERY, file, "--second", "yi")


def request(seed: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the JSON of a request that is valid today."""
    return to_json(record_type(REQUEST), request_values(seed, now=NOW, **changes))


# -- decode --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number", "fields"),
    [
        (f"={DONATION}00", "001", {"donation_number": DONATION, "flag": "00", "check_character": check_character(DONATION)}),
        ("=%6200", "002", {"abo": "A", "rhd": "positive"}),
        ("=<E6170V00", "003", {"product_code": "E6170V00", "collection_type": "V", "division": "00"}),
        ("&>0263321559", "005", {"expires_at": "2026-11-28T15:59:00+08:00"}),
    ],
)  # fmt: skip
def test_decode_a_good_code(text: str, number: str, fields: dict[str, str], tmp_path: Path) -> None:
    """A good code is a yes in the terms of the standard, needs no data folder and makes none."""
    said = word(tmp_path / "none", "decode", text)
    assert (said.code, said.problems) == (0, ())
    assert list(said.answer) == ["ok", "structures", "problems", "raw"]
    (structure,) = said.answer["structures"]
    assert list(structure) == ["number", "name", "fields"]
    assert structure["number"] == number
    assert structure["fields"].items() >= fields.items()
    assert (said.answer["ok"], said.answer["problems"], said.answer["raw"]) == (True, [], text)
    assert not (tmp_path / "none").exists()


def test_decode_a_damaged_and_an_unknown_code(tmp_path: Path) -> None:
    """A code that is damaged or of no known kind is a no with the reason in words, and its text is kept."""
    wrong = DONATION + ("A" if check_character(DONATION) != "A" else "B")
    for text, code in ((wrong, "check-character"), ("=A99992600", "length"), ("xyz!", "unknown"), ("", "empty")):
        said = word(tmp_path, "decode", text)
        assert (said.code, said.answer["ok"], said.answer["raw"]) == (1, False, text)
        assert code in [problem["code"] for problem in said.answer["problems"]], said
        for problem in said.answer["problems"]:
            assert list(problem) == ["code", "message"]


def test_decode_by_the_rules_of_another_profile(tmp_path: Path) -> None:
    """The profile decides what a code may be; one that does not exist is a wrong call that names the existing ones."""
    said = word(tmp_path, "decode", "xyz!", "--profile", "no such rules")
    assert (said.code, said.answer, said.codes) == (2, None, ["unknown-profile"])
    assert "isbt128" in said.words
    assert word(tmp_path, "decode", "=%6200", "--profile", "isbt128").code == 0


# -- the life of a record ------------------------------------------------------------------------------------------


def test_life_of_a_request(tmp_path: Path) -> None:
    """Template, register, list, show, amend and delete work as a script would use them, one process each."""
    data, file = tmp_path / "数据", tmp_path / "申请 单.json"
    template = word(data, "template", REQUEST).answer
    assert set(template) >= set(request())
    assert not any(value for key, value in template.items() if not isinstance(value, list))

    empty = word(data, "register", REQUEST, write(file, template))
    assert (empty.code, empty.answer) == (1, None)
    assert {"patient_name", "diagnosis"} <= {problem["field"] for problem in empty.problems}

    filled = {key: value for key, value in template.items() if not isinstance(value, list)} | request()
    registered = word(data, "register", REQUEST, write(file, filled), "--operator", "yi")
    assert registered.code == 0
    saved = registered.answer
    assert list(saved) == ["kind", "id", "name", "revision", "queue_number", "at"]
    assert (saved["kind"], saved["revision"], saved["queue_number"]) == (REQUEST, 1, 1)

    listed = word(data, "list", REQUEST, "--search", request()["patient_name"], "--limit", "5").answer
    assert (listed["total"], [row["id"] for row in listed["rows"]]) == (1, [saved["id"]])
    assert word(data, "list", REQUEST, "--search", "没有此人").answer == {"total": 0, "rows": []}

    shown = word(data, "show", REQUEST, saved["id"]).answer
    assert shown["values"] == request()
    assert (shown["created_by"], shown["upload"], shown["refusals"], shown["history"]) == ("训练乙", "pending", [], [])

    change = write(file, {"diagnosis": "改后诊断", "sample_no": None})
    amended = word(data, "amend", REQUEST, saved["id"], change, "--reason", "笔误")
    assert (amended.code, amended.answer["revision"]) == (0, 2)
    shown = word(data, "show", REQUEST, saved["id"]).answer
    expected = {key: value for key, value in request(diagnosis="改后诊断").items() if key != "sample_no"}
    assert shown["values"] == expected
    assert [(one["values"], one["reason"]) for one in shown["history"]] == [(request(), "笔误")]

    assert word(data, "delete", REQUEST, saved["id"], "--reason", "重复").code == 0
    assert word(data, "list", REQUEST).answer["total"] == 0
    assert word(data, "show", REQUEST, saved["id"]).answer["deleted_at"]
    again = word(data, "delete", REQUEST, saved["id"])
    assert (again.code, again.codes) == (1, ["deleted"])
    queue = word(data, "queue").answer
    assert [(row["number"], row["operation"], row["state"]) for row in queue["rows"]] == [
        (1, "register", "pending"),
        (2, "amend", "pending"),
        (3, "delete", "pending"),
    ]
    assert all(row["age_seconds"] >= 0 and row["state_word"] for row in queue["rows"])
    assert word(data, "verify").answer["ok"] is True


def test_delivery_cannot_be_amended_or_deleted(tmp_path: Path) -> None:
    """A registered delivery knows neither verb, even with a file that changes nothing, and stays as it was."""
    file = write(tmp_path / "file.json", delivery())
    saved = deliver(tmp_path, file).answer
    before = word(tmp_path, "show", DELIVERY, saved["id"]).answer
    for words in (("amend", DELIVERY, saved["id"], file), ("delete", DELIVERY, saved["id"])):
        said = word(tmp_path, *words)
        assert (said.code, said.answer, said.codes) == (1, None, ["verb-not-allowed"])
        assert "血袋入库" in said.words
    assert word(tmp_path, "show", DELIVERY, saved["id"]).answer == before
    assert word(tmp_path, "queue").answer["waiting"] == 1


def test_problems_name_field_and_line(tmp_path: Path) -> None:
    """Wrong values, unknown fields and broken rules are told with field and line, and nothing is saved."""
    bags = (bag_values(1, now=NOW), bag_values(2, now=NOW, expires_at=NOW, collected_at=None))
    expired = deliver(tmp_path, write(tmp_path / "1", delivery(bags=bags)))
    assert [(p["field"], p["line"], p["code"]) for p in expired.problems] == [("bags.expires_at", 2, "expired")]
    unread = {**delivery(), "invented": 1, "transport_temperature": "warm"}
    unread["bags"][1]["abo"] = "Z"
    told = deliver(tmp_path, write(tmp_path / "2", unread)).problems
    assert {(p["field"], p["line"]) for p in told} >= {
        ("invented", None),
        ("transport_temperature", None),
        ("bags.abo", 2),
    }
    assert word(tmp_path, "list", DELIVERY).answer["total"] == 0
    assert deliver(tmp_path, write(tmp_path / "3", delivery())).code == 0
    twice = deliver(tmp_path, tmp_path / "3")
    assert (twice.code, set(twice.codes)) == (1, {"duplicate-in-stock"})
    assert [problem["line"] for problem in twice.problems] == [1, 2]


# -- sending -------------------------------------------------------------------------------------------------------


def test_sync_against_the_training_platform(tmp_path: Path) -> None:
    """What was registered on one workstation reaches the platform once and comes to another one."""
    one, other = tmp_path / "一", tmp_path / "二"
    registered = [
        deliver(one, write(tmp_path / "1.json", delivery())).answer["id"],
        word(one, "register", REQUEST, write(tmp_path / "2.json", request())).answer["id"],
    ]
    serve = program("training", "serve", "--port", "0", "--db", str(tmp_path / "platform.db"), "--while-stdin")
    with subprocess.Popen(
        serve, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment()
    ) as platform:
        assert platform.stdout is not None
        url = json.loads(platform.stdout.readline())["url"]
        sync = ("sync", "--once", "--platform", url)
        first = word(one, *sync)
        assert (first.code, first.answer["success"]) == (0, True)
        assert (first.answer["sent"], first.answer["accepted"]) == (2, 2)
        again = word(one, *sync)
        assert (again.code, again.answer["sent"]) == (0, 0)
        assert word(other, *sync).answer["pulled"] == 2
        platform.communicate(timeout=60)
    queue = word(one, "queue").answer
    assert (queue["waiting"], queue["rows"]) == (0, [])
    assert queue["last_success"]
    assert [row["state"] for row in word(one, "queue", "--all").answer["rows"]] == ["done", "done"]
    for kind, record_id in zip((DELIVERY, REQUEST), registered, strict=True):
        mine, theirs = (word(data, "show", kind, record_id).answer for data in (one, other))
        assert (mine["values"], mine["upload"]) == (theirs["values"], "done")
    assert word(one, "verify").code == word(other, "verify").code == 0


def test_verify_says_no_for_a_planted_fault(tmp_path: Path) -> None:
    """A record that was changed behind the program is a no, named on both streams."""
    from tests.support import behind_the_triggers

    deliver(tmp_path, write(tmp_path / "file.json", delivery()))
    clean = word(tmp_path, "verify")
    assert (clean.code, clean.answer["ok"], clean.answer["problems"]) == (0, True, [])
    with behind_the_triggers(tmp_path / "training") as connection:
        connection.execute("UPDATE stock SET abo = 'AB', state = 'issued'")
        connection.execute("DELETE FROM audit")
    said = word(tmp_path, "verify")
    assert (said.code, said.answer["ok"]) == (1, False)
    assert {"stock-differs", "acts-differ"} <= set(said.codes)
    assert said.answer["problems"] == list(said.problems)


# -- wrong calls ---------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[str, ...]] = {
    "no-such-word": ("nonsense",),
    "no-text": ("decode",),
    "no-kind": ("list",),
    "unknown-kind": ("list", "nobody"),
    "unknown-kind-to-save": ("register", "nobody", "file.json"),
    "unknown-option": ("queue", "--fast"),
    "limit-no-number": ("list", DELIVERY, "--limit", "many"),
    "limit-negative": ("list", DELIVERY, "--limit", "-1"),
    "sync-for-ever": ("sync",),
    "no-file": ("register", DELIVERY, "not there.json"),
    "serve-without-file": ("training", "serve", "--port", "0"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=list(WRONG))
def test_wrong_call(words: tuple[str, ...], tmp_path: Path) -> None:
    """A call that cannot be meant ends with 2 and one problem in words, and touches nothing."""
    said = word(tmp_path, *words)
    assert (said.code, said.answer, len(said.problems)) == (2, None, 1)
    assert any(character >= "\u4e00" for character in said.words)
    assert files_of(tmp_path).keys() <= {"training/bloodbank.db", "training/training.key", "training/first-start.lock"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "not-json"),
        (b"[" * 100_000, "not-json"),
        (b'{"receiver": "a", "receiver": "b"}', "not-json"),
        ('{"receiver": "训练甲"}'.encode("gb18030"), "not-utf-8"),
        (b"[]", "type"),
        (b"null", "type"),
    ],
)
def test_file_that_is_not_right(content: bytes, code: str, tmp_path: Path) -> None:
    """A file that is no JSON object in UTF-8 is a no in words, and no data folder is made for it."""
    (tmp_path / "file.json").write_bytes(content)
    said = word(tmp_path, "register", DELIVERY, tmp_path / "file.json")
    assert (said.code, said.answer, said.codes) == (1, None, [code])


def test_options_may_stand_before_and_after_the_word(tmp_path: Path) -> None:
    """Data folder and training mode mean the same wherever they stand, and never lead to the user's own data."""
    home = {
        "HOME": str(tmp_path / "home"),
        "LOCALAPPDATA": str(tmp_path / "home"),
        "XDG_DATA_HOME": str(tmp_path / "home"),
    }
    where = ("--data-dir", str(tmp_path / "data"), "--training")
    for command in (program(*where, "queue"), program("queue", *where), program(*where[:2], "queue", *where[2:])):
        assert run(command, home).answer["rows"] == []
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"training"}


def test_reader_that_goes_away_is_no_crash(tmp_path: Path) -> None:
    """A reader that closes the pipe early, as `head` does, gets no traceback."""
    process = subprocess.Popen(
        program("--data-dir", str(tmp_path), "--training", "template", REQUEST),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    process.wait(60)
    assert said == ""


def test_chinese_survives_any_console(tmp_path: Path) -> None:
    """Output is UTF-8 whatever the console claims, so that a pipe on Windows does not break it."""
    said = word(tmp_path, "decode", "献血码？", extra={"PYTHONIOENCODING": "ascii"})
    assert (said.code, said.answer["raw"]) == (1, "献血码？")


@pytest.mark.skipif(sys.platform == "win32", reason="a port in use looks different there")
def test_training_platform_that_cannot_start_is_told(tmp_path: Path) -> None:
    """A port in use and a file that is no database are sentences."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = run(program("training", "serve", "--port", port, "--db", str(tmp_path / "platform.db")))
    assert (said.code, said.codes) == (1, ["port-in-use"])
    (tmp_path / "picture").write_bytes(b"\x89PNG" * 5000)
    said = run(program("training", "serve", "--port", "0", "--db", str(tmp_path / "picture")))
    assert (said.code, said.codes) == (1, ["training-file"])
    assert (tmp_path / "picture").read_bytes() == b"\x89PNG" * 5000
