"""A device that loses replies, sends again, reorders and meets another device: nothing lost, nothing twice."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bloodbank_desktop.training.platform import Platform
from tests.training.kit import Device, Json, delivery, request, whole_feed

FINAL = {"applied", "duplicate", "conflict", "rejected"}


class Repetition(RuleBasedStateMachine):
    """Two devices over one platform; `pending` is what a device does not know the outcome of."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.platform = Platform(Path(self.folder.name) / "platform.db")

    @initialize()
    def begin(self) -> None:
        self.devices = [Device(self.platform) for _ in range(2)]
        self.pending: list[list[Json]] = [[], []]
        self.known: dict[str, str] = {}
        self.first: dict[str, Json] = {}
        self.made: dict[str, Json] = {}
        self.head: dict[str, str] = {}
        self.next_seed = 0

    def teardown(self) -> None:
        self.platform.close()
        self.folder.cleanup()

    def _make(self, who: int, *arguments: Any, **members: Any) -> None:
        op = self.devices[who].operation(*arguments, **members)
        self.pending[who].append(op)
        self.made[op["key"]] = op

    @rule(who=st.integers(0, 1), bags=st.booleans())
    def register(self, who: int, bags: bool) -> None:
        self.next_seed += 1
        body = delivery(self.next_seed) if bags else request(self.next_seed)
        self._make(who, "stock_in" if bags else "transfusion_request", body)
        op = self.pending[who][-1]
        self.head[op["id"]] = op["key"]

    @rule(who=st.integers(0, 1), data=st.data())
    def register_somebody_elses_bags(self, who: int, data: st.DataObject) -> None:
        seeds = st.integers(1, max(1, self.next_seed))
        self._make(who, "stock_in", delivery(data.draw(seeds)))

    @precondition(lambda self: any(op["module"] == "transfusion_request" for op in self.made.values()))
    @rule(data=st.data(), delete=st.booleans())
    def revise_own(self, data: st.DataObject, delete: bool) -> None:
        own = [k for k, op in self.made.items() if op["op"] == "register" and op["module"] == "transfusion_request"]
        target = self.made[data.draw(st.sampled_from(own))]
        who = next(n for n, device in enumerate(self.devices) if target["key"].startswith(device.incarnation))
        body = {"reason": "作废"} if delete else request(data.draw(st.integers(0, 50)))
        verb = "delete" if delete else "amend"
        needs = [self.head[target["id"]]]
        self._make(who, "transfusion_request", body, verb, id=target["id"], needs=needs)
        self.head[target["id"]] = self.pending[who][-1]["key"]

    @rule(who=st.integers(0, 1), data=st.data(), lost=st.booleans())
    def send(self, who: int, data: st.DataObject, lost: bool) -> None:
        queue = self.pending[who]
        size = data.draw(st.integers(0, len(queue)))
        if size == 0:
            return
        start = data.draw(st.integers(0, len(queue) - size))
        self._send(who, queue[start : start + size], lost)

    @rule(who=st.integers(0, 1), data=st.data())
    def send_what_is_long_done(self, who: int, data: st.DataObject) -> None:
        own = [k for k in self.known if k.startswith(self.devices[who].incarnation)]
        if own:
            self._send(who, [self.made[data.draw(st.sampled_from(own))]], lost=False)

    def _send(self, who: int, ops: list[Json], lost: bool) -> None:
        results = self.devices[who].send(*ops)
        assert [result["key"] for result in results] == [op["key"] for op in ops]
        for result in results:
            self._judge(result)
            if not lost and result["status"] in FINAL:
                self.known[result["key"]] = result["status"]
        self.pending[who] = [op for op in self.pending[who] if op["key"] not in self.known]

    def _judge(self, result: Json) -> None:
        """The checker: what the platform once did for a key, it says for ever."""
        key = result["key"]
        before = self.first.get(key)
        if before is None:
            assert result["status"] != "duplicate", "a first attempt is no duplicate"
            if result["status"] in FINAL:
                self.first[key] = result
        elif before["status"] == "applied":
            assert (result["status"], result["version"]) == ("duplicate", before["version"]), "false conflict"
        else:
            assert (result["status"], result["problem"]) == (before["status"], before["problem"])

    @invariant()
    def the_feed_holds_each_effect_once(self) -> None:
        if not hasattr(self, "made"):
            return
        feed = whole_feed(self.platform)
        keys = [change["key"] for change in feed]
        assert len(keys) == len(set(keys)), "an operation has two effects"
        assert set(keys) == {key for key, result in self.first.items() if result["status"] == "applied"}
        versions: dict[str, int] = {}
        holders: dict[tuple[str, str], str] = {}
        for change in feed:
            assert change["version"] == versions.get(change["id"], 0) + 1
            versions[change["id"]] = change["version"]
            assert change["body"] == ({} if change["deleted"] else self.made[change["key"]]["body"])
            for bag in change["body"].get("bags", ()):
                name = (bag["donationCode"], bag["productCode"])
                assert holders.setdefault(name, change["id"]) == change["id"], "a bag has two holders"

    @invariant()
    def nothing_is_lost(self) -> None:
        for key, status in getattr(self, "known", {}).items():
            assert self.platform.outcome(key)["status"] == ("applied" if status == "duplicate" else status)


Repetition.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    # One step writes to a real file.
    suppress_health_check=[HealthCheck.too_slow],
)
TestRepetition = Repetition.TestCase
