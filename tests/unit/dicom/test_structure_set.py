"""Structure sets: ROIs paired by number, oddities named, only a set without contents refused."""

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import CorruptStructureSetError, LimitExceededError, UnreadableFileError
from rtcomplexity.model.issue import Severity
from rtcomplexity.model.structure_set import ContourGeometricType
from rtcomplexity.settings import Settings
from unit.dicom.datasets import CT, SQUARE, contour, item, new, put_raw, roi, structure_set, to_bytes

SETTINGS = Settings()
TRIANGLE = r"0\0\5\3\0\5\0\3\5"


def read(dataset, settings=SETTINGS, **options):
    return read_structure_set(to_bytes(dataset, **options), settings=settings)


def codes(issues):
    return {(issue.code, issue.subject) for issue in issues}


def plain():
    return structure_set([roi(7, "GTV", [contour(), contour(TRIANGLE)]), roi(3, "Heart", [contour()], kind="ORGAN")])


@pytest.mark.parametrize(
    "options",
    [
        {"syntax": ImplicitVRLittleEndian},
        {"syntax": ExplicitVRBigEndian},
        {"syntax": DeflatedExplicitVRLittleEndian},
        {"bare": True},
        {},
    ],
    ids=["implicit", "big endian", "deflated", "no preamble", "explicit"],
)
def test_every_encoding_reads_alike(options):
    dataset = plain()
    if options.get("syntax") == ExplicitVRBigEndian:
        for one in (part for group in dataset.ROIContourSequence for part in group.ContourSequence):
            one.ContourData = one.ContourData  # leave the encoding to pydicom
    found, issues = read(dataset, **options)
    assert [(one.number, one.name, one.contours.point_counts.tolist()) for one in found.rois] == [
        (7, "GTV", [4, 3]),
        (3, "Heart", [4]),
    ]
    assert found.rois[0].contours.points_mm[4:].tolist() == [[0, 0, 5], [3, 0, 5], [0, 3, 5]]
    assert issues == ()


def test_contours_are_paired_by_number_not_by_position():
    dataset = plain()
    dataset.ROIContourSequence = dataset.ROIContourSequence[::-1]
    dataset.RTROIObservationsSequence = dataset.RTROIObservationsSequence[::-1]
    found, _ = read(dataset)
    assert [len(one.contours) for one in found.rois] == [2, 1]
    assert [one.interpreted_type for one in found.rois] == ["", "ORGAN"]


def test_points_are_kept_as_the_file_lists_them():
    closed = SQUARE + r"\0\0\0"
    found, _ = read(structure_set([roi(1, "GTV", [contour(closed)])]))
    assert found.rois[0].contours.points_mm[-1].tolist() == [0, 0, 0]
    assert not found.rois[0].contours.points_mm.flags.writeable


def test_contour_data_that_lost_its_vr_is_read_as_bytes():
    long = "\\".join(["1.25"] * 3 * 5000)
    dataset = structure_set([roi(1, "GTV", [contour(long)])])
    put_raw(dataset.ROIContourSequence[0].ContourSequence[0], 0x30060050, long, vr="UN")
    found, _ = read(dataset)
    assert found.rois[0].contours.point_counts.tolist() == [5000]


def test_bad_contours_are_left_out_and_the_rest_stays():
    bad = [contour(text, stated=None) for text in (r"1\2", r"1\nan\3", r"1,5\2\3", "")]
    found, issues = read(structure_set([roi(1, "GTV", [contour(), *bad, contour(TRIANGLE)])]))
    assert found.rois[0].contours.point_counts.tolist() == [4, 3]
    texts = [issue.text for issue in issues if issue.code == "contour-left-out"]
    assert len(texts) == 4
    assert all(text.startswith("1 of 6 contours excluded") for text in texts)


def test_a_lying_number_of_points_is_an_issue_and_the_data_holds():
    found, issues = read(structure_set([roi(1, "GTV", [contour(stated=9)])]))
    assert found.rois[0].contours.point_counts.tolist() == [4]
    assert codes(issues) == {("contour-point-count-disagrees", "roi:1")}


def test_geometric_types_in_the_wild():
    kinds = ["INTERPOLATED_PLANAR", "CLOSEDPLANAR_XOR", "OPEN_PLANAR", "POINT", "SOMETHING", None]
    found, issues = read(structure_set([roi(1, "GTV", [contour(kind=kind) for kind in kinds])]))
    assert found.rois[0].contours.geometric_types.tolist() == [
        ContourGeometricType.CLOSED_PLANAR,
        ContourGeometricType.CLOSEDPLANAR_XOR,
        ContourGeometricType.OPEN_PLANAR,
        ContourGeometricType.POINT,
        ContourGeometricType.UNKNOWN,
        ContourGeometricType.CLOSED_PLANAR,
    ]
    assert codes(issues) == {
        ("contour-type-interpolated", "roi:1"), ("contour-type-unknown", "roi:1"), ("contour-type-missing", "roi:1")
    }  # fmt: skip


OPEN_ENDED = (r"1\1\1", r"0\0\5\3\0\5", r"0\0\5\10\0\5\20\1\5\30\0\5", r"0\0\5\3\0\5\0\0\5")


@pytest.mark.parametrize("data", OPEN_ENDED)
def test_a_contour_without_a_type_whose_ends_lie_apart_encloses_nothing(data):
    found, issues = read(structure_set([roi(1, "Wire", [contour(data, kind=None)])]))
    assert found.rois[0].contours.geometric_types.tolist() == [ContourGeometricType.UNKNOWN]
    assert ("contour-type-unknown", "roi:1") in codes(issues)


@pytest.mark.parametrize(
    ("stated", "slab_mm"), [(["2.5", "2.5"], 2.5), (["2.5", None], None), (["2.5", "3"], None), (["0", "0"], None)]
)
def test_a_slab_thickness_is_known_where_all_closed_contours_state_the_same(stated, slab_mm):
    contours = [contour(), contour(TRIANGLE)]
    for one, thickness in zip(contours, stated, strict=True):
        if thickness is not None:
            put_raw(one, 0x30060044, thickness)
    found, _ = read(structure_set([roi(1, "GTV", [*contours, contour(r"9\9\9", "POINT")])]))
    assert found.rois[0].stated_slab_mm == slab_mm


def test_a_volume_of_zero_is_not_stated_and_said_once_for_the_set():
    rois = [roi(number, f"ROI {number}", [contour()]) for number in (1, 2, 5)]
    for (listed, _, _), volume in zip(rois, ("0", "12.5", "0.000"), strict=True):
        put_raw(listed, 0x3006002C, volume)
    found, issues = read(structure_set(rois))
    assert [one.tps_volume_cm3 for one in found.rois] == [None, 12.5, None]
    assert codes(issues) == {("roi-volume-zero", "plan")}
    assert "ROIs 1, 5;" in issues[0].text


def test_dangling_numbers_are_issues():
    _, drawn, observed = roi(99, "", [contour()])
    dataset = plain()
    dataset.ROIContourSequence.append(drawn)
    dataset.RTROIObservationsSequence.append(observed)
    dataset.ROIContourSequence.append(item(ContourSequence=[contour()]))
    found, issues = read(dataset)
    assert [len(one.contours) for one in found.rois] == [2, 1]
    assert codes(issues) == {("dangling-contours", "plan"), ("dangling-observation", "plan")}


def test_of_rois_that_share_a_number_none_is_measured():
    shared = [roi(1, "GTV", [contour()]), roi(1, "PTV", [contour(TRIANGLE)])]
    found, issues = read(structure_set([*shared, roi(2, "Heart", [contour()])]))
    assert [(one.name, len(one.contours)) for one in found.rois] == [("Heart", 1)]
    assert codes(issues) == {("duplicate-roi-number", "roi:1")}
    assert read(structure_set(shared))[0].rois == ()


def test_contours_of_one_roi_in_two_items_that_lie_apart_are_put_together():
    dataset = plain()
    dataset.ROIContourSequence.append(item(ReferencedROINumber=7, ContourSequence=[contour(r"9\9\9", "POINT")]))
    found, issues = read(dataset)
    assert found.rois[0].contours.point_counts.tolist() == [4, 3, 1]
    assert found.rois[0].contours.points_mm[-1].tolist() == [9, 9, 9]
    assert codes(issues) == {("contours-in-several-items", "roi:7")}


def test_a_roi_without_a_number_is_left_out():
    dataset = plain()
    dataset.StructureSetROISequence.append(item(ROIName="x"))
    found, issues = read(dataset)
    assert len(found.rois) == 2
    assert codes(issues) == {("roi-number-missing", "plan")}


def test_rois_without_contours_or_observation_stay_and_are_listed():
    listed, _, _ = roi(4, "Lung", [])
    found, issues = read(structure_set([roi(1, "GTV", [contour()]), (listed, None, None)]))
    assert len(found.rois[1].contours) == 0
    assert codes(issues) == {("roi-without-contours", "plan")}


def test_names_that_differ_by_case_only_are_an_issue():
    _, issues = read(structure_set([roi(1, "gtv", [contour()]), roi(2, "GTV ", [contour()])]))
    assert codes(issues) == {("duplicate-roi-names", "plan")}


def test_issue_texts_hold_no_roi_name():
    bad = roi(1, "Qwx^Zyx", [contour(r"1\2", kind="ODD")])
    _, issues = read(structure_set([bad, roi(1, "Qwx^Zyx"), roi(2, "qwx^zyx")]))
    assert issues
    assert not any("qwx" in issue.text.lower() for issue in issues)


def test_a_modality_that_lies_is_read_with_an_issue():
    dataset = plain()
    dataset.Modality = "RTDOSE"
    assert codes(read(dataset)[1]) == {("modality-disagrees", "plan")}


def test_a_rejected_set_is_read_with_an_issue():
    dataset = plain()
    dataset.ApprovalStatus = "REJECTED"
    found, issues = read(dataset)
    assert found.approval_status == "REJECTED"
    assert codes(issues) == {("structure-set-rejected", "plan")}


@pytest.mark.parametrize(
    ("charset", "name", "expected"),
    [
        ("ISO_IR 192", "Poumon g\u00e9n".encode(), "Poumon g\u00e9n"),
        ("ISO_IR 192", b"GTV \xff\xfe", "GTV \ufffd\ufffd"),
        ("ISO_IR 999", b"GTV \xe9", "GTV \u00e9"),
        ("ISO_IR 100", b"GTV\x1b]0;x\x07", "GTV\x1b]0;x\x07"),
    ],
    ids=["utf-8", "wrong bytes", "unknown charset", "control characters"],
)
def test_no_charset_and_no_character_kills(charset, name, expected):
    dataset = plain()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.StructureSetROISequence[0].ROIName = "N" * 14
    data = to_bytes(dataset).replace(b"N" * 14, name.ljust(14)).replace(b"ISO_IR 100", charset.encode())
    found, issues = read_structure_set(data, settings=SETTINGS)
    assert found.rois[0].name == expected
    assert (("roi-name-characters", "plan") in codes(issues)) == (not expected.isprintable() or "\ufffd" in expected)


@pytest.mark.parametrize(
    ("declared", "written", "name", "read_as"),
    [
        (None, "utf-8", "ГТВ 肺", "UTF-8"),
        ("ISO_IR 100", "utf-8", "Pulmón", "UTF-8"),
        (["", "ISO 2022 IR 58"], "gb2312", "左肺", "GB2312"),
        (["", "ISO 2022 IR 149"], "euc_kr", "종양", "EUC_KR"),
        (None, "latin-1", "Pulmón", "LATIN-1"),
    ],
)
def test_names_in_another_character_set_than_declared_are_read_in_theirs_and_told(declared, written, name, read_as):
    found, issues = named(declared, name.encode(written))
    assert found.rois[0].name == name
    (issue,) = issues
    assert (issue.code, issue.severity) == ("character-set-contradicted", Severity.WARNING)
    assert issue.text.endswith(f"read as {read_as}.")


@pytest.mark.parametrize(
    ("declared", "written", "name"),
    [
        ("ISO_IR 100", "latin-1", "Pulmón"),
        ("ISO_IR 144", "iso8859-5", "Лёгкое"),
        ("ISO_IR 192", "utf-8", "左肺"),
        ("GB18030", "gb18030", "联通"),
        ("ISO_IR 13", "shift_jis", "ﾊｲ"),
    ],
)
def test_names_in_the_character_set_declared_are_not_told(declared, written, name):
    found, issues = named(declared, name.encode(written))
    assert (found.rois[0].name, issues) == (name, ())


def named(declared, name):
    """Read a set whose one ROI has a name of these bytes."""
    dataset = plain()
    if declared is not None:
        dataset.SpecificCharacterSet = declared
    place = b"N" * (len(name) + len(name) % 2)
    dataset.StructureSetROISequence[0].ROIName = place.decode()
    return read_structure_set(to_bytes(dataset).replace(place, name.ljust(len(place))), settings=SETTINGS)


def test_image_references_of_every_level_are_read():
    dataset = structure_set(
        [roi(1, "GTV", [contour(image_uid="1.4.1")])],
        image_uids=["1.4.1", "1.4.2"],
        series="1.3",
        study="1.2",
        frame="1.8",
    )
    references = read(dataset)[0].references
    assert references.contour_level_image_uids == {"1.4.1"}
    assert references.study_level_image_uids == {"1.4.1", "1.4.2"}
    assert references.series_uids == {"1.3"}
    assert references.frame_of_reference_uids == {"1.8", "1.9"}


def test_a_set_without_rois_is_corrupt():
    with pytest.raises(CorruptStructureSetError, match="lists no ROIs"):
        read(structure_set([]))


def test_a_set_cut_short_is_corrupt():
    whole = to_bytes(plain())
    for length in (len(whole) - 1, len(whole) - 60, len(whole) // 2):
        with pytest.raises((CorruptStructureSetError, UnreadableFileError)):
            read_structure_set(whole[:length], settings=SETTINGS)


def test_other_files_are_refused():
    with pytest.raises(UnreadableFileError, match="no RT Structure Set"):
        read(new(CT, "1.1"))
    with pytest.raises(UnreadableFileError, match="no DICOM"):
        read_structure_set(b"%PDF-1.7" * 100, settings=SETTINGS)


def test_a_missing_file_is_unreadable(tmp_path):
    with pytest.raises(UnreadableFileError, match="cannot be opened"):
        read_structure_set(tmp_path / "none.dcm", settings=SETTINGS)


@pytest.mark.parametrize(
    "settings", [Settings(max_structure_set_bytes=100), Settings(max_contours=2), Settings(max_contour_points=10)]
)
def test_every_limit_fires(settings):
    with pytest.raises(LimitExceededError):
        read(plain(), settings)


def test_a_file_over_the_limit_is_not_read(tmp_path):
    path = tmp_path / "set.dcm"
    path.write_bytes(to_bytes(plain()))
    with pytest.raises(LimitExceededError, match="over the limit"):
        read_structure_set(path, settings=Settings(max_structure_set_bytes=100))


def test_sequences_nested_too_deeply_end_in_an_error():
    opening = b"\x06\x30\x90\x00SQ\0\0\xff\xff\xff\xff"
    nested = opening + (b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + opening) * 20_000
    with pytest.raises(UnreadableFileError, match="nested too deeply"):
        read_structure_set(to_bytes(plain()) + nested, settings=SETTINGS)


def test_a_contour_cut_short_inside_its_item_makes_the_set_corrupt():
    data = to_bytes(structure_set([roi(1, "GTV", [contour()])]), ImplicitVRLittleEndian)
    place = data.index(b"\x06\x30\x50\x00") + 4
    longer = int.from_bytes(data[place : place + 4], "little") + 2
    with pytest.raises((CorruptStructureSetError, UnreadableFileError)):
        read_structure_set(data[:place] + longer.to_bytes(4, "little") + data[place + 4 :], settings=SETTINGS)


def test_a_sequence_that_lost_its_vr_is_read():
    data = to_bytes(structure_set([roi(1, "GTV")]))
    place = data.index(b"\x06\x30\x80\x00SQ")
    assert data[place + 4 : place + 6] == b"SQ"
    implicit = (
        b"\xfe\xff\x00\xe0\x18\x00\x00\x00\x06\x30\x84\x00\x02\x00\x00\x001 \x06\x30\xa4\x00\x06\x00\x00\x00MARKER"
    )
    unknown = b"\x06\x30\x80\x00UN\0\0" + len(implicit).to_bytes(4, "little") + implicit
    found, _ = read_structure_set(data[:place] + unknown, settings=SETTINGS)
    assert found.rois[0].interpreted_type == "MARKER"


@pytest.mark.parametrize(("offset", "is_told"), [([0, 0, 3], True), ([0, 0, 0], False), (None, False)])
def test_a_contour_offset_vector_is_told_and_moves_nothing(offset, is_told):
    drawn = contour()
    if offset is not None:
        drawn.ContourOffsetVector = offset
    found, issues = read_structure_set(to_bytes(structure_set([roi(1, "GTV", [drawn, contour()])])), settings=SETTINGS)
    texts = [issue.text for issue in issues if issue.code == "contour-offset-stated"]
    assert [text.startswith("1 of 2 contours state a Contour Offset Vector") for text in texts] == [True] * is_told
    assert set(found.rois[0].contours.points_mm[:, 2]) == {0.0}
