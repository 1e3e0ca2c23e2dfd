"""The two stacks these tests run against: one started once, the other once for each file that uses it."""

import pytest

from city import PULL_AGENCY, PUSH_AGENCY, QUEUE_AGENCY, Sandbox, Services


@pytest.fixture(scope="session")
def sandbox():
    """SQLite and the broker inside the process. Nobody answers for the agency that pulls, and for the one that is pushed to."""
    running = Sandbox(left=[PULL_AGENCY, PUSH_AGENCY])
    yield running
    running.stop()


# For a file, not for all: the agencies' users belong to the whole broker, and a hub refuses to share them with another that runs
# (a guide starts one of its own).
@pytest.fixture(scope="module")
def services():
    """A database and a virtual host on the servers that tests/run started."""
    made = Services("agency")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def production(services):
    """PostgreSQL and RabbitMQ. Nobody answers for the agency that reads its own queue, and for the one that is pushed to."""
    running = Sandbox(*services.options(), left=[QUEUE_AGENCY, PUSH_AGENCY])
    yield running
    running.stop()
