"""Mathematics of contours, planes, runs and surfaces, in millimetres, on numpy arrays."""
