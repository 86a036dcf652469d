"""What several modules of commands and pages begin with."""

import pytest

from rtcomplexity.cli.app import run


@pytest.fixture
def told(capsys):
    """Run a command; its status, what it printed, and its messages."""

    def call(*arguments):
        status = run([str(argument) for argument in arguments])
        return status, *capsys.readouterr()

    return call


@pytest.fixture(scope="module")
def plan_files(tmp_path_factory):
    """A small plan as a browser would send it."""
    from unit.batch.small_plans import small_plan, write_plan
    from unit.desk.serving import files_of

    folder = tmp_path_factory.mktemp("plan")
    write_plan(folder, small_plan(1))
    return files_of(folder)


@pytest.fixture(scope="module")
def page():
    """The page, which only its own modules import."""
    from unit.desk.serving import served

    with served() as client:
        yield client
