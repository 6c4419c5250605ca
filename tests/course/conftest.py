import pytest

from initlab.course import reproduce


@pytest.fixture(scope="session")
def result():
    """The whole reproduction, with the seeds 0 to 7: run once."""
    return reproduce(seeds=8)


@pytest.fixture(scope="session")
def runs(result):
    return {run.initialization: run for run in result.runs}
