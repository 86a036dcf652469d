"""Commands that tell somebody new where to go on."""

from io import StringIO

import pytest
from rich.console import Console

from rtcomplexity.cli import environment
from rtcomplexity.cli.commands.metrics import metrics
from rtcomplexity.cli.rendering.environment import environment_parts
from rtcomplexity.errors import UsageError
from rtcomplexity.metrics.catalogue import CATALOGUE


def test_part_of_a_key_lists_every_key_that_holds_it():
    with pytest.raises(UsageError) as caught:
        metrics("volume")
    named = caught.value.expected.removeprefix("one of ").split(", ")
    assert {each.key for each in CATALOGUE if "volume" in each.key} <= set(named)


DECLARED = ("numpy>=1", "cryptography>=42; extra == 'sign'", "cryptography>=42; extra == 'dask'", "x; extra == 'test'")


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    monkeypatch.setattr(environment, "requires", lambda _: DECLARED)


def test_a_package_of_two_extras_is_shown_with_both():
    package = next(each for each in environment.examine()["packages"] if each["name"] == "cryptography")
    assert {"dask", "sign"} == set(package["extra"].split(","))


def test_what_is_missing_is_told_in_one_block(monkeypatch):
    monkeypatch.setattr(environment, "installed_version", lambda _: None)
    console = Console(file=StringIO(), width=120)
    console.print(*environment_parts(environment.examine()))
    text = console.file.getvalue()
    assert text.count("To get what is missing") == 1
    assert "rtcomplexity[sign]" in text
    assert "rtcomplexity[dask]" in text
