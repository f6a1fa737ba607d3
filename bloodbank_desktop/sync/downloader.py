"""Read what changed on the platform page by page; page and place are noted in one transaction.

The danger is a place in the feed that is noted before what was read is in the database: after a crash those changes
never come again. And a platform that was restored counts its changes anew, so a new epoch, like a forgotten place,
means reading everything again, which is harmless because a version that is already here changes nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bloodbank_desktop.operations.arrivals import Arrivals
from bloodbank_desktop.operations.results import Changes
from bloodbank_desktop.sync.platform import CursorGone, Page, Platform, ProtocolFault, ReplyTooLarge, TimedOut

log = logging.getLogger(__name__)

FEED = "main"
FULL_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one page brought. `more`: there is another one to be read at once."""

    count: int
    more: bool
    changes: Changes | None = None


class Downloader:
    """The pull lane. One thread at a time."""

    def __init__(self, arrivals: Arrivals, *, feed: str = FEED, full_page: int = FULL_PAGE) -> None:
        self._arrivals = arrivals
        self._feed = feed
        self._full_page = full_page
        self._limit = full_page
        self._restarts = 0

    def pull_once(self, platform: Platform) -> Pulled:
        """Read and apply one page.

        Raises PlatformProblem when the lane should wait, KnownProblem when the database could not be written; in
        both cases the place in the feed is where it was.
        """
        place = self._arrivals.cursor(self._feed)
        try:
            page = platform.changes(self._feed, place.cursor, self._limit)
        except CursorGone as problem:
            return self._restart("the platform forgot our place", problem if place.cursor is None else None)
        except ReplyTooLarge:
            if self._limit == 1:
                raise
            self._limit = max(1, self._limit // 4)
            return Pulled(0, more=True)
        except TimedOut:
            self._limit = max(1, self._limit // 4)
            raise
        if place.cursor is not None and place.epoch is not None and page.epoch != place.epoch:
            return self._restart("the platform was restored")
        if page.more and page.next_cursor == place.cursor:
            raise ProtocolFault("a page that leads to itself")
        changes = self._arrivals.apply_page(self._feed, page.epoch, page.changes, page.next_cursor, page.as_of)
        self._applied(page)
        return Pulled(len(page.changes), page.more, changes)

    def _applied(self, page: Page) -> None:
        self._limit = min(self._full_page, self._limit * 2)
        if not page.more:
            self._restarts = 0

    def _restart(self, why: str, cause: CursorGone | None = None) -> Pulled:
        """Forget the place. Once; a platform that sends us back again before the end of the feed is at fault."""
        if cause is not None or self._restarts >= 2:
            self._restarts = 0
            raise ProtocolFault(why) from cause
        self._restarts += 1
        log.warning("reading feed %s from the beginning: %s", self._feed, why)
        self._arrivals.restart(self._feed)
        return Pulled(0, more=True)
