"""Frozen values that the layers pass on; no files, no pydicom, no arithmetic beyond what a value says of itself."""
