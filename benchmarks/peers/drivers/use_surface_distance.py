"""surface-distance (DeepMind): area-weighted surfels of the masks."""

from masks import compare_all
from surface_distance import (
    compute_average_surface_distance,
    compute_dice_coefficient,
    compute_robust_hausdorff,
    compute_surface_dice_at_tolerance,
    compute_surface_distances,
)


def compute(first, second, tolerance_mm, spacing_mm):
    """Every metric that it has."""
    surfaces = compute_surface_distances(first, second, spacing_mm)
    areas = [surfaces[key].sum() for key in ("surfel_areas_gt", "surfel_areas_pred")]
    means = compute_average_surface_distance(surfaces)
    return {
        "dice": compute_dice_coefficient(first, second),
        "surface_dice": compute_surface_dice_at_tolerance(surfaces, tolerance_mm),
        "hausdorff": compute_robust_hausdorff(surfaces, 100),
        "hausdorff_95": compute_robust_hausdorff(surfaces, 95),
        "assd": sum(mean * area for mean, area in zip(means, areas, strict=True)) / sum(areas),
    }


compare_all(compute)
