"""Every limit of the settings can be set by its variable, and fires."""

from dataclasses import fields

import pytest

from hostile import plans, table
from rtcomplexity import analyze
from rtcomplexity.dicom.parsing import parse
from rtcomplexity.errors import ExitCode, InputDataError, LimitExceededError
from rtcomplexity.settings import PREFIX, Settings

REFUSED = {
    "max_structure_set_bytes": (1000, "over the limit of 1000"),
    "max_contour_points": (10, "more than 10 contour points"),
    "max_contours": (3, "more than 3 contours"),
    "max_rois": (1, "more than 1 ROIs"),
    "max_targets": (1, "more than 1 targets"),
    "max_file_bytes": (100, "over the limit of 100"),
    "max_elements": (5, "more than 5 elements"),
}
WITHIN_FILES = {"max_nesting", "max_inflation", "inflation_floor_bytes"}
OF_PIXELS = {"max_image_pixels", "max_frame_pixels"}
"""Their tests stand with the reader of pixels, and in number 50 and 52 of the table."""
OF_ARCHIVES = {"max_archive_entries"}
"""Its test stands with the reader of archives."""
OF_UPLOADS = {"max_upload_files", "max_upload_bytes"}
"""Their tests stand with the billing desk's uploads."""


@pytest.mark.parametrize(("name", "most", "says"), [(name, *rest) for name, rest in REFUSED.items()])
def test_a_plan_over_a_limit_is_refused(tmp_path, name, most, says):
    plans.put(tmp_path, plans.good_files())
    settings = Settings.from_environment({PREFIX + name.upper(): str(most)})
    with pytest.raises(InputDataError, match=says):
        analyze(tmp_path, settings=settings)


def test_nesting_and_inflation_have_their_limits():
    deep = next(case for case in table.RUN if case.name == "sequences 100 deep")
    assert deep.says == "nested"
    with pytest.raises(LimitExceededError, match="nested more than 1 levels"):
        parse(_undefined(), settings=Settings(max_nesting=1))
    with pytest.raises(LimitExceededError, match="unpacks to more than"):
        parse(_deflated(), settings=Settings(max_inflation=1, inflation_floor_bytes=1))


def test_a_command_without_memory_says_so_and_is_no_fault_of_the_program(zygote, tmp_path):
    heavy = next(case for case in table.RUN if case.name == "a contour of a million points")
    table.build(heavy, tmp_path)
    ended = zygote.run("analyze", tmp_path, "--json", "--quiet", memory_bytes=150_000_000)
    assert (ended.code, ended.out) == (ExitCode.INPUT_UNUSABLE, "")
    assert "more memory than there is" in ended.err
    assert "--quick" in ended.err


def test_every_limit_is_tried():
    limits = {field.name for field in fields(Settings) if field.name.startswith(("max_", "inflation_"))}
    assert limits == REFUSED.keys() | WITHIN_FILES | OF_PIXELS | OF_ARCHIVES | OF_UPLOADS


def _undefined():
    from io import BytesIO

    from pydicom import dcmread

    from hostile.container import undefined_lengths

    read = dcmread(BytesIO(plans.good_files()[plans.SET]))
    undefined_lengths(read)
    return plans.to_bytes(read)


def _deflated():
    from hostile.container import deflated

    return deflated(plans.good_files()[plans.SET])
