"""Fixtures that every folder of tests shares."""

import gc
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from rtcomplexity.cores import use_one_thread

use_one_thread()
"""As in every command. By default each process has a thread of linear algebra per core, which wait for each other by
spinning: beside other processes that costs several times the processor time of what they compute."""

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def real_data():
    """The folder of real plans, from $RTCOMPLEXITY_DATA or beside the repository."""
    folder = Path(os.environ.get("RTCOMPLEXITY_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        missing = "the real plans are not here: set RTCOMPLEXITY_DATA to their folder"
        if os.environ.get("RTCOMPLEXITY_REQUIRE_DATA") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder of this run of the tests that all its processes share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module", name="measured_once")
def _measured_once(shared_folder):
    """For tests of what is said and written of a plan, not of how it is measured."""
    from measured_once import measured_once

    with measured_once(shared_folder):
        yield


@pytest.fixture(scope="module", name="steady")
def _steady():
    """For tests of what is measured of a plan's images, not of how surely it is scored."""
    from measured_once import steady

    with steady():
        yield


@pytest.fixture
def inline():
    """For tests of what a batch finds and writes, not of the processes it runs in."""
    from in_process import inline_hosts

    with inline_hosts():
        yield


settings.register_profile(
    "ordinary",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # no outcome rests on how fast the machine is
    max_examples=40,
    derandomize=True,
)
settings.register_profile("mutants", settings.get_profile("ordinary"), phases=(Phase.explicit, Phase.generate))
settings.load_profile("ordinary")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Two processes of tests more than cores: part of their time they wait for browsers, archives and signals."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected lasts as long as the run: to look through it for garbage, now or later, finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Tests have no examples; to look for some would import what they share once more, under another name."""
    found = yield
    return [each for each in found if type(each) is pytest.Module]
