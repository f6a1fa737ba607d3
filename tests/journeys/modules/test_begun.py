"""What begins from something else or unfolds: a reaction from its issue, an autologous record by its kind."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bloodbank_desktop.storage.verify import problems
from tests import samples
from tests.journeys.modules.kit import KEY, Person, same, this_minute, to_type
from tests.journeys.modules.test_typed import Case, answered_and_ended

ISSUE, REACTION, AUTOLOGOUS = "clinical_issue", "adverse_reaction", "autologous_transfusion"


def test_a_reaction_begins_from_an_issue_with_its_bags(person: Person) -> None:
    """Ctrl+R on an issue offers patient and bags of the last day; the report goes up and is acknowledged."""
    now = this_minute()
    bags = [samples.bag_values(index, now=now) for index in range(2)]
    person.put("stock_in", samples.delivery_of(bags, 6, now=now))
    issue = samples.issue_values(2, 6, bags=bags, now=now)
    person.put("transfusion_request", samples.request_for(issue))
    person.put(ISSUE, issue)
    person.go_to(ISSUE)
    person.find(ISSUE, "FXS")
    dialog = person.follow(ISSUE)
    offered = [row.values["donation_number"] for row in dialog.blocks["bags"].model.rows]
    assert offered == [bag["donation_number"] for bag in bags]
    wanted = samples.reaction_values(2, 6, bags=bags, now=now)
    assert dialog.form.values()["patient_name"] == wanted["patient_name"]
    wanted |= {"onset_at": now, "reported_at": now}
    person.fill(dialog, to_type(dialog.declared, wanted))
    person.save(dialog)
    record = person.newest(REACTION)
    same(REACTION, record.values, wanted)

    person.go_to(REACTION)
    case = Case(REACTION, (), {"conclusion": "停药后缓解"}, "reaction-acknowledge", "平台已收悉", ("收悉时间",))
    answered_and_ended(person, case, record.record_id)


@pytest.mark.parametrize(
    ("chosen", "shown", "hidden", "stated"),
    [
        ("predeposit", "collections", "diluted_ml", {}),
        ("haemodilution", "diluted_ml", "collections", {
            "diluted_ml": 400, "haematocrit_before": 42, "replacement": "羟乙基淀粉 800 ml",
        }),
        ("salvage", "device", "diluted_ml", {
            "device": "训练回收机", "anticoagulant": "acd", "salvaged_ml": 900, "contraindication": "none",
        }),
    ],
)  # fmt: skip
def test_an_autologous_record_unfolds_by_its_kind(
    person: Person, chosen: str, shown: str, hidden: str, stated: dict[str, Any]
) -> None:
    """Choosing the kind shows the fields of that kind and of no other; such a record is saved and goes up."""
    now = this_minute()
    more = {key: Decimal(value) if isinstance(value, int) else value for key, value in stated.items()}
    values = samples.autologous_values(3, now=now, autologous_type=chosen, **more)
    if chosen != "predeposit":
        values |= {"collections": (), "procedure_at": now}
    person.go_to(AUTOLOGOUS)
    dialog = person.begin()
    assert not dialog.form.shown(shown) and not dialog.form.shown(hidden)
    person.fill(dialog, {"autologous_type": chosen})
    person.press(KEY.Key_Tab)
    assert dialog.form.shown(shown) and not dialog.form.shown(hidden)
    person.fill(dialog, to_type(dialog.declared, values))
    person.add_lines(dialog, "collections", values["collections"])
    person.save(dialog)
    record = person.newest(AUTOLOGOUS)
    same(AUTOLOGOUS, record.values, values)
    person.acknowledged(AUTOLOGOUS, record.record_id)
    assert person.changes(record.record_id)[0]["body"]["autologousType"] == chosen
    assert problems(person.store) == []
