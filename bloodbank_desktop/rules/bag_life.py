"""One life of a bag: which event may happen in which state, and where it leads; whatever the table does not name is refused.

A bag has one state, one holder and at most one end. The table is data (resources/tables/bag_event.json), so that a person
can review it against 临床输血技术规范 without reading code.
"""

from __future__ import annotations

from collections.abc import Iterator

from bloodbank_desktop.records.tables import table

STATES = table("bag_state")
EVENTS = table("bag_event")
#: What a bag is before it ever came here.
NOWHERE = ""


def after(event: str, state: str) -> str | None:
    """Return the state in which an event leaves a bag that is in `state`, None where the event may not happen."""
    found: str | None = (EVENTS.facet(event, "moves") or {}).get(state)
    return found


def states_for(event: str) -> Iterator[str]:
    """Yield the states in which an event may happen."""
    yield from EVENTS.facet(event, "moves") or ()


def in_stock(state: str) -> bool:
    """Return whether a bag in this state stands in the refrigerator."""
    return bool(STATES.facet(state, "in_stock"))


def refusal(event: str, state: str) -> str:
    """Return why an event may not happen, as the end of a sentence about the bag."""
    if state == NOWHERE:
        return "不在库存中，请先登记入库或核对袋签"
    word, act = STATES.word(state), EVENTS.word(event)
    if state == "received" and event == "issue":
        return f"尚在{word}，请先在库存中验收合格再发出"
    if state == "issued" and event in ("discard", "return"):
        return f"{word}，请先在库存中登记未输收回，再{act}"
    return f"当前{word}，不能{act}，请核对实物与记录"
