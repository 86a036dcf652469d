"""Profiles that need files where shipped ones lie."""

import pytest

from rtcomplexity.scoring import real_contours
from rtcomplexity.scoring.profile import parse_profile
from unit.scoring.made_contours import placed, sized_profile_text
from unit.scoring.made_profile import DEFINITIONS


@pytest.fixture
def sized(monkeypatch, tmp_path):
    """The profile whose curvature is ranked among contours of the same size."""
    sha256 = placed(monkeypatch, tmp_path, "made-contours")
    yield parse_profile(sized_profile_text(sha256).encode(), "sized.toml", DEFINITIONS)
    real_contours.shipped_table.cache_clear()
