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
    "brock_tg132_2017": (
        "Brock KK, Mutic S, McNutt TR, Li H, Kessler ML. Use of image registration and fusion algorithms and "
        "techniques in radiotherapy: Report of the AAPM Radiation Therapy Committee Task Group No. 132. Med Phys "
        "2017;44(7):e43-e76. doi:10.1002/mp.12256"
    ),
    "dice_1945": (
        "Dice LR. Measures of the amount of ecologic association between species. Ecology 1945;26(3):297-302. "
        "doi:10.2307/1932409"
    ),
    "fleiss_1971": (
        "Fleiss JL. Measuring nominal scale agreement among many raters. Psychol Bull 1971;76(5):378-382. "
        "doi:10.1037/h0031619"
    ),
    "jaccard_1912": (
        "Jaccard P. The distribution of the flora in the alpine zone. New Phytol 1912;11(2):37-50. "
        "doi:10.1111/j.1469-8137.1912.tb05611.x"
    ),
    "kouwenhoven_2009": (
        "Kouwenhoven E, Giezen M, Struikmans H. Measuring the similarity of target volume delineations independent of "
        "the number of observers. Phys Med Biol 2009;54(9):2863-2873. doi:10.1088/0031-9155/54/9/018"
    ),
    "nikolov_2021": (
        "Nikolov S, Blackwell S, Zverovitch A, et al. Clinically applicable segmentation of head and neck anatomy for "
        "radiotherapy: deep learning algorithm development and validation study. J Med Internet Res "
        "2021;23(7):e26151. doi:10.2196/26151"
    ),
    "taha_2015": (
        "Taha AA, Hanbury A. Metrics for evaluating 3D medical image segmentation: analysis, selection, and tool. BMC "
        "Med Imaging 2015;15:29. doi:10.1186/s12880-015-0068-x"
    ),
    "vaassen_2020": (
        "Vaassen F, Hazelaar C, Vaniqui A, et al. Evaluation of measures for assessing time-saving of automatic "
        "organ-at-risk segmentation in radiotherapy. Phys Imaging Radiat Oncol 2020;13:1-6. "
        "doi:10.1016/j.phro.2019.12.001"
    ),
}
"""Citation by the key used in a metric's definition."""
OWN_DEFINITION: Final = "our own definition"


def citation(reference: str) -> str:
    """The source that a definition cites; our own definition if it cites none.

    Examples
    --------
    >>> citation("")
    'our own definition'
    >>> citation("zwanenburg_ibsi_2020")[:23]
    'Zwanenburg A, Vallières'
    """
    return REFERENCES[reference] if reference else OWN_DEFINITION
