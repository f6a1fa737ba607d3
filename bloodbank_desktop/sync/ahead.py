"""What can be got ready while the platform works on a batch is got ready then, in a thread beside the waiting one.

It is only ever a preparation: it changes nothing, its failure means that the same is done later in the usual place, and
nobody may leave before it has ended.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from bloodbank_desktop.errors import KnownProblem

log = logging.getLogger(__name__)

T = TypeVar("T")


class Ahead(Generic[T]):
    """Does `work` in a thread of its own, from now on."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._found: T | None = None
        self._thread = threading.Thread(target=self._run, name="sync-ahead", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._found = self._work()
        except KnownProblem as problem:
            log.info("nothing was got ready ahead: %s", problem.code)
        except Exception:
            log.exception("getting ready ahead failed")

    def result(self) -> T | None:
        """Wait for the end and return what was found, None after a failure."""
        self._thread.join()
        return self._found
