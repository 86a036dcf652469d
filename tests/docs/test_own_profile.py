"""The walk through a profile of one's own: its commands run one after the other and give what the page says."""

import json
import re
import shlex
from pathlib import Path

import pytest

from rtcomplexity.cli.app import run
from rtcomplexity.testing import simulated_results

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "own-profile.md"
BLOCKS = re.compile(r"```(sh|text|csv)\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def walked(tmp_path_factory):
    """What each command of the page ended with and printed, and what the page says of the last one before it."""
    folder = tmp_path_factory.mktemp("walk")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder, list(_walk(PAGE.read_text("utf-8")))


def _walk(page):
    for kind, text in BLOCKS.findall(page):
        if kind == "csv":
            Path("plans.csv").write_text(text, encoding="utf-8")
        elif kind == "text":
            yield "says", text.strip(), 0
        else:
            for line in text.strip().splitlines():
                yield "runs", line, _status(shlex.split(line))


def _status(words):
    if words[:3] == ["python", "-m", "rtcomplexity.testing.simulated_results"]:
        simulated_results.main(words[3:])
        return 0
    assert words[0] == "rtcomplexity"
    return run(words[1:])


def test_every_command_of_the_page_is_done(walked):
    _, steps = walked
    ran = [(line, status) for kind, line, status in steps if kind == "runs"]
    assert len(ran) >= 8
    assert not [line for line, status in ran if status]


@pytest.fixture
def printed(walked, capsys, monkeypatch):
    folder, _ = walked
    monkeypatch.chdir(folder)

    def call(*arguments):
        run(list(arguments))
        return " ".join(capsys.readouterr().out.split())

    return call


def test_the_page_says_what_the_commands_print(walked, printed):
    said = [text for kind, text, _ in walked[1] if kind == "says"]
    assert len(said) == 2
    assert said[0] in printed("profile", "check", "ours.toml")
    assert said[1] in printed("profile", "check", "ours.toml", "--against", "results-2026")


def test_the_numbers_of_the_table_are_as_the_page_says(printed):
    labels = json.loads(printed("profile", "evaluate", "plans.csv", "--profile", "any-site-1", "--json"))["labels"]
    page = PAGE.read_text("utf-8")
    stated = json.loads("{" + re.search(r'`("rejects": \{.*?\})`', page).group(1) + "}")
    assert labels["routine"]["rejects"] == stated["rejects"]
    assert labels["hard"]["insufficient_evidence"]["count"] == 1
