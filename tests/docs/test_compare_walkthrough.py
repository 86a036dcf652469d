"""What docs/howto/compare.md tells a physicist to type on the sample runs as written, and says what the page says."""

import re
import shlex
from pathlib import Path

import pytest

from rtcomplexity.cli.app import run

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "howto" / "compare.md").read_text("utf-8")
BLOCKS = re.findall(r"```(sh|text|csv)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines() if line.strip()]
ON_SAMPLE = [line for line in COMMANDS if "sample_data" in line or "--batch" in line]
OUTPUTS = [text for kind, text in BLOCKS if kind == "text"]
TABLES = dict(zip(("limits.csv", "pairs.csv"), (text for kind, text in BLOCKS if kind == "csv"), strict=True))


def words(text):
    """Words of a text, without rules and whatever the width of the terminal breaks."""
    return text.replace("─", " ").split()


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Exit code of every command on the sample, and what each said, run one after the other in one folder."""
    folder = tmp_path_factory.mktemp("walk")
    (folder / "sample_data").symlink_to(ROOT / "sample_data")
    for name, content in TABLES.items():
        (folder / name).write_text(content, "utf-8")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "120")
        for line in ON_SAMPLE:
            found[line] = run_words(shlex.split(line)[1:])
    return found, folder


def run_words(arguments):
    import contextlib
    import io

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return code, out.getvalue(), err.getvalue()


def test_the_page_has_its_commands():
    assert [each.split()[1] for each in ON_SAMPLE] == ["compare", "compare", "verify", "compare", "compare", "compare"]


def test_every_command_ends_as_the_page_says(said):
    found, folder = said
    codes = [code for code, _, _ in found.values()]
    assert codes == [5 if "--fail-at" in line else 0 for line in ON_SAMPLE]
    assert (folder / "comparison" / "comparison.html").is_file()
    assert len((folder / "results" / "comparisons.jsonl").read_text("utf-8").splitlines()) == 2


def test_the_table_and_the_missed_limit_are_what_the_commands_print(said):
    found, _ = said
    (_, table, _), *_ = found.values()
    (missed,) = [err for line, (_, _, err) in found.items() if "--fail-at" in line]
    assert words(OUTPUTS[0]) == words(table)
    assert words(OUTPUTS[1]) == words(missed)
