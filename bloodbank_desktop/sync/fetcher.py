"""Fetch the files that other workstations added, one at a time and after everything else, each checked to the last bit.

The danger is one file that never comes whole – cut by a gateway, filtered by it, lost by the platform – and holds up the
records behind it. So what failed at one file is noted at that file and says nothing of the line; only what concerns every
call does. A platform that does not know this question at all gives no files and everything else.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from bloodbank_desktop.operations.fetching import ABSENT, FAILED, NOT_GIVEN, WRONG, Fetching
from bloodbank_desktop.sync.platform import (
    Busy,
    ClientTooOld,
    DeviceRefused,
    FileAbsent,
    NotSignedIn,
    NotTrusted,
    Platform,
    PlatformProblem,
    ProtocolFault,
    Unreachable,
    WrongFile,
)

log = logging.getLogger(__name__)

_OF_EVERY_CALL = (Unreachable, NotTrusted, NotSignedIn, DeviceRefused, ClientTooOld, Busy)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one pass did. `idle`: no file was due."""

    idle: bool = False
    count: int = 0


class Fetcher:
    """The lane of files. One thread at a time."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching

    def fetch_once(self, platform: Platform) -> Fetched:
        """Fetch one file.

        Raises PlatformProblem when the lane should wait, KnownProblem when the database could not be written.
        """
        wanted = self._fetching.following()
        if wanted is None:
            return Fetched(idle=True)
        try:
            content = platform.get_file(wanted.sha256, wanted.size)
        except _OF_EVERY_CALL:
            raise
        except PlatformProblem as problem:
            log.info("file %s did not come: %s", wanted.sha256[:12], problem.code)
            self._fetching.failed(wanted, _trouble(problem))
            return Fetched()
        return Fetched(count=int(self._fetching.arrived(wanted, content)))


def _trouble(problem: PlatformProblem) -> str:
    if isinstance(problem, ProtocolFault):
        return NOT_GIVEN
    if isinstance(problem, FileAbsent):
        return ABSENT
    return WRONG if isinstance(problem, WrongFile) else FAILED
