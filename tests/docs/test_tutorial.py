"""What the tutorial tells a physicist to type gives what the tutorial says."""

import doctest
import re
from pathlib import Path

import pytest
import typer

from rtcomplexity.cli.app import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]
SHELL = re.compile(r"^(?:\$ )?rtcomplexity ([a-z].*)$", re.MULTILINE)


def parameters(arguments):
    """The command that a line calls, and whatever options it names."""
    command = typer.main.get_command(app)
    words = arguments.split("#")[0].split()
    while words and hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    return command, [word.split("=")[0] for word in words if word.startswith("-") and word != "-"]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if ">>>" in page.read_text(encoding="utf-8")], ids=lambda p: p.name
)
def test_python_on_a_page_gives_what_the_page_says(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=options, encoding="utf-8")
    assert tried
    assert not failed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_a_page_exist_with_their_options(page):
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for line in SHELL.findall(block):
            command, options = parameters(line)
            known = {name for param in command.params for name in (*param.opts, *param.secondary_opts)} | {"--help"}
            assert set(options) <= known, line
