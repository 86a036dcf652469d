"""Geometry of contours, planes, pixel runs and surfaces: millimeters in numpy arrays, no DICOM and no files."""
