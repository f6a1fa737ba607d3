"""The states of an operation on its way, their words and their order."""

from __future__ import annotations

from collections.abc import Iterable

#: From the worst to the best; a record shows the worst of its operations.
STATE_WORDS = {
    "rejected": "平台退回",
    "conflict": "与平台冲突",
    "quarantined": "暂停报送",
    "blocked": "等前一条处理",
    "waiting": "等平台前置记录",
    "sending": "正在报送",
    "pending": "待报送",
    "done": "已报送",
    "superseded": "已被更正",
    "withdrawn": "已撤回",
}
STATES = tuple(STATE_WORDS)
#: Where a record of a module stands that does not travel: no state of an operation, for there is none.
LOCAL = "local"
LOCAL_WORD = "只在本院"
ATTENTION = ("rejected", "conflict", "quarantined", "blocked")
CLOSED = ("done", "superseded", "withdrawn")
OPEN = tuple(state for state in STATES if state not in CLOSED)


def settled(travels: bool) -> str:
    """Return where a record stands that has no operation: the platform has it, or it never will."""
    return "done" if travels else LOCAL


def worst(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the worst state of each record of some pairs (record id, state of one of its operations)."""
    states: dict[str, str] = {}
    for record_id, state in found:
        states[record_id] = min(states.get(record_id, "withdrawn"), state, key=STATES.index)
    return states
