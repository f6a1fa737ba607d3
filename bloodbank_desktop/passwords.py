"""A password is kept only as an argon2id verifier, from which nobody gets it back; what it costs to try one stands here.

The parameters are the library's and RFC 9106's second choice (OWASP asks for less). A verifier made with less than today's
is made anew at the next sign-in. A guess must not get cheaper because the window is slow: it is never waited for there.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LEAST_LENGTH, MOST_LENGTH = 8, 128
#: Beginnings of what people take first; compared without case.
_COMMON = ("password", "12345678", "87654321", "11111111", "88888888", "qwerty", "abc123", "admin", "lianxi", "xueku")


@dataclass(frozen=True)
class Cost:
    """What one verification costs: passes over the memory, KiB of memory, lanes."""

    passes: int
    memory_kib: int
    lanes: int


PRODUCT = Cost(passes=3, memory_kib=64 * 1024, lanes=4)


def _plain(password: str) -> str:
    # The same keys give other characters when an input method is set to full width.
    return unicodedata.normalize("NFKC", password)[: MOST_LENGTH + 1]


def verifier(password: str, cost: Cost = PRODUCT) -> str:
    """Return a new verifier, with a salt of its own."""
    # Only here: no start of the program waits for it.
    from argon2 import PasswordHasher

    return PasswordHasher(cost.passes, cost.memory_kib, cost.lanes).hash(_plain(password))


def matches(kept: str, password: str) -> bool:
    """Return whether a verifier was made from this password; a damaged verifier matches nothing."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return PasswordHasher().verify(kept, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str, cost: Cost = PRODUCT) -> bool:
    """Return whether a verifier was made with less than `cost`."""
    from argon2 import extract_parameters

    made = extract_parameters(kept)
    return made.time_cost < cost.passes or made.memory_cost < cost.memory_kib


def weakness(password: str, *known: str) -> str | None:
    """Return what a new password lacks, as a sentence, or None; `known` are words that it may not contain.

    Source: GB/T 22239-2019 8.1.4.1 (length, complexity), OWASP ASVS 5.0 V6.2 (common ones refused, long ones allowed).
    """
    plain = _plain(password)
    if not LEAST_LENGTH <= len(plain) <= MOST_LENGTH:
        return f"密码须为 {LEAST_LENGTH} 至 {MOST_LENGTH} 个字符，请重新输入"
    if not (any(c.isalpha() for c in plain) and any(not c.isalpha() for c in plain)):
        return "密码须同时含有字母和数字（或符号），请重新输入"
    low = plain.casefold()
    if low.startswith(_COMMON) or len(set(low)) < 5:
        return "这个密码太容易猜到，请换一个"
    if any(len(word) > 2 and word.casefold() in low for word in known):
        return "密码不能包含登录名或姓名，请换一个"
    return None
