"""The published contract is made from the declarations, is valid OpenAPI, and says what the server enforces."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bloodbank_desktop.paths import resource
from bloodbank_desktop.records.catalogue import travelling
from bloodbank_desktop.training import contract
from bloodbank_desktop.training.application import _ROUTES
from bloodbank_desktop.training.contract_text import STATUS_TEXT
from bloodbank_desktop.training.envelope import MOST_OPS
from bloodbank_desktop.training.problems import TYPES, problem
from tests.training.kit import Device, delivery, request


def _schema(name: str) -> dict[str, Any]:
    whole = contract.document()
    return {"$ref": f"#/components/schemas/{name}", "components": whole["components"]}


def test_the_contract_file_has_not_drifted(capsys: pytest.CaptureFixture[str]) -> None:
    """The committed file is what the declarations say now; after a change run the module with --write."""
    assert contract.main(["--check"]) == 0, capsys.readouterr().err


def test_drift_is_noticed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """When a declaration says something else, --check ends with 1 and says what to do."""
    monkeypatch.setattr(contract, "MOST_OPS", MOST_OPS + 1)
    assert contract.main(["--check"]) == 1
    assert "--write" in capsys.readouterr().err


def test_the_contract_is_valid() -> None:
    """The file is a valid OpenAPI 3.1 document, pretty, sorted, and ends with a line break."""
    text = resource(*contract.FILE).read_text(encoding="utf-8")
    whole = json.loads(text)
    OpenAPIV31SpecValidator(whole).validate()
    assert text == json.dumps(whole, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def test_the_contract_claims_no_conformance() -> None:
    """The description says that this is our own contract and none of the city's."""
    assert "claims no conformance" in contract.document()["info"]["description"].replace("\n", " ")


def test_the_contract_names_every_route() -> None:
    """Every path and method of the server stands in the contract and the reverse; only /training/ is outside."""
    served = {
        (re.sub("<string:([a-z0-9]+)>", r"{\1}", rule.rule).replace("{snapshot}", "{id}"), method.lower())
        for rule in _ROUTES.map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.rule.startswith("/training/")
    }
    assert served == {(path, method) for path, calls in contract.document()["paths"].items() for method in calls}


def test_the_contract_documents_every_problem_and_state() -> None:
    """Each problem type has its meaning, each that concerns a request stands at a reply, each state is explained."""
    whole = contract.document()
    assert {uri.rpartition(":")[2] for uri in whole["x-problem-types"]} == TYPES.keys()
    said = json.dumps(whole["paths"])
    by_library = {"method", "method-unknown"}
    assert [s for s, kind in TYPES.items() if not kind.item and s not in by_library and f"`{s}`" not in said] == []
    assert STATUS_TEXT.keys() == {"applied", "duplicate", "conflict", "rejected", "waiting", "retry"}


def test_valid_records_fit_their_schema() -> None:
    """A body made from valid values fits the schema of its module and the envelope that of the batch."""
    device = Device()
    for module, body in (("stock_in", delivery()), ("transfusion_request", request())):
        jsonschema_rs.Draft202012Validator(_schema(module)).validate(body)
        op = device.operation(module, body)
        jsonschema_rs.Draft202012Validator(_schema("Batch")).validate(device.batch(op))


def test_every_module_has_its_schema() -> None:
    """Each declared module stands under components with its label, closed to unknown members."""
    schemas = contract.document()["components"]["schemas"]
    for key, declared in travelling().items():
        assert (schemas[key]["title"], schemas[key]["additionalProperties"]) == (declared.label, False)


def test_replies_fit_their_schema(device: Device) -> None:
    """A reply with every status, with problem and current, fits the schema of the reply."""
    first = device.operation("transfusion_request", request())
    ops = [
        first,
        device.operation("transfusion_request", {}),
        device.operation("transfusion_request", request(), "amend", id=first["id"], base_version=9),
        device.operation("transfusion_request", request(), "amend", base_version=1),
    ]
    validator = jsonschema_rs.Draft202012Validator(_schema("Reply"))
    for _ in range(2):
        reply = device.reply(*ops)
        validator.validate(reply)
        assert {result["status"] for result in reply["results"]} >= {"rejected", "conflict", "waiting"}


def test_an_undocumented_problem_cannot_be_said() -> None:
    """A refusal of a type that is not in the list fails at once instead of reaching a client."""
    with pytest.raises(KeyError):
        problem("surprise", "…")
