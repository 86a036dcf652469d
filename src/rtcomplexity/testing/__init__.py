"""Public test kit: analytic phantoms and a writer of DICOM plans."""
