"""The five conditions of an image set as a table: every number with its limit, and what fails by name."""

import pytest

from rtcomplexity.evidence.conditions import HEADINGS, conditions_failed, conditions_rows
from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.record import ConditionRecord
from unit.evidence.made_evidence import pictures_of, record_of

MEASURED = {
    "tied": ("", None, "1", 0.0, ""),
    "independent": ("image_set.fine_structure_correlation", 0.35, "1", 0.7, "at most"),
    "aligned": ("image_set.nearest_better_shift", 1.5, "mm", 10.0, "at most"),
    "covers": ("image_set.target_covered", 1.0, "1", 0.95, "at least"),
    "used": ("image_set.uptake_dice", 0.41, "1", 0.5, "at least"),
}


def with_conditions(*, failed=()):
    """A record whose secondary set was measured; those of these names are not met."""
    record = record_of()
    conditions = tuple(
        ConditionRecord(
            id=name, is_met=name not in failed, value=value, unit=unit, tolerance=limit, source="tests",
            text=f"Finding of {name}.", metric=metric, comparison=comparison,
        )
        for name, (metric, value, unit, limit, comparison) in MEASURED.items()
    )  # fmt: skip
    place = next(n for n, each in enumerate(record.image_sets) if each.role == "secondary")
    sets = list(record.image_sets)
    sets[place] = sets[place].model_copy(update={"conditions": conditions})
    return record.model_copy(update={"image_sets": tuple(sets)})


def test_a_set_has_one_row_with_every_condition_its_number_and_its_limit():
    ((name, *cells),) = conditions_rows(with_conditions())
    assert name.endswith(" 1")
    assert cells == [
        "yes",
        "yes: noise r 0.35 (at most 0.7)",
        "yes: offset 1.5 mm (at most 10 mm)",
        "yes: 100% of target (at least 95%)",
        "yes: Dice 0.41 (at least 0.5)",
        "yes",
    ]
    assert len(cells) + 1 == len(HEADINGS)


@pytest.mark.parametrize("failed", list(MEASURED))
def test_a_set_that_fails_one_is_not_counted_and_says_which(failed):
    record = with_conditions(failed={failed})
    ((_, *cells),) = conditions_rows(record)
    assert cells[-1] == "no"
    assert [cell.startswith("no") for cell in cells[:-1]] == [name == failed for name in MEASURED]
    (sentence,) = conditions_failed(record)
    assert sentence.endswith(f"no. Finding of {failed}.")


def test_where_nothing_was_measured_there_is_no_table():
    assert list(conditions_rows(record_of())) == []
    assert b"Conditions for an image set to count" not in evidence_html(record_of(), pictures_of())


def test_the_report_has_the_table_with_headings_for_rows_and_columns():
    text = evidence_html(with_conditions(failed={"used"}), pictures_of()).decode()
    assert '<caption class="unseen">Conditions for an image set to count</caption>' in text
    for heading in HEADINGS:
        assert f'<th scope="col">{heading}</th>' in text
    assert "no: Dice 0.41 (at least 0.5)" in text
    assert "Finding of used." in text
