"""Options and fixtures that all tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ssad.pipeline import fill_tables

fill_tables()  # tests of the frontend alone need the tables, whichever test comes first


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--bless", action="store_true", help="rewrite the golden files; read the diff afterwards"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """Compares a text with a golden file, or rewrites the file with --bless."""
    from tests.golden import compare  # late: tests of something else need not import the whole package

    bless: bool = request.config.getoption("--bless")
    return lambda path, actual: compare(path, actual, bless)
