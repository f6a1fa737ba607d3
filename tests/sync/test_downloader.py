"""Page and place go together, and reading from the beginning is always a way out, but never an endless one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.sync import platform as seam
from bloodbank_desktop.sync.downloader import Downloader
from bloodbank_desktop.sync.platform import Page
from tests.sync.kit import EPOCH, NOW, ScriptedPlatform, StillClock, profile

OTHER = "99999999-2222-4333-8444-555555555555"


def page(cursor: str, *, more: bool = False, epoch: str = EPOCH) -> Page:
    """A page without changes."""
    return Page(epoch, (), cursor, more, NOW)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Profile]:
    with profile(tmp_path / "p", StillClock()) as opened:
        yield opened


def asked(platform: ScriptedPlatform) -> list[str | None]:
    """The cursors that were asked with."""
    return [of[0] for name, of in platform.calls if name == "changes"]


def test_each_page_continues_where_the_last_one_ended(desk: Profile) -> None:
    """The place after a page is the cursor of the next question, also for a new downloader after a restart."""
    platform = ScriptedPlatform(StillClock(), pages=[page("a", more=True), page("b")])
    assert Downloader(desk.arrivals).pull_once(platform).more
    assert not Downloader(desk.arrivals).pull_once(platform).more
    Downloader(desk.arrivals).pull_once(platform)
    assert asked(platform) == [None, "a", "b"]


@pytest.mark.parametrize(
    "problem", [seam.Cut(), seam.NotThePlatform(), seam.ServerFault(), seam.Busy(), seam.TimedOut()]
)
def test_a_page_that_did_not_come_moves_nothing(desk: Profile, problem: seam.PlatformProblem) -> None:
    """After a failure the place is where it was."""
    platform = ScriptedPlatform(StillClock(), pages=[page("a"), problem, page("b")])
    downloader = Downloader(desk.arrivals)
    downloader.pull_once(platform)
    with pytest.raises(type(problem)):
        downloader.pull_once(platform)
    assert desk.arrivals.cursor("main").cursor == "a"
    downloader.pull_once(platform)
    assert asked(platform) == [None, "a", "a"]


def test_a_forgotten_place_means_from_the_beginning(desk: Profile) -> None:
    """410 makes the next question one from the beginning."""
    platform = ScriptedPlatform(StillClock(), pages=[page("a"), seam.CursorGone(), page("b")])
    downloader = Downloader(desk.arrivals)
    downloader.pull_once(platform)
    assert downloader.pull_once(platform).more
    downloader.pull_once(platform)
    assert asked(platform) == [None, "a", None]


def test_a_restored_platform_means_from_the_beginning(desk: Profile) -> None:
    """A page of another epoch is not applied behind a place of the old one; all is read anew."""
    platform = ScriptedPlatform(StillClock(), pages=[page("a"), page("b", epoch=OTHER), page("c", epoch=OTHER)])
    downloader = Downloader(desk.arrivals)
    downloader.pull_once(platform)
    assert downloader.pull_once(platform).more
    assert desk.arrivals.cursor("main").cursor is None
    downloader.pull_once(platform)
    assert desk.arrivals.cursor("main").cursor == "c"
    assert desk.arrivals.cursor("main").epoch == OTHER


def test_being_sent_back_for_ever_is_a_fault(desk: Profile) -> None:
    """A platform that forgets the beginning itself, changes its epoch each time or leads in a circle is stopped."""
    with pytest.raises(seam.ProtocolFault):
        Downloader(desk.arrivals).pull_once(ScriptedPlatform(StillClock(), pages=[seam.CursorGone()]))
    downloader = Downloader(desk.arrivals)
    pages = [page(f"p{n}", epoch=f"{n:08d}-2222-4333-8444-555555555555", more=True) for n in range(50)]
    with pytest.raises(seam.ProtocolFault):
        for _ in range(50):
            downloader.pull_once(ScriptedPlatform(StillClock(), pages=[pages.pop()]))
    desk.arrivals.restart("main")
    circle = ScriptedPlatform(StillClock(), pages=[page("a", more=True), page("a", more=True)])
    downloader = Downloader(desk.arrivals)
    downloader.pull_once(circle)
    with pytest.raises(seam.ProtocolFault):
        downloader.pull_once(circle)


def test_pages_that_are_too_long_are_asked_for_in_parts(desk: Profile) -> None:
    """A page above the cap, or too slow, is asked for with fewer changes, down to one, and grows again afterwards."""
    platform = ScriptedPlatform(StillClock(), pages=[seam.ReplyTooLarge(), seam.TimedOut(), page("a"), page("b")])
    downloader = Downloader(desk.arrivals)
    assert downloader.pull_once(platform).more
    with pytest.raises(seam.TimedOut):
        downloader.pull_once(platform)
    downloader.pull_once(platform)
    downloader.pull_once(platform)
    assert [of[1] for _, of in platform.calls] == [1000, 250, 62, 124]
    downloader = Downloader(desk.arrivals)
    endless = ScriptedPlatform(StillClock(), pages=[seam.ReplyTooLarge() for _ in range(99)])
    with pytest.raises(seam.ReplyTooLarge):
        for _ in range(99):
            downloader.pull_once(endless)
    assert endless.count("changes") < 10
