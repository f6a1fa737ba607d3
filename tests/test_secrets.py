"""The key is kept where only the operating system can read it, is never replaced, and never made anew beside old data."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import keyring.backends.chainer
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from bloodbank_desktop import secrets
from bloodbank_desktop.errors import KnownProblem
from bloodbank_desktop.operations.opening import keeper_of, open_profile
from bloodbank_desktop.secrets import KEY_BYTES, KeyringKey, TrainingKey
from bloodbank_desktop.storage.store import FILE_NAME
from tests.faults.keyrings import Notebook
from tests.support import FakeClock, files_of, seat


class Vault(Notebook):
    """A keyring in memory that calls itself by the name of a safe one, which a test machine does not have."""


Vault.__module__, Vault.__name__ = "keyring.backends.Windows", "WinVaultKeyring"


class Locked(Vault):
    """A safe keyring that does not let anybody in."""

    problem: Exception = keyring.errors.KeyringLocked("locked")

    def get_password(self, service: str, username: str) -> str | None:
        raise self.problem


Locked.__module__, Locked.__name__ = Vault.__module__, Vault.__name__


@pytest.fixture(autouse=True)
def _keyring_as_before() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


# -- a hospital's key ----------------------------------------------------------------------------------------------


def test_key_stays_in_the_safe_keyring() -> None:
    """A new key has 256 bits, is found again under its profile's name only, and is never overwritten."""
    keyring.set_keyring(Vault())
    assert KeyringKey("a").load() is None
    key = KeyringKey("a").create()
    assert len(key) == KEY_BYTES
    assert KeyringKey("a").load() == key
    assert KeyringKey("b").create() != key
    with pytest.raises(KnownProblem, match="不会覆盖") as caught:
        KeyringKey("a").create()
    assert caught.value.code == "key-exists"
    assert KeyringKey("a").load() == key


def test_safe_keyring_is_found_in_a_chain() -> None:
    """Where several keyrings are chained the safe one is used and the plain one gets nothing."""
    vault, notebook = Vault(), Notebook()

    class Chain(keyring.backends.chainer.ChainerBackend):
        backends = [notebook, vault]  # noqa: RUF012

    keyring.set_keyring(Chain())  # type: ignore[no-untyped-call]
    KeyringKey("a").create()
    assert (len(vault.kept), len(notebook.kept)) == (1, 0)


@pytest.mark.parametrize(
    "backend",
    [Notebook, keyring.backends.fail.Keyring, keyring.backends.null.Keyring],
    ids=["plain-text", "missing", "null"],
)
def test_unsafe_keyring_is_refused(backend: type[KeyringBackend], tmp_path: Path) -> None:
    """A hospital's profile does not begin with a keyring that stores plain text, nothing, or is not there."""
    keyring.set_keyring(backend())
    with pytest.raises(KnownProblem, match="请联系信息科启用") as caught:
        open_profile(tmp_path, training=False, clock=FakeClock())
    assert caught.value.code == "no-safe-keyring"
    assert not (tmp_path / FILE_NAME).exists()
    assert getattr(keyring.get_keyring(), "kept", {}) == {}


@pytest.mark.parametrize("problem", [keyring.errors.KeyringLocked("x"), OSError(5, "Access is denied")], ids=repr)
def test_keyring_that_refuses_is_told(problem: Exception) -> None:
    """A locked keyring, and an error of the system's library behind it, is a sentence and not a missing key."""
    locked = Locked()
    locked.problem = problem
    keyring.set_keyring(locked)
    for act in (KeyringKey("a").load, KeyringKey("a").create, KeyringKey("a").platform_token):
        with pytest.raises(KnownProblem, match="请解锁后重试") as caught:
            act()
        assert caught.value.code == "keyring-refused"


def test_keyring_that_forgets_is_told() -> None:
    """A keyring that takes a key and does not have it afterwards is found before anything is encrypted with it."""
    vault = Vault()
    vault.forgets = True
    keyring.set_keyring(vault)
    with pytest.raises(KnownProblem) as caught:
        KeyringKey("a").create()
    assert caught.value.code == "keyring-broken"


def test_wrong_configuration_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that names a keyring which is not installed is a sentence."""

    def broken() -> Any:
        raise ModuleNotFoundError("no such backend")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    with pytest.raises(KnownProblem, match="keyringrc") as caught:
        KeyringKey("a").load()
    assert caught.value.code == "keyring-refused"


@pytest.mark.parametrize("stored", ["", "not base64!", base64.b64encode(b"short").decode(), "钥匙"])
def test_damaged_key_is_told(stored: str) -> None:
    """What stands in the keyring and is no key of ours is reported and left there."""
    vault = Vault()
    vault.kept[secrets._SERVICE, "a"] = stored
    keyring.set_keyring(vault)
    with pytest.raises(KnownProblem, match="请勿删除") as caught:
        KeyringKey("a").load()
    assert caught.value.code == "key-damaged"
    assert vault.kept == {(secrets._SERVICE, "a"): stored}


def test_hospital_profile_works_and_survives_a_move(tmp_path: Path) -> None:
    """A hospital's profile opens again after its folder was moved, because its key goes by a name inside the folder."""
    keyring.set_keyring(Vault())
    (tmp_path / "a").mkdir()
    profile = open_profile(tmp_path / "a", training=False, clock=FakeClock())
    seat(profile)
    profile.desk.drafts.keep("transfusion_request", "d", {"diagnosis": "留"})
    assert profile.platform_token() == ""
    profile.close()
    (tmp_path / "a").rename(tmp_path / "b")
    profile = open_profile(tmp_path / "b", training=False, clock=FakeClock())
    seat(profile)
    assert [draft.id for draft in profile.desk.drafts.all()] == ["d"]
    profile.close()


@pytest.mark.parametrize("lost", ["key", "name", "name damaged"])
def test_lost_key_of_a_hospital_is_told(lost: str, tmp_path: Path) -> None:
    """Without the key, or without the name it is kept under, the file is left as it is and no new key is made."""
    vault = Vault()
    keyring.set_keyring(vault)
    open_profile(tmp_path, training=False, clock=FakeClock()).close()
    if lost == "key":
        vault.kept.clear()
    elif lost == "name":
        (tmp_path / "profile.id").unlink()
    else:
        (tmp_path / "profile.id").write_bytes("名字".encode())
    before, kept = files_of(tmp_path), dict(vault.kept)
    with pytest.raises(KnownProblem, match="不要删除") as caught:
        open_profile(tmp_path, training=False, clock=FakeClock())
    assert caught.value.code == ("key-lost" if lost == "key" else "profile-id-lost")
    assert files_of(tmp_path) == before
    assert vault.kept == kept


# -- the key of the training ---------------------------------------------------------------------------------------


def test_training_key_is_made_once(tmp_path: Path) -> None:
    """The training key is found again, and a second one is refused."""
    keeper = TrainingKey(tmp_path)
    assert keeper.load() is None
    key = keeper.create()
    assert keeper.load() == key == TrainingKey(tmp_path).load()
    with pytest.raises(KnownProblem) as caught:
        keeper.create()
    assert caught.value.code == "key-exists"
    assert keeper.load() == key


@pytest.mark.parametrize("content", [b"", b"AAAA", b"\xff\xfe", "钥匙".encode(), b"A" * 44])
def test_damaged_training_key_is_told(content: bytes, tmp_path: Path) -> None:
    """A key file with anything but a key in it is a sentence."""
    (tmp_path / "training.key").write_bytes(content)
    with pytest.raises(KnownProblem) as caught:
        TrainingKey(tmp_path).load()
    assert caught.value.code == "key-damaged"


def test_training_never_asks_the_keyring(tmp_path: Path) -> None:
    """The training profile works on a machine without any keyring, and a hospital's never takes the file's key."""
    keyring.set_keyring(keyring.backends.fail.Keyring())  # type: ignore[no-untyped-call]
    open_profile(tmp_path, training=True, clock=FakeClock()).close()
    assert isinstance(keeper_of(tmp_path, True), TrainingKey)
    with pytest.raises(KnownProblem) as caught:
        open_profile(tmp_path, training=False, clock=FakeClock())
    assert caught.value.code == "profile-id-lost"
