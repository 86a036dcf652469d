"""The published sources that metrics follow, as citations."""

from __future__ import annotations

from typing import Final

IBSI: Final = "zwanenburg_ibsi_2020"
REFERENCES: Final = {
    IBSI: (
        "Zwanenburg A, Vallières M, Abdalah MA, et al. The Image Biomarker Standardization Initiative: Standardized "
        "Quantitative Radiomics for High-Throughput Image-based Phenotyping. Radiology 2020;295(2):328-338. "
        "doi:10.1148/radiol.2020191145"
    ),
}
"""Citation by the key that a metric's definition names."""
OWN_DEFINITION: Final = "our own definition"


def citation(reference: str) -> str:
    """Cite the source that a definition names; our own definition where it names none.

    Examples
    --------
    >>> citation("")
    'our own definition'
    >>> citation("zwanenburg_ibsi_2020")[:23]
    'Zwanenburg A, Vallières'
    """
    return REFERENCES[reference] if reference else OWN_DEFINITION
