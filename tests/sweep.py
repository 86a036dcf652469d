"""Cases that each make the same claim: the first of them for ``make test``, all for ``make test-all``."""

import pytest


def sweep(cases, ordinary=1):
    """Parameters of a test; those beyond the first few are marked exhaustive."""
    return [
        pytest.param(case, marks=[] if number < ordinary else [pytest.mark.exhaustive])
        for number, case in enumerate(cases)
    ]
