"""`training act` at the command line: in the platform's file or by its server, safe beside a running server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import requests

from bloodbank_desktop import cli
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.records.catalogue import all_records
from bloodbank_desktop.training import command
from bloodbank_desktop.training.acts import ACTS, perform
from bloodbank_desktop.training.platform import Platform
from bloodbank_desktop.training.server import TrainingServer
from tests import samples
from tests.training.kit import Device, body_of, common_headers, slug, statuses, whole_feed
from tests.training.test_acts import register


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, Any]:
    """Return exit code and what was printed: the answer, or the problems."""
    code = cli.main(["training", "act", *words])
    said = capsys.readouterr()
    return code, json.loads(said.out or said.err)


def test_the_command_line_acts_in_the_file(device: Device, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`training act` prints what was published; 1 with a Chinese sentence when nothing waits, 2 for a wrong call."""
    file = str(tmp_path / "platform.db")
    assert called(capsys, "order-accept", "--db", file)[0] == 1
    order = register(device, "blood_order")
    code, done = called(capsys, "order", "accept", "--db", file, "--remark", "收到")
    assert (code, done["published"][0]["id"], done["published"][0]["answer"]["remark"]) == (0, order, "收到")
    code, (problem,) = called(capsys, "order-accept", "--db", file, "--no", "YDS00000000")
    assert (code, problem["code"]) == (1, "nothing-to-act-on")
    assert "已受理" in problem["message"]
    for wrong in (
        ["order-sing", "--db", file],
        ["order-accept"],
        ["order-accept", "--db", file, "--url", "http://127.0.0.1:1"],
        ["order-accept", "--db", file, "--lacking", "x"],
        ["order-accept", "--db", str(tmp_path / "other.db")],
        ["order-accept", "--url", "https://example.org"],
        ["order-accept", "--url", "http://["],
    ):
        assert called(capsys, *wrong)[0] == 2, wrong
    assert not (tmp_path / "other.db").exists()
    assert device.platform is not None
    assert len(whole_feed(device.platform)) == 2


def test_a_file_that_is_no_platform_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Acting on a text file or on another database is a wrong call and changes no byte."""
    text = tmp_path / "notes.txt"
    text.write_text("输血科" * 2000, encoding="utf-8")
    empty = tmp_path / "empty.db"
    empty.write_bytes(b"")
    for file in (text, empty):
        before = file.read_bytes()
        assert called(capsys, "plan-allocate", "--db", str(file))[0] == 2
        assert file.read_bytes() == before


def test_the_list_names_every_act_and_its_options_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """`training act list` has one sentence for each act, and the grammar knows exactly the options that acts take."""
    code, shown = called(capsys, "list")
    assert code == 0
    assert {one["what"] for one in shown} == set(ACTS)
    assert all(one["sentence"] for one in shown)
    taken = {option for one in ACTS.values() for option in one.options}
    assert taken == {*command.ONE, *command.SEVERAL}
    for one in ACTS.values():
        of = all_records()[one.module] if one.makes else all_records()[one.module].answer
        assert of is not None
        assert set(one.fields) <= of.fields.keys()


def test_the_command_line_acts_through_the_server(server: TrainingServer, capsys: pytest.CaptureFixture[str]) -> None:
    """With --url the running server acts, with the same answers and exit codes."""
    device = Device(server.platform)
    assert called(capsys, "order-accept", "--url", server.url)[0] == 1
    order = register(device, "blood_order")
    code, done = called(capsys, "order-accept", "--url", server.url, "--no", "YDS00000000")
    assert (code, done["published"][0]["id"]) == (0, order)
    assert called(capsys, "order-accept", "--url", server.url, "--lacking", "x")[0] == 2
    assert called(capsys, "order-partly", "--url", server.url, "--line", "1=partly:2", "--line", "2=refused")[0] == 0
    wrong: tuple[Any, ...] = ([], {"what": 7}, {"no": "1"})
    for content in wrong:
        reply = requests.post(f"{server.url}/training/acts", json=content, headers=common_headers(), timeout=30)
        assert (reply.status_code, slug(reply.json())) == (400, "malformed")
    nobody = requests.post(f"{server.url}/training/acts", json={"what": "plan-allocate"}, timeout=30)
    assert nobody.status_code == 401


def test_a_server_that_is_not_there_is_told(server: TrainingServer, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody listens the answer is no, with a sentence."""
    server.stop()
    code, (problem,) = called(capsys, "plan-allocate", "--url", server.url)
    assert (code, problem["code"]) == (1, "platform-unreachable")


def test_acting_on_the_file_of_a_running_server_is_safe(tmp_path: Path) -> None:
    """While a real server process takes batches, a second process acts on its file: every order is applied once and
    answered once, and the numbers of the feed have no gap and no double."""
    file, orders = tmp_path / "platform.db", 12
    program = [sys.executable, "-m", "bloodbank_desktop", "training"]
    root = Path(__file__).parents[2]
    served = subprocess.Popen(
        [*program, "serve", "--port", "0", "--db", str(file), "--while-stdin"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
    )  # fmt: skip
    assert served.stdout is not None
    url = json.loads(served.stdout.readline())["url"]
    device, failed = Device(), []
    keys: list[str] = []

    def send() -> None:
        for seed in range(orders):
            operation = device.operation("blood_order", body_of("blood_order", samples.order_values(seed)))
            keys.append(operation["key"])
            if statuses(device.post(url, operation).json()["results"]) != ["applied"]:
                failed.append(seed)

    sending = threading.Thread(target=send)
    sending.start()
    platform = Platform(file)
    said = 0
    # This process is the second one: it writes as fast as it can beside the server, until all are answered.
    while said < orders:
        more_to_come = sending.is_alive()
        try:
            perform(platform, "order-accept")
            said += 1
        except KnownProblem:
            if not more_to_come:
                break
    sending.join()
    # And a third one, as a trainer would start it.
    done = subprocess.run(
        [*program, "act", "order-satisfy", "--db", str(file)],
        capture_output=True,
        text=True,
        cwd=root,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    feed = requests.get(f"{url}/v1/changes", headers=common_headers(), timeout=30).json()["changes"]
    served.communicate(timeout=30)
    platform.close()
    assert not failed
    assert len(feed) == 2 * orders + 1
    assert sorted(one["key"] for one in feed if not one["key"].startswith("platform:")) == sorted(keys)
    accepted = [one["id"] for one in feed if one["answer"].get("state") == "accepted"]
    assert len(accepted) == len(set(accepted)) == orders
    assert [int(one["key"].split(":")[1]) for one in feed if one["key"].startswith("platform:")] == [
        number for number, one in enumerate(feed, start=1) if one["key"].startswith("platform:")
    ]
