"""Inputs 29 to 43: values that are no number, no date, no UID, or no plain text."""

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from hostile.cases import error, issue, same
from hostile.plans import SET, TARGETS, dataset, gtv_items, plan, roi, with_set

CONTOUR_DATA, ROI_NUMBER, ROI_NAME = 0x30060050, 0x30060022, 0x30060026
LEFT_OUT = "contour-left-out"


def put_raw(read, tag, vr, value):
    """Set exactly these bytes."""
    value += b" " * (len(value) % 2)
    read[BaseTag(tag)] = RawDataElement(BaseTag(tag), vr, len(value), value, 0, False, True)


def first_value(text):
    """The first coordinate of one contour of the GTV written otherwise."""

    def change(read):
        contour = gtv_items(read)[1][2]
        values = [str(value) for value in contour.ContourData]
        put_raw(contour, CONTOUR_DATA, "UN", "\\".join([text, *values[1:]]).encode())

    return dataset(change)


def long_value(read):
    """A coordinate of 60 000 characters that is the number it was."""
    contour = gtv_items(read)[1][2]
    values = [str(value) for value in contour.ContourData]
    first = (values[0] if "." in values[0] else values[0] + ".").ljust(60_000, "0")
    put_raw(contour, CONTOUR_DATA, "UN", "\\".join([first, *values[1:]]).encode())


def decimal_commas(read):
    for contour in gtv_items(read)[1]:
        values = "\\".join(f"{float(value):.6f}".replace(".", ",") for value in contour.ContourData)
        put_raw(contour, CONTOUR_DATA, "UN", values.encode())


def roi_number(text):
    return dataset(lambda read: put_raw(gtv_items(read)[0], ROI_NUMBER, "IS", text.encode()))


def roi_name(value, *charsets):
    def change(read):
        put_raw(gtv_items(read)[0], ROI_NAME, "LO", value)
        if charsets:
            read.SpecificCharacterSet = list(charsets)

    return dataset(change)


def raw(tag, vr, value, name=SET):
    return dataset(lambda read: put_raw(read, tag, vr, value), name)


def without(*keywords, name=SET):
    return dataset(lambda read: [delattr(read, keyword) for keyword in keywords], name)


def named(name):
    """The GTV with a name of its own; its type says what it is."""
    return plan(lambda: with_set(rois=(roi(1, name, 9.0, interpreted_type="GTV"), roi(*TARGETS[1]))))


PATIENT = ("PatientID", "PatientName", "PatientBirthDate")
INSTANCE_UID, CHARACTERS, CHARSET = 0x00080018, "roi-name-characters", "character-set-unknown"

CASES = (
    issue(29, "coordinate NaN", first_value("nan"), LEFT_OUT),
    issue(29, "coordinate infinite", first_value("-inf"), LEFT_OUT),
    issue(30, "coordinate 1e999", first_value("1e999"), LEFT_OUT),
    issue(31, "coordinate of text", first_value("twelve"), LEFT_OUT),
    issue(31, "coordinate 1_0, which Python would read", first_value("1_0"), LEFT_OUT),
    same(32, "coordinate of 60 000 characters", dataset(long_value)),
    issue(33, "decimal commas", dataset(decimal_commas), LEFT_OUT),
    issue(34, "ROI Number 1.5", roi_number("1.5"), "roi-number-missing"),
    issue(34, "ROI Number of 20 digits", roi_number("9" * 20), "roi-number-missing"),
    issue(35, "unknown character set", roi_name(b"GTV \xe9", "ISO_IR 999"), CHARSET),
    issue(36, "bytes that the character set does not have", roi_name(b"GTV \xff\xfe", "ISO_IR 192"), CHARACTERS),
    same(37, "several character sets (ISO 2022)", roi_name(b"GTV \x1b$B;3ED\x1b(B", "", "ISO 2022 IR 87")),
    issue(38, "empty SOP Instance UID", raw(INSTANCE_UID, "UI", b""), "uid-invalid"),
    error(38, "empty SOP Class UID", raw(0x00080016, "UI", b""), "names no SOP Class"),
    issue(39, "no ROI Number", dataset(lambda read: delattr(gtv_items(read)[0], "ROINumber")), "roi-number-missing"),
    error(39, "no Structure Set ROI Sequence", without("StructureSetROISequence"), "lists no ROIs"),
    issue(39, "no Patient ID in one file", without("PatientID", name="rp.dcm"), "patient-id-missing"),
    issue(39, "no Patient ID in the structure set", without("PatientID"), "patient-id-missing"),
    error(
        39,
        "no Patient ID in one file, and another birth date",
        dataset(lambda read: (delattr(read, "PatientID"), setattr(read, "PatientBirthDate", "19580102")), "rp.dcm"),
        "files of 2 patients",
    ),
    error(
        39,
        "neither ID nor birth date in one file",
        without(*PATIENT[::2], name="rp.dcm"),
        "files of 2 patients",
    ),
    issue(39, "no patient at all in one file", without(*PATIENT, name="rp.dcm"), "patient-not-stated"),
    issue(40, "Structure Set Date 20201399", raw(0x30060008, "DA", b"20201399"), "date-invalid"),
    issue(40, "Structure Set Date of text", raw(0x30060008, "DA", b"tomorrow"), "date-invalid"),
    issue(41, "UID with letters", raw(INSTANCE_UID, "UI", b"1.2.x.4"), "uid-invalid"),
    issue(41, "UID of 80 characters", raw(INSTANCE_UID, "UI", b"1." * 40), "uid-invalid"),
    issue(41, "UID that climbs folders", raw(INSTANCE_UID, "UI", b"../../../etc/passwd"), "uid-invalid"),
    issue(42, "NUL in a name", roi_name(b"GTV\0x"), CHARACTERS),
    issue(42, "ESC in a name", roi_name(b"GTV\x1b[2Jx"), CHARACTERS),
    issue(42, "C1 control in a name", roi_name(b"GTV \xc2\x9b31m", "ISO_IR 192"), CHARACTERS),
    issue(43, "right-to-left override in a name", named("GTV \u202egnp"), CHARACTERS),
    issue(43, "zero-width space in a name", named("GTV\u200b"), CHARACTERS),
)
