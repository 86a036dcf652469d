"""The container's recipe as text, since no test can count on a container runtime: what it runs as, holds and offers."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from docs.test_tutorial import parameters

ROOT = Path(__file__).parents[2]
RECIPE = re.sub(r"\\\n\s*", "", (ROOT / "Containerfile").read_text(encoding="utf-8"))
LINES = [line.split(maxsplit=1) for line in RECIPE.splitlines() if line.strip() and not line.startswith("#")]
PAGE = (ROOT / "docs" / "howto" / "container.md").read_text(encoding="utf-8")


def given(word):
    return [rest for first, rest in LINES if first == word]


def test_it_runs_as_a_user_that_is_not_root_and_nothing_follows_that_needs_root():
    (user,) = given("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number, so that a runtime can see that it is not root"
    after = LINES[[first for first, _ in LINES].index("USER") :]
    assert {first for first, _ in after} <= {"USER", "VOLUME", "WORKDIR", "ENTRYPOINT", "CMD"}


def test_both_stages_begin_with_the_same_slim_python_that_the_project_supports():
    bases = {base.split()[0] for base in given("FROM")}
    assert len(given("FROM")) == 2
    (base,) = bases
    found = re.fullmatch(r"docker\.io/library/python:(\d+\.\d+)-slim", base)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"Programming Language :: Python :: {found[1]}" in project["classifiers"]


def test_it_installs_pinned_versions_and_extras_that_there_are():
    (install,) = (each for each in given("RUN") if "pip install" in each)
    assert "--constraint /source/requirements-dev.lock" in install
    extras = re.search(r"/source\[([\w,-]+)\]", install)[1].split(",")
    known = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(extras) <= set(known)


def test_it_fetches_nothing_but_packages_and_holds_no_secret():
    assert not given("ADD")
    assert not re.search(r"\b(curl|wget|apt-get|git)\b|PASSWORD|TOKEN|USER=", RECIPE)


def test_what_it_copies_is_here_and_let_through_and_nothing_else_is():
    copied = {word for each in given("COPY") if "--from" not in each for word in each.split()[:-1]}
    assert all((ROOT / each).exists() for each in copied)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    assert {each[1:] for each in ignored if each.startswith("!")} == copied


def test_one_volume_in_and_one_out():
    assert given("VOLUME") == ['["/in", "/out"]']
    assert given("ENTRYPOINT") == ['["rtcomplexity"]']


@pytest.fixture(scope="module")
def compose():
    return next(
        yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "services" in block
    )


def test_the_compose_example_is_read_only_without_rights_or_published_ports(compose):
    ours = compose["services"]["rtcomplexity"]
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert "ports" not in ours
    assert all(port.startswith("127.0.0.1:") for port in compose["services"]["orthanc"]["ports"])


def test_commands_of_the_page_exist_with_their_options(compose):
    shown = [shlex.join(compose["services"]["rtcomplexity"]["command"])]
    shown += re.findall(r"rtcomplexity ((?:analyze|verify) [^\">\n]*)", PAGE)
    assert len(shown) == 4
    for line in shown:
        command, options = parameters(line)
        assert set(options) <= {name for param in command.params for name in param.opts}, line
