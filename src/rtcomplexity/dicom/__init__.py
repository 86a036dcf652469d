"""Reading DICOM: the only package, beside testing, that imports pydicom."""
