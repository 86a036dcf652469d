"""Pictures of a case with their text alternatives: three planes, slices to page through, and small meshes.

They are saved beside the record and never enter it; every report is rendered from the record and these files.
"""
