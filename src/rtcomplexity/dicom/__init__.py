"""Bytes to values: with archive, testing and the DICOM output, all that imports pydicom."""
