"""From and to a DICOM archive (PACS): DICOMweb by the standard library, DIMSE by pynetdicom.

The only package that opens a network connection on its own, apart from batch's dask engine.
"""
