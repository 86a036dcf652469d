"""What belongs together: one case out of what the DICOM readers found.

Series and image sets, links, the choice of a structure set, visits, target names. Parses no DICOM, samples no pixel.
"""
