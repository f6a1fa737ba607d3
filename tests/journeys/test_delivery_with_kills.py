"""The main job, end to end: a delivery is scanned in with the network down, through thirty power cuts, and arrives once.

The window is the real one, the keys are key events at the speed of a scanner, the file, the queue, the HTTP and the
platform are real. What is judged is only what the window told: "已暂存" and "已保存".
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from bloodbank_desktop.clock import SystemClock
from bloodbank_desktop.operations.opening import Profile, open_profile
from bloodbank_desktop.paths import profile_dir
from bloodbank_desktop.records.codes import donation_number
from bloodbank_desktop.storage.lists import ListQuery
from bloodbank_desktop.training.server import TrainingServer
from tests.faults import checker
from tests.faults.proxy import FaultProxy
from tests.forms.bags import expected_bag, label_scans
from tests.journeys.workstation import ROOT, Life, Seen
from tests.support import FOLDER

BAGS = 40
KILLS = 30
#: While everything goes up, so that a cut also hits between an answer of the platform and its note in the file.
KILLS_ON_THE_WAY = 8
SEED = 20261124


def test_forty_bags_thirty_kills(tmp_path: Path) -> None:
    """Every bag that showed 已暂存 is in a draft or record, every record that showed 已保存 is on the platform once."""
    chance = random.Random(SEED)
    now = SystemClock().now()
    data = tmp_path / FOLDER
    folder = profile_dir(data, training=True)
    with TrainingServer(tmp_path / "platform.db") as server, FaultProxy(server.port) as network:
        network.down()
        settings = {"platform_url": network.url, "sounds": False, "scan_gap_ms": 250}
        (folder / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
        seen = _deliveries(data, now, chance)
        assert len(seen.whole) == BAGS
        assert server.platform.reader.changes("", 10)["changes"] == [], "the network was not down"
        network.up()
        _drain(data, seen, chance)
        profile = open_profile(folder, training=True)
        try:
            _judge(profile, seen, now)
            queued = checker.queue_of(profile)
            history = [
                checker.Saved(row.key, row.record_id, row.op, json.loads(row.payload))
                for row in profile.desk.queue.rows(open_only=False, limit=1000)
            ]
        finally:
            profile.close()
        arrived = checker.server_changes(server.platform)
        assert checker.judge(reversed(history), arrived, [queued]) == []
        assert seen.saved.keys() <= {change["id"] for change in arrived}
    verify = [sys.executable, "-m", "bloodbank_desktop", "--training", "--data-dir", str(data), "verify"]
    done = subprocess.run(verify, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False, timeout=120)
    assert (done.returncode, json.loads(done.stdout)["ok"]) == (0, True), done.stderr


def _deliveries(data: Path, now: datetime, chance: random.Random) -> Seen:
    """Scan and register everything through all the kills; return what was seen."""
    seen = Seen()
    kills = 0
    todo = _split(chance)
    asked_to_save = False
    while todo:
        life = Life(data)
        patience = _patience(chance, KILLS - kills, sum(map(len, todo)))
        life.do("open")
        shown: list[list[str]] | None = None
        try:
            while patience is None or patience > 0:
                said = life.next()
                assert said is not None, f"the program ended by itself: {life.told[-3:]}"
                assert "refused" not in said, said
                if patience is not None and said.keys() & {"born", "row", "shows", "saved", "heard"}:
                    patience -= 1
                if "shows" in said:
                    shown = said["shows"]
                    if _again(shown, seen, todo, asked_to_save):
                        # Registered in the life before, which died before it could say so.
                        todo.pop(0)
                    asked_to_save = False
                    if not todo:
                        break
                    asked_to_save = True
                    _work_off(life, todo[0], {row[1] for row in shown if row[0].endswith(" 已暂存")}, now, chance)
                elif "saved" in said:
                    todo.pop(0)
                    asked_to_save = False
                    if not todo:
                        break
                    life.do("open")
            life.wait_between(chance.random() * (0.5 if shown is None else 0.03))
        finally:
            before = len(life.told)
            life.kill()
        seen.take(life.told)
        if any("saved" in said for said in life.told[before:]):
            todo.pop(0)
            asked_to_save = False
        kills += 1
    assert kills >= KILLS - KILLS_ON_THE_WAY
    return seen


def _patience(chance: random.Random, kills: int, bags: int) -> int | None:
    """Return after how many words the next kill comes, so that they are spread over all bags; None: never.

    A bag brings eight words. Some lives end before the window is there, some in a scan, some while they register.
    """
    return chance.randrange(2 + 2 * 8 * bags // kills) if kills > 0 else None


def _split(chance: random.Random) -> list[list[int]]:
    """Divide the bags into deliveries."""
    rest, parts = list(range(BAGS)), []
    while rest:
        size = chance.randrange(3, 9)
        parts.append(rest[:size])
        rest = rest[size:]
    return parts


def _again(shown: list[list[str]], seen: Seen, todo: list[list[int]], asked_to_save: bool) -> bool:
    """Check what a delivery shows when it is opened; return whether it is a new one because the last was registered."""
    mine = {_number(index) for index in todo[0]}
    numbers = [row[1] for row in shown]
    assert len(set(numbers)) == len(numbers), f"a bag stands twice in one delivery: {numbers}"
    if not shown and asked_to_save and mine <= seen.whole:
        return True
    for number in mine & seen.rows.keys():
        assert number in numbers, f"{number} showed 已暂存 and is gone"
        told, now = seen.rows[number], shown[numbers.index(number)]
        for before, after in zip(told[1:], now[1:], strict=True):
            assert before in ("", after), f"{number} showed {before} and now shows {after}"
    assert set(numbers) <= mine
    return False


def _work_off(life: Life, delivery: list[int], whole: set[str], now: datetime, chance: random.Random) -> None:
    """Scan what is not there yet, every bag from its donation number on, and register."""
    for index in delivery:
        if _number(index) not in whole:
            first, *rest = label_scans(index, now=now)
            chance.shuffle(rest)
            for code in (first, *rest):
                life.do("scan", code)
    life.do("register")


def _number(index: int) -> str:
    return donation_number.format(expected_bag(index)["donation_number"])


def _drain(data: Path, seen: Seen, chance: random.Random) -> None:
    """The network is back: the program needs nobody to send everything, and cuts do no harm either."""
    for _ in range(KILLS_ON_THE_WAY):
        life = Life(data)
        life.until("attached")
        life.wait_between(chance.random() * 0.8)
        life.kill()
        seen.take(life.told)
    life = Life(data)
    life.until("waiting", "✓ 全部已报送")
    life.kill()
    seen.take(life.told)


def _judge(profile: Profile, seen: Seen, now: datetime) -> None:
    """Compare the file with what was seen."""
    with_bags = {}
    listing = profile.desk.open_list(ListQuery("stock_in"))
    for row in profile.desk.page(listing, 0, 1000):
        values = profile.desk.view("stock_in", row.record_id).values
        for bag in values["bags"]:
            assert bag["donation_number"] not in with_bags, f"{bag['donation_number']} was registered twice"
            with_bags[bag["donation_number"]] = (row.record_id, bag)
    drafted = {bag["donation_number"] for draft in profile.desk.drafts.all() for bag in draft.values["bags"]}
    for index in range(BAGS):
        expected = expected_bag(index, now=now)
        number = expected["donation_number"]
        if _number(index) in seen.rows:
            assert number in with_bags or number in drafted, f"{number} showed 已暂存 and is lost"
        if number in with_bags:
            record_id, bag = with_bags[number]
            assert {key: bag[key] for key in expected} == expected
            assert record_id == seen.draft_of[_number(index)]
    assert seen.saved.keys() <= {record_id for record_id, _ in with_bags.values()}
    assert drafted == set()
