"""What ``metrics KEY`` prints of every metric: its own words, never those of what it is made with."""

import io
from functools import partial

import pytest

from rtcomplexity.cli.rendering.catalogue import described, metric_parts
from rtcomplexity.cli.rendering.terminal import ResultConsole
from rtcomplexity.compare.catalogue import EVERY_METRIC


def printed(definition):
    stream = io.StringIO()
    console = ResultConsole(file=stream, width=200, markup=False, emoji=False, highlight=False)
    for part in metric_parts(definition):
        console.print(part)
    return " ".join(stream.getvalue().split())


@pytest.mark.parametrize("definition", EVERY_METRIC, ids=lambda each: each.key)
def test_a_metric_prints_its_own_text_formula_and_source(definition):
    text = printed(definition)
    assert " ".join(definition.description.split()) in text
    assert "Source" in text
    for words in (
        " ".join((partial.__doc__ or "").split())[:40],
        "NotMeasurableError where",
        "One feature of the mask",
    ):
        assert words not in text


@pytest.mark.parametrize("definition", EVERY_METRIC, ids=lambda each: each.key)
def test_a_metric_whose_function_serves_several_states_its_formula(definition):
    documents_itself = getattr(definition.compute, "__name__", "<lambda>") != "<lambda>"
    assert documents_itself or definition.formula
    assert described(definition)["formula"] == definition.formula


def test_metrics_that_differ_do_not_share_their_text():
    texts = [printed(each).partition(":")[2] for each in EVERY_METRIC]
    assert len(set(texts)) == len(texts)
