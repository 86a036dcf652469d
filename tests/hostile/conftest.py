"""The warm process that hostile plans are analyzed in."""

import os

import pytest

from hostile.running import Zygote


@pytest.fixture(scope="session")
def zygote():
    if not hasattr(os, "fork"):
        pytest.skip("children with limits need a system that forks")
    one = Zygote()
    yield one
    one.close()
