"""SimpleITK: overlap and Hausdorff filters, and surface distances by distance maps of mask borders."""

import numpy as np
import SimpleITK
from masks import compare_all


def image(mask, spacing_mm):
    """Turn a mask (k, j, i) into an image."""
    found = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    found.SetSpacing(spacing_mm[::-1])
    return found


def border_distances(one, other):
    """Distances from the border voxels of one mask to the border of the other."""
    away = SimpleITK.Abs(SimpleITK.SignedMaurerDistanceMap(other, squaredDistance=False, useImageSpacing=True))
    return SimpleITK.GetArrayFromImage(away)[SimpleITK.GetArrayFromImage(SimpleITK.LabelContour(one)) > 0]


def compute(first, second, tolerance_mm, spacing_mm):
    """Every metric that its filters give."""
    one, other = image(first, spacing_mm), image(second, spacing_mm)
    overlap, hausdorff = SimpleITK.LabelOverlapMeasuresImageFilter(), SimpleITK.HausdorffDistanceImageFilter()
    overlap.Execute(one, other)
    hausdorff.Execute(one, other)
    there, back = border_distances(one, other), border_distances(other, one)
    both = np.concatenate([there, back])
    return {
        "dice": overlap.GetDiceCoefficient(),
        "surface_dice": (both <= tolerance_mm).mean(),
        "hausdorff": hausdorff.GetHausdorffDistance(),
        "hausdorff_95": max(np.percentile(there, 95), np.percentile(back, 95)),
        "assd": both.mean(),
    }


compare_all(compute)
