"""Each way in which a PET series states its values, against SUVbw worked out by hand; every refusal names its fact."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.dicom.sop_classes import ENHANCED_PET
from rtcomplexity.dicom.suv import SuvRefusal, SuvScale, read_suv_scale, suv_scale
from rtcomplexity.settings import Settings
from unit.dicom.datasets import PT, save

HALF_LIFE_S = 6000.0
DOSE_BQ = 4e8
WEIGHT_KG = 80.0
AT_ADMINISTRATION = WEIGHT_KG * 1000 / DOSE_BQ
ONE_HALF_LIFE_LATER = 2 * AT_ADMINISTRATION


def pet(**changes):
    """A slice scanned at 11:40, one half-life (100 minutes) after administration at 10:00."""
    item = Dataset()
    item.RadiopharmaceuticalStartDateTime = "20250101100000.0"
    item.RadiopharmaceuticalStartTime = "100000.0"
    item.RadionuclideTotalDose = DOSE_BQ
    item.RadionuclideHalfLife = HALF_LIFE_S
    dataset = Dataset()
    dataset.Units = "BQML"
    dataset.DecayCorrection = "START"
    dataset.CorrectedImage = ["NORM", "ATTN", "DECY"]
    dataset.PatientWeight = WEIGHT_KG
    dataset.PatientSize = 1.75
    dataset.PatientSex = "M"
    dataset.SeriesDate = dataset.AcquisitionDate = "20250101"
    dataset.SeriesTime = dataset.AcquisitionTime = "114000.0"
    dataset.RadiopharmaceuticalInformationSequence = [item]
    for keyword, value in changes.items():
        holder = (
            item
            if keyword in item or keyword in {"RadiopharmaceuticalStartTime", "RadiopharmaceuticalStartDateTime"}
            else dataset
        )
        if value is None:
            delattr(holder, keyword)
        else:
            setattr(holder, keyword, value)
    return dataset


def factor(*datasets):
    scale = suv_scale(datasets)
    assert isinstance(scale, SuvScale), scale
    return scale.suvbw_per_unit[0]


def reason(*datasets):
    refusal = suv_scale(datasets)
    assert isinstance(refusal, SuvRefusal), refusal
    return refusal.reason


def issue_codes(*datasets):
    return [issue.code for issue in suv_scale(datasets).issues]


def test_start_decays_the_dose_once():
    assert factor(pet()) == pytest.approx(ONE_HALF_LIFE_LATER, rel=1e-12)
    assert issue_codes(pet()) == []


def test_admin_decays_nothing():
    assert factor(pet(DecayCorrection="ADMIN", RadionuclideHalfLife=None)) == pytest.approx(AT_ADMINISTRATION)


def test_none_decays_each_slice_at_its_own_time():
    slices = [pet(DecayCorrection="NONE", CorrectedImage=["ATTN"], AcquisitionTime=t) for t in ("114000", "132000")]
    scale = suv_scale(slices)
    np.testing.assert_allclose(scale.suvbw_per_unit, [2 * AT_ADMINISTRATION, 4 * AT_ADMINISTRATION], rtol=1e-12)
    assert [issue.code for issue in scale.issues] == ["suv-frame-duration-missing"]


def test_none_counts_a_frame_at_the_time_of_its_mean_activity():
    one = pet(DecayCorrection="NONE", CorrectedImage=["ATTN"], ActualFrameDuration=int(HALF_LIFE_S * 1000))
    mean_over_frame = 0.5 / math.log(2)
    assert factor(one) == pytest.approx(ONE_HALF_LIFE_LATER / mean_over_frame, rel=1e-9)
    assert issue_codes(one) == []


def test_none_with_decy_is_believed_with_an_issue():
    assert "suv-decay-contradiction" in issue_codes(pet(DecayCorrection="NONE", ActualFrameDuration=1000))


def test_series_time_after_the_acquisition_is_not_the_reference():
    assert factor(pet(SeriesTime="150000")) == pytest.approx(ONE_HALF_LIFE_LATER)


def test_series_time_before_the_acquisition_is_the_reference():
    assert factor(pet(AcquisitionTime="123000")) == pytest.approx(ONE_HALF_LIFE_LATER)


def test_the_earliest_acquisition_of_all_slices_is_the_reference():
    slices = [pet(SeriesTime="150000", AcquisitionTime=time) for time in ("120000", "114000")]
    assert factor(*slices) == pytest.approx(ONE_HALF_LIFE_LATER)


@pytest.mark.parametrize("with_creator", [True, False])
def test_the_private_ge_scan_time_is_the_reference_of_a_processed_series(with_creator):
    dataset = pet(SeriesTime="150000", AcquisitionTime="123000")
    if with_creator:
        dataset.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20250101114000.00")
    else:
        dataset.Manufacturer = "GE MEDICAL SYSTEMS"
        dataset.add_new(0x0009100D, "DT", "20250101114000.00")
    assert factor(dataset) == pytest.approx(ONE_HALF_LIFE_LATER)


def test_a_private_element_of_another_maker_is_no_scan_time():
    dataset = pet(SeriesTime="150000")
    dataset.add_new(0x0009100D, "DT", "20250101120000.00")
    assert factor(dataset) == pytest.approx(ONE_HALF_LIFE_LATER)


@pytest.mark.parametrize(
    ("frame_reference_ms", "codes"), [(0, []), (60_000, []), (900_000, ["suv-reference-time-contradiction"])]
)
def test_frame_reference_time_is_a_cross_check(frame_reference_ms, codes):
    assert issue_codes(pet(FrameReferenceTime=frame_reference_ms, ActualFrameDuration=120_000)) == codes


@pytest.mark.parametrize("bed", [0, 1, 4])
def test_a_late_series_time_gives_way_to_what_acquisition_and_frame_reference_time_state(bed):
    """The reference object of DICOM's worked example: fluorine-18, 603 s, 11:02:30 and 450 s give 11:00:00."""
    half_life_s, minutes = 6586.2, 10.0 * bed
    start = f"11{2 + int(minutes):02d}30"
    late = pet(
        RadionuclideHalfLife=half_life_s,
        SeriesTime="150000",
        AcquisitionTime=start,
        ActualFrameDuration=603_000,
        FrameReferenceTime=450_000 + minutes * 60_000,
    )
    assert factor(late) == pytest.approx(AT_ADMINISTRATION * 2 ** (3600 / half_life_s), rel=2e-5)
    assert issue_codes(late) == []


def test_bed_positions_that_agree_on_the_reference_need_no_first_one():
    beds = [
        pet(
            SeriesTime="150000",
            AcquisitionTime=f"12{minute:02d}00",
            ActualFrameDuration=180_000,
            FrameReferenceTime=(20 + minute) * 60_000 + 90_000,
        )
        for minute in (9, 0, 3, 6)
    ]
    assert factor(*beds) == pytest.approx(ONE_HALF_LIFE_LATER, rel=1e-3)
    assert issue_codes(*beds) == []


def test_bed_positions_that_put_the_reference_at_different_times_are_an_issue():
    beds = [
        pet(SeriesTime="150000", AcquisitionTime=time, ActualFrameDuration=180_000, FrameReferenceTime=90_000)
        for time in ("114000", "114300", "114600")
    ]
    assert issue_codes(*beds) == ["suv-reference-time-contradiction"]
    assert factor(*beds) == pytest.approx(ONE_HALF_LIFE_LATER * 2 ** (180 / HALF_LIFE_S), rel=1e-3)


def test_a_late_series_time_and_a_frame_without_duration_is_counted_from_its_start_with_an_issue():
    late = pet(SeriesTime="150000", AcquisitionTime="115000", FrameReferenceTime=600_000)
    assert factor(late) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(late) == ["suv-frame-duration-missing"]


@pytest.mark.parametrize("half_life_s", [282_276.0, 360_800.0])
def test_a_time_without_a_date_gives_no_suv_of_a_tracer_that_lives_for_days(half_life_s):
    alone = pet(RadiopharmaceuticalStartDateTime=None, RadionuclideHalfLife=half_life_s)
    assert "the day of the administration cannot be assumed" in reason(alone)
    misdated = pet(RadiopharmaceuticalStartDateTime="20250102100000", RadionuclideHalfLife=half_life_s)
    assert "comes after the scan" in reason(misdated)
    assert "cannot be assumed" in reason(misdated)


def test_a_day_that_is_assumed_of_a_tracer_that_lives_for_hours_is_an_issue():
    copper = pet(RadiopharmaceuticalStartDateTime=None, RadionuclideHalfLife=45_720.0)
    assert issue_codes(copper) == ["suv-administration-day-assumed"]
    assert issue_codes(pet(RadiopharmaceuticalStartDateTime=None, RadionuclideHalfLife=6586.2)) == []


def test_an_administration_before_midnight_is_put_on_the_day_before():
    dataset = pet(RadiopharmaceuticalStartDateTime=None, RadiopharmaceuticalStartTime="233000")
    dataset.SeriesTime = dataset.AcquisitionTime = "011000"
    assert factor(dataset) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(dataset) == ["suv-across-midnight"]


def test_only_a_start_time_takes_the_date_of_the_series():
    assert factor(pet(RadiopharmaceuticalStartDateTime=None)) == pytest.approx(ONE_HALF_LIFE_LATER)


def test_only_a_start_date_and_time_is_enough():
    assert factor(pet(RadiopharmaceuticalStartTime=None)) == pytest.approx(ONE_HALF_LIFE_LATER)


def test_a_stated_date_after_the_scan_falls_back_on_the_time_with_an_issue():
    dataset = pet(RadiopharmaceuticalStartDateTime="20250102100000")
    assert factor(dataset) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(dataset) == ["suv-administration-misdated"]


def test_a_stated_date_after_the_scan_without_a_time_is_refused():
    dataset = pet(RadiopharmaceuticalStartDateTime="20250102100000", RadiopharmaceuticalStartTime=None)
    assert "(0018,1078) comes after the scan" in reason(dataset)


@pytest.mark.parametrize("stated", ["20241230100000", "20150101100000"])
def test_a_stated_date_of_which_no_activity_would_be_left_falls_back_on_the_time_with_an_issue(stated):
    dataset = pet(RadiopharmaceuticalStartDateTime=stated)
    assert factor(dataset) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(dataset) == ["suv-administration-misdated"]
    alone = pet(RadiopharmaceuticalStartDateTime=stated, RadiopharmaceuticalStartTime=None)
    assert "h before the scan, over 10 half-lives" in reason(alone)
    undecayed = pet(RadiopharmaceuticalStartDateTime=stated, RadiopharmaceuticalStartTime=None, DecayCorrection="NONE")
    assert "over 10 half-lives" in reason(undecayed)


def test_days_before_the_scan_are_believed_of_a_tracer_that_lives_for_days():
    days = pet(RadiopharmaceuticalStartDateTime="20241229114000", RadionuclideHalfLife=282_276.0)  # zirconium-89
    assert factor(days) == pytest.approx(1000 * WEIGHT_KG / (DOSE_BQ * 2 ** -(3 * 86_400 / 282_276.0)))
    assert issue_codes(days) == []


def test_a_time_that_leaves_no_activity_of_a_short_lived_tracer_is_refused():
    dataset = pet(RadiopharmaceuticalStartDateTime=None, RadionuclideHalfLife=122.0)
    assert "1.7 h before the scan" in reason(dataset)


def test_a_time_that_only_a_wild_guess_could_explain_is_refused():
    dataset = pet(RadiopharmaceuticalStartDateTime=None, RadiopharmaceuticalStartTime="120000")
    assert "23.7 h before the scan" in reason(dataset)


def test_a_half_life_in_minutes_is_refused_with_what_it_would_mean():
    dataset = pet(RadiopharmaceuticalStartDateTime=None, RadionuclideHalfLife=109.8)
    assert "1.7 h before the scan, over 10 half-lives of 109.8 s" in reason(dataset)


def test_a_dose_in_mbq_is_an_issue():
    assert factor(pet(RadionuclideTotalDose=400)) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(pet(RadionuclideTotalDose=400)) == ["suv-dose-in-mbq"]


@pytest.mark.parametrize(
    ("start", "clock", "zone"),
    [
        ("20250101080000+0000", "100000", "+0200"),  # as the standard says: 08:00 UTC is 10:00 there
        ("20250101080000+0000", None, "+0200"),
        ("20250101133000.0+0530", None, "+0200"),
        ("20250101100000+0000", "100000", "+0200"),  # the clock shows that the offset is not meant
        ("20250101100000+0100", None, None),
        ("20250101100000", None, "+0200"),
    ],
)
def test_an_offset_from_utc_counts_where_both_sides_state_one_and_the_clock_does_not_contradict(start, clock, zone):
    changes = {"RadiopharmaceuticalStartDateTime": start, "RadiopharmaceuticalStartTime": clock}
    dataset = pet(**changes) if zone is None else pet(**changes, TimezoneOffsetFromUTC=zone)
    assert factor(dataset) == pytest.approx(ONE_HALF_LIFE_LATER)


@pytest.mark.parametrize(("dose", "is_told"), [(370_000, True), (2e6, False)])
def test_a_dose_below_any_that_is_given_is_told(dose, is_told):
    assert (issue_codes(pet(RadionuclideTotalDose=dose)) == ["suv-dose-implausible"]) is is_told


def enhanced(**changes):
    dataset = pet(Units=None, DecayCorrection=None, CorrectedImage=None, RadionuclideTotalDose=400, **changes)
    dataset.SOPClassUID = ENHANCED_PET
    dataset.AttenuationCorrected = dataset.DecayCorrected = "YES"
    dataset.DecayCorrectionDateTime = "20250101114000"
    code = Dataset()
    code.CodeValue = "Bq/ml"
    mapping = Dataset()
    mapping.MeasurementUnitsCodeSequence = [code]
    shared = Dataset()
    shared.RealWorldValueMappingSequence = [mapping]
    dataset.SharedFunctionalGroupsSequence = [shared]
    return dataset


def test_an_enhanced_pet_states_mbq_and_the_time_it_is_corrected_to():
    one = enhanced()
    scale = suv_scale([one, one, one])
    np.testing.assert_allclose(scale.suvbw_per_unit, [ONE_HALF_LIFE_LATER] * 3)
    assert scale.issues == ()


def test_an_enhanced_pet_with_its_dose_in_bq_is_an_issue():
    one = enhanced()
    one.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = DOSE_BQ
    assert factor(one) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(one) == ["suv-dose-in-bq"]


def test_an_enhanced_pet_without_attenuation_correction_is_refused():
    one = enhanced()
    one.AttenuationCorrected = "NO"
    assert "ATTN" in reason(one)


def test_a_weight_in_grams_is_an_issue():
    assert factor(pet(PatientWeight=80_000)) == pytest.approx(ONE_HALF_LIFE_LATER)
    assert issue_codes(pet(PatientWeight=80_000)) == ["suv-weight-in-grams"]


def test_pixels_in_suvbw_need_no_weight_and_no_dose():
    dataset = pet(Units="GML", PatientWeight=None, RadiopharmaceuticalInformationSequence=None)
    assert factor(dataset) == 1.0


@pytest.mark.parametrize(
    ("suv_type", "sex", "mass_kg"),
    [
        ("BW", "F", 80.0),
        ("LBMJAMES128", "M", 1.10 * 80 - 128 * (80 / 175) ** 2),
        ("LBMJAMES128", "F", 1.07 * 80 - 148 * (80 / 175) ** 2),
        ("LBM", "M", 1.10 * 80 - 120 * (80 / 175) ** 2),
        ("LBMJANMA", "M", 9270 * 80 / (6680 + 216 * 80 / 1.75**2)),
        ("LBMJANMA", "F", 9270 * 80 / (8780 + 244 * 80 / 1.75**2)),
        ("IBW", "M", 48 + 1.06 * (175 - 152)),
        ("IBW", "F", 45.5 + 0.91 * (175 - 152)),
        ("IBW", "O", (48 + 45.5 + (1.06 + 0.91) * (175 - 152)) / 2),
    ],
)
def test_another_mass_is_exchanged_for_body_weight(suv_type, sex, mass_kg):
    assert factor(pet(Units="GML", SUVType=suv_type, PatientSex=sex)) == pytest.approx(80 / mass_kg, rel=1e-12)


@pytest.mark.parametrize("suv_type", ["", "BSA"])
def test_body_surface_is_exchanged_for_body_weight(suv_type):
    surface_cm2 = 0.007184 * 80**0.425 * 175**0.725 * 1e4
    assert factor(pet(Units="CM2ML", SUVType=suv_type)) == pytest.approx(80_000 / surface_cm2, rel=1e-12)


def test_choices_forced_by_body_measures_are_issues():
    assert issue_codes(pet(Units="GML", SUVType="IBW", PatientSex="O")) == ["suv-sex-other"]
    assert issue_codes(pet(Units="CM2ML", PatientSize=175)) == ["suv-height-in-centimetres"]
    assert issue_codes(pet(Units="GML", SUVType="LBM")) == ["suv-lbm-formula"]


def philips(to_suv=None, to_activity=None, **changes):
    dataset = pet(Units="CNTS", **changes)
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    if to_suv is not None:
        block.add_new(0x00, "DS", to_suv)
    if to_activity is not None:
        block.add_new(0x09, "DS", to_activity)
    return dataset


def test_counts_take_the_factor_to_suv_first():
    assert factor(philips(to_suv="0.25", to_activity="3")) == 0.25


@pytest.mark.parametrize("to_suv", [None, "0"])
def test_counts_else_take_the_factor_to_activity(to_suv):
    assert factor(philips(to_suv=to_suv, to_activity="3")) == pytest.approx(3 * ONE_HALF_LIFE_LATER)


def test_the_private_block_is_found_wherever_its_creator_put_it():
    dataset = pet(Units="CNTS")
    dataset.private_block(0x7053, "SOMEBODY ELSE", create=True).add_new(0x00, "DS", "99")
    dataset.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x00, "UN", b"0.5 ")
    assert factor(dataset) == 0.5


def test_a_factor_without_its_creator_is_used_only_from_its_maker_and_is_an_issue():
    dataset = pet(Units="CNTS")
    dataset.add_new(0x70531000, "UN", b"0.5 ")
    assert "(7053,xx00) and (7053,xx09) are missing or 0" in reason(dataset)
    dataset.Manufacturer = "Philips Medical Systems"
    assert factor(dataset) == 0.5
    assert issue_codes(dataset) == ["suv-private-creator-missing"]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"PatientWeight": None}, "Weight (0010,1030) is missing"),
        ({"PatientWeight": 0}, "Weight (0010,1030) is 0"),
        ({"RadionuclideTotalDose": None}, "Total Dose (0018,1074) is missing"),
        ({"RadionuclideTotalDose": 0}, "Total Dose (0018,1074) is 0"),
        ({"RadionuclideHalfLife": None}, "Half Life (0018,1075) is missing"),
        ({"RadionuclideHalfLife": 0}, "Half Life (0018,1075) is 0"),
        ({"RadiopharmaceuticalStartDateTime": None, "RadiopharmaceuticalStartTime": None}, "(0018,1072) are missing"),
        ({"RadiopharmaceuticalInformationSequence": None}, "(0054,0016) is missing"),
        ({"AcquisitionTime": None}, "Acquisition Date and Time"),
        ({"DecayCorrection": None}, "Decay Correction (0054,1102) is missing"),
        ({"CorrectedImage": ["ATTN"]}, "does not contain DECY"),
        ({"CorrectedImage": "DECY"}, "does not contain ATTN"),
        ({"CorrectedImage": None}, "does not contain ATTN"),
        ({"Units": None}, "Units (0054,1001) are missing"),
        ({"Units": "PROPCNTS"}, "Units (0054,1001) are PROPCNTS"),
        ({"Units": "GML", "SUVType": "BSA", "PatientSize": None}, "Size (0010,1020) is missing"),
        ({"Units": "GML", "SUVType": "IBW", "PatientSex": None}, "Sex (0010,0040) is missing"),
        ({"Units": "GML", "SUVType": "OTHER"}, "SUV Type (0054,1006) is OTHER"),
        ({"Units": "GML", "SUVType": "LBMJAMES128", "PatientSize": 0.5}, "no positive mass"),
        ({"Units": "CM2ML", "SUVType": "BW"}, "CM2ML but SUV Type"),
    ],
)
def test_what_is_missing_refuses_the_suv_and_is_named(changes, named):
    assert named in reason(pet(**changes))


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_number_that_is_none_counts_as_missing():
    assert "Weight (0010,1030) is missing" in reason(pet(PatientWeight="nan"))


def test_text_in_place_of_a_number_counts_as_missing():
    dataset = pet()
    dataset._dict[Tag(0x00101030)] = RawDataElement(Tag(0x00101030), "DS", 4, b"80,5", 0, False, True)
    assert "Weight (0010,1030) is missing" in reason(dataset)


def test_slices_that_disagree_are_refused():
    assert reason(pet(), pet(PatientWeight=81)) == "Patient's Weight (0010,1030) differs between slices"
    assert reason(pet(), pet(Units="GML")) == "Units (0054,1001) differs between slices"


def test_two_radiopharmaceuticals_are_refused():
    dataset = pet()
    dataset.RadiopharmaceuticalInformationSequence.append(Dataset())
    assert "more than one" in reason(dataset)


def test_no_slice_is_refused():
    assert reason() == "the PET series holds no image"


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_reason_repeats_no_free_text():
    assert "Doe" not in reason(pet(Units="Doe^John"))


def test_the_factors_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        suv_scale([pet()]).suvbw_per_unit[0] = 1


def test_a_file_that_vanished_refuses_the_suv(tmp_path):
    series = SimpleNamespace(paths=(tmp_path / "gone.dcm",))
    assert read_suv_scale(SeriesPixels(series=series)).reason == "a file of the PET series cannot be read again"


def test_the_settings_in_use_limit_what_is_read_again(tmp_path):
    slice_ = pet(SOPClassUID=PT, SOPInstanceUID="1.4")
    save(tmp_path, "pt", slice_)
    series = SimpleNamespace(paths=(tmp_path / "pt",))
    assert isinstance(read_suv_scale(SeriesPixels(series=series)), SuvScale)
    assert isinstance(read_suv_scale(SeriesPixels(series=series, settings=Settings(max_elements=5))), SuvRefusal)


def test_a_sequence_that_cannot_be_parsed_refuses_the_suv():
    dataset = pet()
    level = b"\x54\x00\x16\x00SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    broken = level[12:] + level * 3000
    tag = Tag(0x00540016)
    dataset._dict[tag] = RawDataElement(tag, "SQ", len(broken), broken, 0, False, True)
    assert "header of the PET series is broken" in reason(dataset)


@pytest.mark.parametrize("suv_type", ["BSA", "LBM", "LBMJAMES128", "LBMJANMA", "IBW"])
@pytest.mark.parametrize("size", ["1e-200", "0.17", "4", "1750", "1e300"])
def test_what_is_no_height_in_metres_or_centimeters_is_refused(suv_type, size):
    assert "no height of a patient" in reason(pet(Units="GML", SUVType=suv_type, PatientSize=size))


@pytest.mark.parametrize("weight", ["1000001", "1e300"])
def test_what_is_no_weight_in_kilograms_or_grams_is_refused(weight):
    assert "no weight in kilograms or grams" in reason(pet(PatientWeight=weight))
