"""How titles begin within a sentence and at its start."""

import pytest

from rtcomplexity.scoring.sentences import _within_a_sentence, capitalized


@pytest.mark.parametrize(
    ("title", "within"),
    [("Sphericity of it", "sphericity of it"), ("PET volume", "PET volume"), ("CT", "CT"), ("4D phases", "4D phases")],
)
def test_a_title_begins_small_within_a_sentence_unless_it_is_an_abbreviation(title, within):
    assert _within_a_sentence(title) == within


def test_a_sentence_begins_with_a_capital():
    assert capitalized("the score is high") == "The score is high"
