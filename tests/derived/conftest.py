"""One profile for all tests of a module here: what they try to write is refused, or differs from test to test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bloodbank_desktop.operations.opening import Profile
from tests.support import allow_solo_duty, open_store


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Profile]:
    """An open training profile."""
    profile = open_store(tmp_path_factory.mktemp("derived"))
    allow_solo_duty(profile)
    yield profile
    profile.close()
