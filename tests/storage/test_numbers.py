"""Numbers are allotted with the act that uses them: none twice, none lost, however many work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.settings import Settings, save
from bloodbank_desktop.storage import outbox, serials, verify
from tests.samples import NOW, request_values, stock_in_values
from tests.support import FOLDER, FakeClock, open_store


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads that start together; return what each returned or raised."""
    gate = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(index: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            results[index] = act()
        except Exception as problem:
            results[index] = problem

    threads = [threading.Thread(target=run, args=(index, act)) for index, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _many(profile: Profile, start: int, count: int) -> Callable[[], list[str]]:
    def work() -> list[str]:
        names = []
        for seed in range(start, start + count):
            saved = profile.desk.register("transfusion_request", request_values(seed, request_no=None))
            names.append(saved.name.split()[0])
        return names

    return work


def test_serials_are_gapless_under_concurrency(profile: Profile, tmp_path: Path) -> None:
    """Four threads on two open profiles of one file allot 1 to 60 of the day, each once and without a gap."""
    other = open_store(tmp_path)
    done = at_once(*(_many(one, 100 * index, 15) for index, one in enumerate((profile, other, profile, other))))
    other.close()
    allotted = sorted(name for names in done for name in names)
    assert allotted == [f"SQ20261123-01-{number:04d}" for number in range(1, 61)]


def test_serials_begin_again_each_day_in_china(profile: Profile, clock: FakeClock) -> None:
    """The running number begins at 1 at midnight in China, not at midnight UTC."""
    clock.at = NOW.replace(hour=15, minute=59)
    first = profile.desk.register("transfusion_request", request_values(1, request_no=None))
    clock.advance(minutes=1)
    second = profile.desk.register("transfusion_request", request_values(2, request_no=None))
    assert first.name.startswith("SQ20261123-01-0001")
    assert second.name.startswith("SQ20261124-01-0001")


def test_refused_act_uses_no_number(profile: Profile) -> None:
    """A number allotted in an act that is undone is allotted again."""
    with pytest.raises(ValueError, match="stop"), profile.store.write() as tx:
        assert serials.allot(tx, "RK", date(2026, 11, 23)) == "RK20261123-01-0001"
        raise ValueError("stop")
    with profile.store.write() as tx:
        assert [serials.allot(tx, prefix, date(2026, 11, 23)) for prefix in ("RK", "RK", "SQ")] == [
            "RK20261123-01-0001",
            "RK20261123-01-0002",
            "SQ20261123-01-0001",
        ]


def test_number_bears_the_workstation(tmp_path: Path) -> None:
    """Two workstations allot different numbers, because the number bears the workstation of the settings."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    save(folder, Settings(workstation="07"))
    profile = open_store(tmp_path)
    saved = profile.desk.register("stock_in", stock_in_values(1, 1, intake_no=None))
    profile.close()
    assert saved.name == "RK20261123-07-0001"


def test_given_number_is_kept(profile: Profile) -> None:
    """A number that the person gave is not replaced by an allotted one."""
    assert profile.desk.register("stock_in", stock_in_values(1, 1, intake_no="自编-1")).name == "自编-1"


def _numbers(profile: Profile) -> list[int]:
    with profile.store.read() as tx:
        return list(tx.execute(text("SELECT dseq FROM outbox ORDER BY dseq")).scalars())


def test_outbox_is_gapless_under_concurrency_and_failures(profile: Profile, tmp_path: Path) -> None:
    """Threads that save, are refused and break off in the middle leave numbers 1 to n without a gap, each with its key."""
    other = open_store(tmp_path)

    def breaks(one: Profile) -> Callable[[], None]:
        def work() -> None:
            for _ in range(10):
                with pytest.raises(ValueError, match="stop"), one.store.write() as tx:
                    outbox.put(
                        tx,
                        record_id="r",
                        kind="stock_in",
                        name="",
                        op="register",
                        base_version=None,
                        payload=b"{}",
                        actor="",
                        at=NOW,
                    )
                    raise ValueError("stop")
                with pytest.raises(Refused):
                    one.desk.register("stock_in", stock_in_values(1, 1, supplier=None))

        return work

    done = at_once(_many(profile, 0, 10), breaks(profile), _many(other, 100, 10), breaks(other))
    assert not [one for one in done if isinstance(one, Exception)]
    assert _numbers(profile) == list(range(1, 21))
    incarnation = profile.dispatch.identity.incarnation
    assert [row.key for row in profile.desk.queue.rows(limit=99)] == [f"{incarnation}:{n}" for n in range(1, 21)]
    assert verify.problems(profile.store) == []
    other.close()


def test_one_bag_enters_once(profile: Profile, tmp_path: Path) -> None:
    """Of two workstation windows registering the same bag at the same moment exactly one wins, and the other is told."""
    other = open_store(tmp_path)
    for seed in range(6):
        values = stock_in_values(3, seed)
        done = at_once(
            lambda values=values: profile.desk.register("stock_in", values),  # type: ignore[misc]
            lambda values=values: other.desk.register("stock_in", values),  # type: ignore[misc]
        )
        refused = [one for one in done if isinstance(one, Refused)]
        assert len(refused) == 1, done
        assert {problem.code for problem in refused[0].problems} == {"duplicate-in-stock"}
        assert [problem.line for problem in refused[0].problems] == [1, 2, 3]
    assert _numbers(profile) == list(range(1, 7))
    assert verify.problems(profile.store) == []
    other.close()
