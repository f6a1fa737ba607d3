"""Every state of a bag × every event: allowed exactly where the table written by hand allows it, refused in words elsewhere."""

from __future__ import annotations

import pytest

from bloodbank_desktop.rules import bag_life
from tests.rules.bag_table import ENDS, EVENTS, IN_STOCK, LIFE

PAIRS = [(state, event) for state in LIFE for event in sorted(EVENTS)]


@pytest.mark.parametrize(("state", "event"), PAIRS)
def test_event_leads_where_it_should(state: str, event: str) -> None:
    """An event leads from each state to the one state of the table, or may not happen at all."""
    assert bag_life.after(event, state) == LIFE[state].get(event)


def test_nothing_else_is_known() -> None:
    """The program knows the states and events of the table and no other, so that no pair goes untested."""
    assert {bag_life.NOWHERE, *bag_life.STATES} == set(LIFE)
    assert set(bag_life.EVENTS) == EVENTS


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_states_for_an_event(event: str) -> None:
    """The states in which an event may happen are those of the table, and every state it leads to is known."""
    assert set(bag_life.states_for(event)) == {state for state, moves in LIFE.items() if event in moves}


@pytest.mark.parametrize("state", sorted(LIFE))
def test_what_stands_in_the_refrigerator(state: str) -> None:
    """A bag that is received, available, reserved or set aside is here; a bag that left, or never came, is not."""
    assert bag_life.in_stock(state) == (state in IN_STOCK)


def _reached(start: str) -> set[str]:
    found, open_ = {start}, [start]
    while open_:
        state = open_.pop()
        events = [event for event in EVENTS if not event.startswith("receive")]
        for after in {bag_life.after(event, state) for event in events} - {None} - found:
            assert after is not None
            found.add(after)
            open_.append(after)
    return found


def test_issued_blood_is_never_available_again() -> None:
    """No chain of events leads from issued, or from set aside, back to blood that may be issued (第二十九条)."""
    assert not _reached("issued") & {"available", "reserved", "received"}
    assert not _reached("quarantined") & {"available", "reserved", "received", "issued"}


@pytest.mark.parametrize("state", sorted(ENDS))
def test_an_end_is_an_end(state: str) -> None:
    """From an end no event leads anywhere, but that a bag whose delivery was reversed may be received again."""
    assert _reached(state) == {state}
    arrivals = {event for event in EVENTS if bag_life.after(event, state) not in (None, state)}
    assert bool(arrivals) == (state == "reversed")


@pytest.mark.parametrize(("state", "event"), [(s, e) for s, e in PAIRS if e not in LIFE[s]])
def test_refusal_says_where_the_bag_is(state: str, event: str) -> None:
    """A refusal is the end of a Chinese sentence that says the present state and what to do, never a key."""
    words = bag_life.refusal(event, state)
    assert (bag_life.STATES.word(state) if state else "不在库存中") in words
    assert "请" in words
    assert not any("a" <= character <= "z" for character in words)
