"""Whatever is spoiled in a structure set or a series, a plan ends in a record or in an error of ours."""

import warnings

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from hostile import plans
from rtcomplexity import AnalyzeOptions, analyze
from rtcomplexity.errors import RtComplexityError
from rtcomplexity.evidence.record import to_json
from rtcomplexity.settings import Settings
from rtcomplexity.testing.strategies import spoiled_files

SETTINGS = Settings(max_contour_points=100_000, max_image_pixels=10_000_000)
SLICE = "ct/ct_006.dcm"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("spoiled")
    plans.put(made, plans.good_files())
    return made


@pytest.mark.parametrize(
    ("name", "quick"),
    [
        (plans.SET, True),
        ("rp.dcm", True),
        pytest.param(plans.SET, False, marks=pytest.mark.exhaustive),
        pytest.param(SLICE, False, marks=pytest.mark.exhaustive),
    ],
)
def test_a_spoiled_plan_ends_in_a_record_or_an_error_of_ours(folder, name, quick):
    good = plans.good_files()[name]

    @hypothesis_settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(spoiled_files(good))
    def ends(content):
        (folder / name).write_bytes(content)
        try:
            assert to_json(analyze(folder, AnalyzeOptions(quick=quick), settings=SETTINGS).record)
        except RtComplexityError as error:
            assert str(error)  # noqa: PT017 -- the claim is that nothing else is raised

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")  # that what is written here is bad
        ends()
    (folder / name).write_bytes(good)
