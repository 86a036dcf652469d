"""Volumes by DicomRTTool: voxels of its masks. Run by its own environment: CT_FOLDER STRUCTURE_SET.

It walks one folder; both arguments have to lie in it.
"""

import json
import os
import sys

from DicomRTTool.ReaderWriter import DicomReaderWriter


def volumes(ct_folder: str, structure_set: str) -> dict[str, float]:
    reader = DicomReaderWriter(verbose=False, arg_max=False)
    reader.walk_through_folders(os.path.commonpath([ct_folder, structure_set]))
    names = reader.return_rois(print_rois=False)
    reader.set_contour_names_and_associations(contour_names=names)
    reader.set_index(reader.which_indexes_have_all_rois()[0])
    reader.get_mask()
    return dict(reader.roi_volumes)


if __name__ == "__main__":
    print(json.dumps(volumes(*sys.argv[1:3])))
