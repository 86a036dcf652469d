"""pymeshmetrics: distances between the meshes of the masks."""

from masks import compare_all
from meshmetrics import compute_metrics


def compute(first, second, tolerance_mm, spacing_mm):
    """Every metric that it shares with the others; its numpy axes and spacing are in one order."""
    wanted = ("hd", "assd", "nsd", "dsc")
    found = compute_metrics(first, second, spacing=spacing_mm, taus=(tolerance_mm,), metrics=wanted)
    return {
        "dice": found["DSC"],
        "surface_dice": found[f"NSD_{tolerance_mm}"],
        "hausdorff": found["HD_100"],
        "hausdorff_95": found["HD_95"],
        "assd": found["ASSD"],
    }


compare_all(compute)
