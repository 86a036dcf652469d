"""platipy: label comparison, added path length included; the second mask is its reference, the one that was drawn."""

from contextlib import suppress

import numpy as np
import SimpleITK
from masks import compare_all
from platipy.imaging.label.comparison import (
    compute_metric_dsc,
    compute_metric_hd,
    compute_metric_masd,
    compute_metric_total_apl,
    compute_surface_dsc,
)


def image(mask, spacing_mm):
    """Turn a mask (k, j, i) into a label image."""
    found = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    found.SetSpacing(spacing_mm[::-1])
    return found


def compute(first, second, tolerance_mm, spacing_mm):
    """Every metric that it has and that does not fail, as some do where one of both is empty on a plane, or equal."""
    one, other = image(first, spacing_mm), image(second, spacing_mm)
    metrics = {
        "dice": lambda: compute_metric_dsc(one, other),
        "surface_dice": lambda: compute_surface_dsc(one, other, tau=tolerance_mm),
        "hausdorff": lambda: compute_metric_hd(one, other),
        "assd": lambda: compute_metric_masd(one, other),
        "added_path_length": lambda: compute_metric_total_apl(other, one, distance_threshold_mm=tolerance_mm),
    }
    found = {}
    for name, metric in metrics.items():
        with suppress(RuntimeError):
            found[name] = metric()
    return found


compare_all(compute)
