"""The two stacks these tests run against, each started once."""

import pytest

from city import PULL_AGENCY, PUSH_AGENCY, QUEUE_AGENCY, Sandbox, Services


@pytest.fixture(scope="session")
def sandbox():
    """SQLite and the broker inside the process. Nobody answers for the agency that pulls, and for the one that is pushed to."""
    running = Sandbox(left=[PULL_AGENCY, PUSH_AGENCY])
    yield running
    running.stop()


@pytest.fixture(scope="session")
def services():
    """A database and a virtual host on the servers that tests/run started."""
    made = Services("agency")
    yield made
    made.remove()


@pytest.fixture(scope="session")
def production(services):
    """PostgreSQL and RabbitMQ. Nobody answers for the agency that reads its own queue, and for the one that is pushed to."""
    running = Sandbox(*services.options(), left=[QUEUE_AGENCY, PUSH_AGENCY])
    yield running
    running.stop()
