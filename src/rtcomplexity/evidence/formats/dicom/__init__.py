"""The record as DICOM objects for a PACS: only of identified folders, since DICOM carries the patient's identity."""
