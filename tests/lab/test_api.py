"""The addresses, fuzzed from their own OpenAPI document: whatever is sent, the server has an answer."""

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from initlab.lab import runs
from initlab.lab.app import create

QUICK = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)

schema = schemathesis.openapi.from_dict(create(threads=1).openapi())


@schema.parametrize()
@QUICK
def test_no_server_error(lab, case, monkeypatch):
    monkeypatch.setattr(runs, "PATIENCE", 0.2)
    case.call_and_validate(base_url=lab.url, checks=[not_a_server_error], timeout=30)
