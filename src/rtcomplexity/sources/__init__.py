"""Where the bytes of a file come from: a file of the disk, or a member of a zip or tar archive that is never unpacked.

Knows folders, links and archives; knows no DICOM.
"""
