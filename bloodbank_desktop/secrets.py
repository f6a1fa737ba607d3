"""The key of the data file: 32 random bytes, held by the operating system for a hospital, in a file for training.

Losing the key is losing every record that has not yet reached the platform, so a missing key is never answered with a
new one beside old data; and a key that lies readable on the disk protects nothing, so a keyring that stores plain text
is refused.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from bloodbank_desktop.errors import KnownProblem

KEY_BYTES = 32
_SERVICE = "BloodbankDesktop"
#: Back ends that keep a secret inside the operating system; a list of what is good, because plain-text ones abound.
_SAFE = {
    ("keyring.backends.Windows", "WinVaultKeyring"),
    ("keyring.backends.macOS", "Keyring"),
    ("keyring.backends.SecretService", "Keyring"),
    ("keyring.backends.libsecret", "Keyring"),
    ("keyring.backends.kwallet", "DBusKeyring"),
}


class KeyKeeper(Protocol):
    """Where the key of one profile is kept."""

    def load(self) -> bytes | None:
        """Return the key, None if there is none. Raises KnownProblem if the place cannot be read."""
        ...

    def create(self) -> bytes:
        """Make, keep and return a new key. Raises KnownProblem if it cannot be kept, or one is there already."""
        ...


def _new_key() -> bytes:
    return os.urandom(KEY_BYTES)


def _decoded(text: str | bytes) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except ValueError as problem:
        raise KnownProblem("保存的密钥已损坏，请联系信息科恢复密钥；请勿删除资料文件", code="key-damaged") from problem
    if len(key) != KEY_BYTES:
        raise KnownProblem("保存的密钥长度不对，请联系信息科恢复密钥；请勿删除资料文件", code="key-damaged")
    return key


class TrainingKey:
    """The key of the training profile: a file beside its synthetic data, because there is nothing to protect."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "training.key"

    def load(self) -> bytes | None:
        return _decoded(self._file.read_bytes()) if self._file.exists() else None

    def create(self) -> bytes:
        key = _new_key()
        if self._file.exists():
            raise KnownProblem(f"{self._file} 已经存在，不会覆盖它；请重新启动程序", code="key-exists")
        # Complete under its name or not there at all: half a key would lock out everything made with it.
        fresh = self._file.with_suffix(".key.new")
        with fresh.open("w", encoding="ascii") as handle:
            handle.write(base64.b64encode(key).decode())
            handle.flush()
            os.fsync(handle.fileno())
        fresh.replace(self._file)
        return key


class KeyringKey:
    """The key of a hospital profile, in the credential store of the operating system."""

    def __init__(self, profile: str) -> None:
        self._profile = profile

    def load(self) -> bytes | None:
        text = self._ask(lambda ring: ring.get_password(_SERVICE, self._profile))
        return None if text is None else _decoded(text)

    def create(self) -> bytes:
        if self.load() is not None:
            raise KnownProblem("系统凭据中已有本院密钥，不会覆盖它；请联系信息科核对资料目录", code="key-exists")
        key = _new_key()
        self._ask(lambda ring: ring.set_password(_SERVICE, self._profile, base64.b64encode(key).decode()))
        if self.load() != key:
            raise KnownProblem("系统凭据没有保存住密钥，请联系信息科检查 Windows 凭据管理器", code="keyring-broken")
        return key

    def platform_token(self) -> str:
        """Return the credential of this machine at the platform, "" when there is none. Raises KnownProblem."""
        return self._ask(lambda ring: ring.get_password(_SERVICE, f"{self._profile}/platform")) or ""

    def _ask(self, question: Callable[[Any], str | None]) -> str | None:
        for candidate in self._candidates():
            if (type(candidate).__module__, type(candidate).__name__) in _SAFE:
                try:
                    return question(candidate)
                except Exception as problem:
                    # Not only KeyringError: the back ends let errors of the system's own libraries through.
                    raise KnownProblem(
                        "系统凭据管理器拒绝访问，请解锁后重试，或联系信息科", code="keyring-refused"
                    ) from problem
        raise KnownProblem(
            "本机没有可靠的系统凭据库（Windows 凭据管理器），不能安全保存资料密钥；"
            "请联系信息科启用后再开始，或用训练模式（--training）练习",
            code="no-safe-keyring",
        )

    def _candidates(self) -> list[Any]:
        # Imported here: looking for back ends costs a tenth of a second that a training start does not need.
        import keyring

        try:
            ring = keyring.get_keyring()
        except Exception as problem:
            # A configuration of keyring that names what is not installed.
            raise KnownProblem(
                "系统凭据库的配置有误（keyringrc.cfg 或环境变量），不能取得资料密钥；请联系信息科改正",
                code="keyring-refused",
            ) from problem
        return [ring, *getattr(ring, "backends", [])]
