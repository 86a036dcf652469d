"""Mathematics of contours, planes, runs and surfaces, in millimeters, on numpy arrays."""
