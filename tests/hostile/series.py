"""Inputs 57 to 73: slices that form no even stack, or another one than they seem to."""

from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from hostile.cases import issue, right, same
from hostile.plans import (
    GTV_CM3,
    SLICES,
    SPACING_MM,
    TARGETS,
    ct,
    ct_slices,
    described,
    distances_mm,
    good_files,
    grid,
    plan,
    positions_mm,
    put,
    roi,
    to_bytes,
)
from hostile.values import put_raw
from rtcomplexity.testing import (
    SAGITTAL,
    StructureSetDescription,
    contour_stack,
    datasets_of,
    save,
    sphere,
)
from rtcomplexity.testing.placing import AXIAL

ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"


def without_slices(*which):
    return plan(lambda: described(images=(ct(missing_slices=which),)))


def on_grid(change):
    """The CT on other slices: `change` gets the good grid."""
    return plan(lambda: described(images=(ct(grid=change(grid())),)))


def moved(origins):
    return on_grid(lambda good: replace(good, slice_origins_mm=origins(good.slice_origins_mm.copy())))


def uneven(origins):
    origins[-1] += (0.0, 0.0, 0.4)
    origins[0] -= (0.0, 0.0, 0.7)
    return origins


def sheared(origins):
    """A gantry tilt of eight degrees."""
    steps = np.arange(len(origins))[:, None] - len(origins) / 2
    return origins + steps * SPACING_MM * np.tan(np.radians(8.0)) * np.array([0.0, 1.0, 0.0])


def jittered(origins):
    origins[4] += (3.0, 0.0, 0.0)
    return origins


def copied(folder, *, change):
    """The good plan with a changed copy of its fifth slice beside it."""
    files = good_files()
    put(folder, files)
    for path, read in datasets_of(described()):
        if path.name == "ct_005.dcm":
            change(read)
            save(read, folder / "ct" / "copy.dcm")


def another_slice(read):
    read.SOPInstanceUID += ".1"
    values = np.frombuffer(read.PixelData, np.int16) + np.int16(1)
    read.PixelData = values.tobytes()


def _other_pixels(read):
    values = np.frombuffer(read.PixelData, np.int16) + np.int16(1)
    read.PixelData = values.tobytes()


def localizer(read):
    read.SOPInstanceUID += ".2"
    read.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    read.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]


def placed(frame):
    """The whole plan in another orientation."""

    def describe():
        turned = frame.shifted((7.5, -21.0, 33.0))
        of = grid(turned)
        values = np.where(distances_mm(of, turned) < 9.0, 40.0, -700.0).astype(np.float32)
        rois = tuple(
            roi(number, name, radius)
            if frame is AXIAL
            else replace(
                roi(number, name, radius),
                contours=contour_stack(sphere(radius), positions_mm=positions_mm(radius), frame=turned),
            )
            for number, name, radius in TARGETS
        )
        return described(
            images=(replace(ct(), grid=of, values=values),), structure_sets=(StructureSetDescription(rois=rois),)
        )

    return plan(describe)


def attributes(**values):
    return ct_slices(lambda _k, read: [setattr(read, keyword, value) for keyword, value in values.items()])


def on_one(which, **values):
    return ct_slices(lambda _k, read: [setattr(read, key, value) for key, value in values.items()], [which])


def spacing(text):
    return ct_slices(lambda _k, read: put_raw(read, 0x00280030, "DS", text.encode()))


def second_series():
    other = ct(key="ct2", description="Another", series_number=5)
    return described(images=(ct(), other))


def projection():
    return described(images=(ct(), ct(key="mip", description="MIP", image_type=("DERIVED", "SECONDARY", "MIP"))))


def enhanced(folder):
    """The planning CT as one Enhanced multi-frame file."""
    frames, pixels, target = [], [], None
    for path, read in datasets_of(described()):
        if path.parts[0] != "ct":
            put(folder, {path.as_posix(): to_bytes(read)})
            continue
        frames.append(_frame_of(read))
        pixels.append(read.PixelData)
        target = read
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope"):
        delattr(target, keyword)
    target.SOPClassUID, target.NumberOfFrames = ENHANCED_CT, len(frames)
    target.PerFrameFunctionalGroupsSequence = Sequence(frames)
    target.PixelData = b"".join(pixels)
    save(target, folder / "enhanced.dcm")


def _frame_of(read):
    frame = Dataset()
    for sequence, keywords in (
        ("PlanePositionSequence", ["ImagePositionPatient"]),
        ("PlaneOrientationSequence", ["ImageOrientationPatient"]),
        ("PixelMeasuresSequence", ["PixelSpacing", "SliceThickness"]),
        ("PixelValueTransformationSequence", ["RescaleIntercept", "RescaleSlope"]),
    ):
        one = Dataset()
        for keyword in keywords:
            setattr(one, keyword, getattr(read, keyword))
        setattr(frame, sequence, Sequence([one]))
    return frame


def phases(folder):
    """Two phases in one series, told apart by Temporal Position Identifier."""
    put(folder, good_files())
    for path, read in datasets_of(described()):
        if path.parts[0] == "ct":
            read.TemporalPositionIdentifier = 1
            save(read, folder / path)
            read.TemporalPositionIdentifier = 2
            read.SOPInstanceUID += ".7"
            save(read, folder / "ct" / f"second_{path.name}")


def many_slices(folder):
    """Ten thousand slices, each file the first one with another position and UID."""
    put(folder, good_files())
    template = next(read for path, read in datasets_of(described()) if path.parts[0] == "ct")
    template.SOPInstanceUID = "1.2.3.4.99999"
    template.ImagePositionPatient = ["-50", "-50", "99999.5"]
    template.Rows = template.Columns = 2
    template.SeriesInstanceUID += ".9"
    template.PixelData = bytes(8)
    content = to_bytes(template)
    (folder / "many").mkdir()
    for number in range(10_000):
        changed = content.replace(b"1.2.3.4.99999", b"1.2.3.4.%05d" % (number + 10_000))
        changed = changed.replace(b"99999.5", b"%07.1f" % (0.5 * number))
        (folder / "many" / f"{number}").write_bytes(changed)


def nan_position(k, read):
    if k == 4:
        put_raw(read, 0x00200032, "DS", b"0\\0\\nan")


LEFT_OUT = "slices-left-out"

CASES = (
    issue(57, "one slice is missing", without_slices(6), "missing-slices"),
    issue(
        58, "one slice twice, with other pixels", lambda f: copied(f, change=another_slice), "duplicate-slice-positions"
    ),
    issue(58, "one slice twice, the same file", lambda f: copied(f, change=lambda _: None), "identical-copies"),
    issue(58, "one SOP Instance UID on two slices", lambda f: copied(f, change=_other_pixels), "instance-uid-clash"),
    issue(59, "uneven spacing", moved(uneven), "non-uniform-slice-spacing"),
    issue(60, "a localizer in the series", lambda f: copied(f, change=localizer), "mixed-series"),
    issue(61, "gantry tilt", moved(sheared), "gantry-tilt"),
    issue(61, "one slice shifted sideways", moved(jittered), "shifted-slices"),
    right(62, "sagittal", placed(SAGITTAL), GTV_CM3),
    same(63, "Instance Number backwards", ct_slices(lambda k, r: setattr(r, "InstanceNumber", SLICES - k))),
    same(63, "Instance Number 1 on every slice", attributes(InstanceNumber=1)),
    same(64, "two series in one frame of reference", plan(second_series)),
    issue(
        65,
        "images without a frame of reference",
        ct_slices(lambda _k, r: delattr(r, "FrameOfReferenceUID")),
        "image-without-frame",
    ),
    issue(65, "images in another frame of reference", attributes(FrameOfReferenceUID="1.2.3"), "roi-in-other-frame"),
    issue(66, "pixel spacing 0", spacing("0\\0"), LEFT_OUT),
    issue(66, "pixel spacing negative", spacing("-1\\1"), LEFT_OUT),
    issue(66, "pixel spacing of a kilometer", spacing("1000000\\1000000"), LEFT_OUT),
    same(67, "Slice Thickness is not the spacing", attributes(SliceThickness="8.5")),
    issue(68, "one slice only", without_slices(*(k for k in range(SLICES) if k != 5)), "images-missing"),
    same(69, "Enhanced multi-frame", enhanced),
    same(70, "two phases in one series", phases),
    issue(71, "a position NaN", ct_slices(nan_position), LEFT_OUT),
    same(72, "10 000 slices of another series", many_slices, times=60),
    same(73, "a projection (MIP) beside the CT", plan(projection)),
)
