"""A file meets the rules of the dialog: each row as if those before it had been registered, at the look and at the save."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodbank_desktop.exchange import importing
from bloodbank_desktop.operations import batches, patients
from bloodbank_desktop.operations.opening import Profile
from bloodbank_desktop.records.problems import Refused
from bloodbank_desktop.storage import alert_rows, duty_rows
from bloodbank_desktop.storage.lists import ListQuery
from tests import samples
from tests.exchange.books import KIND, write
from tests.support import FakeClock, open_store

ALWAYS = (samples.NOW.date() - timedelta(days=9), samples.NOW.date() + timedelta(days=9))
PATIENTS = ("ZY-1", "ZY-2", "ZY-3")


def request(number: int, patient: str, ml: int, **changes: Any) -> dict[str, Any]:
    """Return a request of so many ml of plasma, numbered, of one of a few patients without an ID."""
    line = {"component": "FFP", "abo": "A", "rhd": "positive", "amount": Decimal(ml)}
    more: dict[str, Any] = {"medical_record_no": patient, "id_type": None, "id_no": None, "request_no": f"SQ{number}"}
    return samples.request_values(0, components=(line,), pt=Decimal(25), **{**more, **changes})


def by_hand(profile: Profile, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Register row by row; return what became of each: "" or the codes that stopped it."""
    said = []
    for values in rows:
        try:
            profile.desk.register(KIND, values)
            said.append("")
        except Refused as refused:
            said.append("/".join(sorted({one.code for one in refused.problems})))
    return said


def by_file(profile: Profile, path: Path, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Import the good rows of a file; return what was said of each."""
    found = importing.examine(profile.desk, KIND, write(path, rows), keep=True)
    said = [set[str]() for _ in rows]
    for one in found.problems:
        if one.row is not None and one.sheet == "输血申请单":
            said[one.row - 2].add(one.code)
    if found.good:
        importing.save(profile.desk, found, good_only=True)
    return ["/".join(sorted(one)) for one in said]


ROWS = st.lists(
    st.tuples(st.sampled_from(PATIENTS), st.sampled_from([200, 399, 400, 401, 799, 800]), st.booleans()),
    min_size=1,
    max_size=7,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS)
def test_a_file_says_what_the_dialog_says(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, bool]]
) -> None:
    """Whatever rows a file has, each is taken or stopped as if it had been typed after those before it."""
    emergency = {"urgency": "emergency", "emergency_reason": "大出血"}
    made = [request(n, who, ml, **(emergency if urgent else {})) for n, (who, ml, urgent) in enumerate(rows)]
    said, left = [], []
    for way in ("hand", "file"):
        profile = open_store(tmp_path_factory.mktemp(way), FakeClock())
        try:
            patients_known(profile)
            folder = tmp_path_factory.mktemp("book")
            said.append(by_hand(profile, made) if way == "hand" else by_file(profile, folder / "in.xlsx", made))
            with profile.store.read() as tx:
                duties = sorted(duty.name for duty in duty_rows.pending(tx))
                told = {key: n for key, n in alert_rows.counts(tx, *ALWAYS).items() if key[1] == "warned"}
                left.append((duties, told, profile.desk.open_list(samples_query()).total))
        finally:
            profile.close()
    assert [bool(one) for one in said[0]] == [bool(one) for one in said[1]]
    assert left[0] == left[1]


def samples_query() -> Any:
    """Return the query of all requests."""
    return ListQuery(KIND)


def patients_known(profile: Profile) -> None:
    """Let two of the numbers be one patient, who asked for 100 ml already."""
    for number, who in enumerate(PATIENTS[:2]):
        early = request(900 + number, who, 50, requested_at=samples.NOW - timedelta(hours=2))
        profile.desk.register(KIND, early)
    patients.merge(profile.desk, PATIENTS[0], PATIENTS[1], reason="身份已核实")


def test_rows_of_one_file_are_summed(profile: Profile, tmp_path: Path) -> None:
    """Two rows of 400 ml for one patient are one of 800 ml: the second lacks an approval, the first does not."""
    made = [request(1, "ZY-1", 400), request(2, "ZY-2", 400), request(3, "ZY-1", 400)]
    assert by_file(profile, tmp_path / "in.xlsx", made) == ["", "", "approval-missing"]


def test_what_was_registered_since_the_look_counts(profile: Profile, tmp_path: Path) -> None:
    """A request that another window registers between look and save is summed too, and then nothing is imported."""
    found = importing.examine(profile.desk, KIND, write(tmp_path / "in.xlsx", [request(1, "ZY-1", 400)]), keep=True)
    assert found.good == 1
    profile.desk.register(KIND, request(2, "ZY-1", 400))
    with pytest.raises(Refused) as caught:
        importing.save(profile.desk, found)
    assert [one.code for one in caught.value.problems] == ["approval-missing"]
    assert profile.desk.open_list(samples_query()).total == 1


def test_warnings_and_duties_of_a_file_are_kept(profile: Profile, tmp_path: Path) -> None:
    """What the dialog would have told and left to be done is written for each imported row."""
    urgent = {"urgency": "emergency", "emergency_reason": "大出血"}
    made = [request(1, "ZY-1", 900, **urgent), request(2, "ZY-2", 400, laboratory_at=None)]
    assert by_file(profile, tmp_path / "in.xlsx", made) == ["", ""]
    with profile.store.read() as tx:
        assert [duty.what for duty in duty_rows.pending(tx)] == ["request_completion"]
        counts = alert_rows.counts(tx, *ALWAYS)
    assert counts[("request-approval", "warned")] == 1
    assert counts[("request-laboratory", "warned")] == 1


def test_looks_without_a_file_are_alike(profile: Profile) -> None:
    """Before anything was looked at, an examination knows nothing of anybody, and says what the desk says."""
    look = batches.Examination(profile.desk, KIND)
    look.look([])
    values = request(1, "ZY-1", 900)
    assert [one.code for one in look.examine(values).problems] == [one.code for one in profile.desk.check(KIND, values)]
