"""Every operation of the API, asked by schemathesis what its description allows: no server error, and no answer that the description does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.app import create_app
from service.installation import Installation
from service.settings import Settings

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 5
"""Of each operation."""


@schemathesis.serializer("application/x-ndjson")  # type: ignore[untyped-decorator]
def as_lines(context: Any, value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "replace")


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, str]]]:
    """The application over an empty installation, and the headers of a key that opens every operation."""
    with Installation(Settings(home=tmp_path_factory.mktemp("schema"))) as installation:
        scopes = ["read", "match", "write", "bulk"]
        _, key = installation.keys.add("测试", role="operator", scopes=scopes, rate=60_000)
        yield create_app(installation), {"Authorization": f"Bearer {key}", "Host": "127.0.0.1"}


def test_no_operation_fails_or_answers_outside_its_description(asked: tuple[Any, dict[str, str]]) -> None:
    app, headers = asked
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.app = app
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {"POST /api/v1/bulk-matches", "POST /api/v1/match/stream", "GET /api/v1/search"} <= {
        operation.label for operation in operations
    }
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def answers_as_described(case: Any) -> None:
            case.validate_response(case.call(headers=headers), checks=CHECKS)

        answers_as_described()
