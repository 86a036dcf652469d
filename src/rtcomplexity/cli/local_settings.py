"""The settings of a command: those of the environment, and the cores of this machine if that does not say how many."""

from __future__ import annotations

import os
from typing import Final

from rtcomplexity.cores import available_cores
from rtcomplexity.settings import PREFIX, Settings

MOST_THREADS: Final = 4
"""Of more than a few gross targets no plan has, and every helper takes memory of its own."""


def local_settings() -> Settings:
    """Read them, as they are at this moment."""
    here = {f"{PREFIX}THREADS": str(min(available_cores(), MOST_THREADS))}
    return Settings.from_environment({**here, **os.environ})
