"""Every numbered bad input ends in the one way that the table says, within its time and memory, and leaks nothing."""

import pytest

from hostile import images, pixels, plans, table
from hostile.cases import Depth, Ending, same
from hostile.running import TIMES
from rtcomplexity.errors import ExitCode

NUMBERS = {*range(1, 119), 120}
SAMPLED = (*pixels.CASES, *images.CASES)
IDENTIFIERS = ("HOSTILE-0001", "Synthetic^Routine", "19580101", "Traceback")
VOLUME_TOLERANCE = 0.005
GOOD = same(0, "nothing spoiled", plans.plan(plans.described))


def metrics(record):
    """Every metric of the two targets."""
    return {
        (roi["number"], key): measured["value"]
        for roi in record["rois"]
        if roi["number"] <= len(plans.TARGETS)
        for key, measured in roi["metrics"].items()
    }


@pytest.fixture(scope="module")
def good(zygote, tmp_path_factory):
    """What becomes of the good plan, by how far it is looked into."""
    return {depth: table.run(GOOD, zygote, tmp_path_factory.mktemp("good"), depth)[0] for depth in Depth}


def test_the_plan_that_is_spoiled_was_good(good):
    for ended in good.values():
        assert ended.code == ExitCode.DONE
        assert ended.record()["issues"] == []


def test_every_number_of_the_list_is_here():
    assert {case.number for case in table.ALL} == NUMBERS
    assert len({case.key for case in table.ALL}) == len(table.ALL)


def test_the_document_has_the_table_s_rows():
    written = table.rows_of(table.DOCUMENT.read_text("utf-8"))
    assert written == [table.row(case) for case in table.ALL], "PYTHONPATH=tests python -m hostile.table writes it"
    for cells in table.limits():
        assert " | ".join(cells) in table.DOCUMENT.read_text("utf-8")


def enough(case, scored):
    """How far an input has to be looked into: what only sampling or comparing can tell is scored once for each code."""
    if case.check or case.ending is Ending.SAFE:
        return Depth.SCORED
    if case in SAMPLED or case.says == "image-not-sampled":
        return Depth.MEASURED if case.says in scored else Depth.SCORED
    return Depth.READ


def runs():
    """Every input once, as far as decides its ending; what is then analyzed, in whole too in `make test-all`."""
    scored = set()
    for case in table.RUN:
        depth = enough(case, scored)
        scored |= {case.says} if depth is Depth.SCORED else set()
        yield pytest.param(case, depth, id=case.key, marks=[pytest.mark.exhaustive] if case.times > TIMES else [])
        if depth is not Depth.SCORED and case.ending is not Ending.ERROR:
            yield pytest.param(case, Depth.SCORED, id=f"{case.key}, in whole", marks=pytest.mark.exhaustive)


@pytest.mark.parametrize(("case", "depth"), list(runs()))
def test_a_hostile_input_ends_as_the_table_says(case, depth, zygote, good, tmp_path):
    ended, out = table.run(case, zygote, tmp_path, depth)
    assert ended.cpu_s < case.times * zygote.good_s
    assert not any(word in ended.err for word in (*IDENTIFIERS, str(tmp_path))), ended.err
    if case.ending is Ending.ERROR:
        assert (ended.code, ended.out) == (ExitCode.INPUT_UNUSABLE, "")
        assert case.says in ended.err
        return
    assert ended.code == ExitCode.DONE, ended.err
    match case.ending:
        case Ending.ISSUE:
            assert case.says in ended.issue_codes()
        case Ending.SAME:
            assert metrics(ended.record()) == metrics(good[depth].record())
        case Ending.RIGHT:
            volume = metrics(ended.record())[1, "shape.volume"]
            assert volume == pytest.approx(case.volume_cm3, rel=VOLUME_TOLERANCE)
    if case.check is not None:
        case.check(ended, out)
