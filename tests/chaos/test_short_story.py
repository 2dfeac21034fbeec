"""The short story: each kind of fault once, while clients submit; then every promise is checked."""

import pytest

from tests.chaos.services import PostgreSQL
from tests.chaos.story import Plan, table, tell

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def test_every_promise_is_kept_whatever_dies() -> None:
    postgres = PostgreSQL.binaries() is not None
    report = tell(Plan(postgres=postgres, jobs=150, faults=12 + postgres, seed=3, between=0.5))
    print(table(report))
    assert report.kept, table(report)
    assert report.accepted == 150
    assert len({each.kind for each in report.happened}) == 12 + postgres
