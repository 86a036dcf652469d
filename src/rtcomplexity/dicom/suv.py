"""What turns the rescaled pixels of a PET series into SUVbw, read from its headers, or why that is impossible.

Knows units, decay, clocks and body measures; reads no pixels. A fact that is missing refuses the SUV and is named: no
weight, dose, half-life or time is ever assumed. Where files force a choice (a weight of 70000 can only be grams) the
choice is an issue.

SUVbw = activity concentration [Bq/ml] x weight [g] / dose [Bq, decayed to the time to which the pixels are corrected].
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.parsing import PARSE_FAULTS, describe
from rtcomplexity.dicom.sop_classes import ENHANCED_PET
from rtcomplexity.errors import InputDataError, UnreadableFileError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.arrays import frozen_array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydicom.dataset import Dataset

    from rtcomplexity.dicom.pixels import SeriesPixels
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.issue import Issue

SUBJECT: Final = "image:PT"
PHILIPS_CREATOR: Final = "Philips PET Private Group"
GE_CREATOR: Final = "GEMS_PETD_01"
GRAMS_ABOVE_KG: Final = 1000.0
CENTIMETERS_ABOVE_M: Final = 3.0
HEIGHTS_CM: Final = (20.0, 300.0)
"""Of patients; what lies outside, whatever its unit, is no height."""
MBQ_BELOW_BQ: Final = 1e4
BQ_ABOVE_MBQ: Final = 1e5
BQ_PER_MBQ: Final = 1e6
LEAST_INJECTED_BQ: Final = 1e6
"""No PET is taken with less than a megabecquerel; such a number may be kBq."""
G_PER_KG: Final = 1000.0
LONGEST_UPTAKE: Final = timedelta(hours=12)
"""A date that is only inferred may put the administration this long before the scan, not longer."""
MOST_HALF_LIVES: Final = 10.0
"""After so many a thousandth of the dose is left, of which no PET is made: a date so long before the scan is wrong."""
LONGEST_HALF_LIFE_WITHOUT_DATE_S: Final = 86_400.0
"""A tracer that lives longer (zirconium-89, iodine-124) is scanned days after its administration as well."""
REFERENCE_TOLERANCE: Final = timedelta(seconds=60)
_START: Final = "Radiopharmaceutical Start DateTime (0018,1078)"
DATE_TIME: Final = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(\.\d{1,6})?([+-]\d{4})?")
ZONE: Final = re.compile(r"([+-])(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuvScale:
    """How rescaled pixel values become SUVbw."""

    suvbw_per_unit: Floats
    """(K,) factor of each slice, in the series' order: SUVbw = (stored x slope + intercept) x factor."""
    how: str
    """Units, decay correction and reference time that were used, in words."""
    issues: tuple[Issue, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "suvbw_per_unit", frozen_array(self.suvbw_per_unit, np.float64))


@dataclass(frozen=True, slots=True, kw_only=True)
class SuvRefusal:
    """Why a PET series gives no SUVbw."""

    reason: str
    """A clause that names the missing or contradictory fact, e.g. "Patient's Weight (0010,1030) is missing"."""
    issues: tuple[Issue, ...] = ()


class _RefusedError(Exception):
    """Inside this module only: the text is the reason of a :class:`SuvRefusal`."""


def read_suv_scale(pixels: SeriesPixels) -> SuvScale | SuvRefusal:
    """Say how the pixels of a PET series become SUVbw, by the headers that are read with them."""
    try:
        return suv_scale(pixels.headers())
    except (OSError, InputDataError):
        return SuvRefusal(reason="a file of the PET series cannot be read again")


def suv_scale(datasets: Sequence[Dataset]) -> SuvScale | SuvRefusal:
    """Find the factor from rescaled pixel values to SUVbw for each slice.

    Parameters
    ----------
    datasets
        (K,) header of each slice, in the series' order; the frames of a multi-frame instance repeat its header.

    Returns
    -------
    SuvScale or SuvRefusal
        The factors, or the fact that is missing or contradictory.
    """
    issues: list[Issue] = []
    if not datasets:
        return SuvRefusal(reason="the PET series holds no image")
    try:
        factors, how = _factors(datasets, issues)
    except _RefusedError as refused:
        return SuvRefusal(reason=str(refused), issues=tuple(issues))
    except PARSE_FAULTS as fault:
        return SuvRefusal(reason=f"a header of the PET series is broken: {describe(fault)}")
    except UnreadableFileError:
        return SuvRefusal(reason="a header of the PET series is broken: an element occurs twice")
    if not np.isfinite(factors).all() or (factors <= 0).any():
        return SuvRefusal(reason="the factor to SUVbw is not a positive number", issues=tuple(issues))
    return SuvScale(suvbw_per_unit=factors, how=how, issues=tuple(issues))


def _factors(datasets: Sequence[Dataset], issues: list[Issue]) -> tuple[Floats, str]:
    """Send each unit to its own rule."""
    units = _units(datasets)
    decay_correction = _decay_correction(datasets)
    _check_corrections(datasets, decay_correction, issues)
    if units == "GML":
        return _from_suv(datasets, _common_text(datasets, "SUVType", "SUV Type (0054,1006)") or "BW", issues)
    if units == "CM2ML":
        suv_type = _common_text(datasets, "SUVType", "SUV Type (0054,1006)") or "BSA"
        if suv_type != "BSA":
            raise _RefusedError(f"Units (0054,1001) are CM2ML but SUV Type (0054,1006) is {_shown(suv_type)}")
        return _from_suv(datasets, suv_type, issues)
    if units == "CNTS":
        return _from_counts(datasets, decay_correction, issues)
    if units == "BQML":
        return _from_activity(datasets, decay_correction, issues)
    raise _RefusedError(f"Units (0054,1001) are {_shown(units) if units else 'missing'}: no rule leads to SUVbw")


def _units(datasets: Sequence[Dataset]) -> str:
    units = _common_text(datasets, "Units", "Units (0054,1001)")
    if units or not _is_enhanced(datasets[0]):
        return units
    code = ""
    for mapping in (
        _get(_first_item(datasets[0], "SharedFunctionalGroupsSequence"), "RealWorldValueMappingSequence") or ()
    ):
        code = _text(_get(_first_item(mapping, "MeasurementUnitsCodeSequence"), "CodeValue"))
        break
    return {"Bq/ml": "BQML", "{SUVbw}g/ml": "GML", "g/ml{SUVbw}": "GML"}.get(code, code)


def _decay_correction(datasets: Sequence[Dataset]) -> str:
    """START, ADMIN, NONE or empty."""
    stated = _common_text(datasets, "DecayCorrection", "Decay Correction (0054,1102)")
    if stated or not _is_enhanced(datasets[0]):
        return stated
    return {"YES": "START", "NO": "NONE"}.get(_text(_get(datasets[0], "DecayCorrected")), "")


def _check_corrections(datasets: Sequence[Dataset], decay_correction: str, issues: list[Issue]) -> None:
    """Refuse pixels that were not corrected for attenuation, or not for decay though they should be."""
    for dataset in datasets:
        corrected = _corrections(dataset)
        if "ATTN" not in corrected:
            raise _RefusedError("Corrected Image (0028,0051) does not contain ATTN")
        if "DECY" not in corrected and decay_correction != "NONE":
            raise _RefusedError("Corrected Image (0028,0051) does not contain DECY")
    if decay_correction == "NONE" and "DECY" in _corrections(datasets[0]):
        issues.append(codes.SUV_DECAY_CONTRADICTION.about(SUBJECT))


def _corrections(dataset: Dataset) -> set[str]:
    if _is_enhanced(dataset) and not _get(dataset, "CorrectedImage"):
        pairs = (("AttenuationCorrected", "ATTN"), ("DecayCorrected", "DECY"))
        return {name for keyword, name in pairs if _text(_get(dataset, keyword)) == "YES"}
    values = _get(dataset, "CorrectedImage") or ()
    return {values} if isinstance(values, str) else {str(value) for value in values}


def _from_suv(datasets: Sequence[Dataset], suv_type: str, issues: list[Issue]) -> tuple[Floats, str]:
    """Pixels that are an SUV already; another mass or surface than body weight is exchanged for it."""
    ones = np.ones(len(datasets))
    if suv_type == "BW":
        return ones, "pixels are SUVbw"
    weight_g = _weight_g(datasets, issues)
    if suv_type == "BSA":
        surface_cm2 = _body_surface_cm2(weight_g / G_PER_KG, _height_cm(datasets, issues))
        return ones * weight_g / surface_cm2, "pixels are SUVbsa, converted to body weight"
    if suv_type not in BODY_MASSES:
        raise _RefusedError(f"SUV Type (0054,1006) is {_shown(suv_type)}: no rule leads to SUVbw")
    mass_kg = _reference_mass_kg(datasets, suv_type, weight_g / G_PER_KG, issues)
    return ones * weight_g / (mass_kg * G_PER_KG), f"pixels are SUV by {suv_type}, converted to body weight"


def _from_counts(datasets: Sequence[Dataset], decay_correction: str, issues: list[Issue]) -> tuple[Floats, str]:
    """Counts with one of the two private Philips factors."""
    to_suv = np.array([_philips_factor(dataset, 0x00, issues) for dataset in datasets])
    if (to_suv > 0).all():
        return to_suv, "counts with the private factor to SUV (7053,xx00)"
    to_activity = np.array([_philips_factor(dataset, 0x09, issues) for dataset in datasets])
    if not (to_activity > 0).all():
        raise _RefusedError(
            "Units (0054,1001) are CNTS and both private factors (7053,xx00) and (7053,xx09) are missing or 0"
        )
    factors, how = _from_activity(datasets, decay_correction, issues)
    return to_activity * factors, f"counts with the private factor to Bq/ml (7053,xx09); {how}"


def _philips_factor(dataset: Dataset, offset: int, issues: list[Issue]) -> float:
    """Value of a private Philips element, found by its private creator; 0 where there is none."""
    value = _private_value(dataset, tags.PHILIPS_PET_BLOCK >> 16, PHILIPS_CREATOR, offset)
    if value is None and "philips" in _text(_get(dataset, "Manufacturer")).lower():
        value = _bare_value(dataset, tags.PHILIPS_PET_BLOCK + offset)
        if value is not None:
            _add_once(issues, codes.SUV_PRIVATE_CREATOR_MISSING.about(SUBJECT))
    number = _to_number(value)
    return 0.0 if number is None else number


def _from_activity(datasets: Sequence[Dataset], decay_correction: str, issues: list[Issue]) -> tuple[Floats, str]:
    """Activity concentration; the dose is decayed to the time for which the pixels stand."""
    weight_g = _weight_g(datasets, issues)
    dose_bq = _dose_bq(datasets, issues)
    ones = np.ones(len(datasets))
    if decay_correction == "ADMIN":
        return ones * weight_g / dose_bq, "Bq/ml, decay-corrected to administration"
    half_life_s = _half_life_s(datasets)
    if decay_correction == "START":
        reference, clock = _reference_time(datasets, half_life_s, issues)
        uptake_s = (reference - _administration(datasets, reference, half_life_s, issues)).total_seconds()
        factor = weight_g / (dose_bq * math.exp2(-uptake_s / half_life_s))
        return ones * factor, f"Bq/ml, decay-corrected to {clock}, {uptake_s / 60:.1f} min after administration"
    if decay_correction == "NONE":
        times = [_mean_count_time(dataset, half_life_s, issues) for dataset in datasets]
        administration = _administration(datasets, min(times), half_life_s, issues)
        uptakes_s = np.array([(time - administration).total_seconds() for time in times])
        return weight_g / (
            dose_bq * np.exp2(-uptakes_s / half_life_s)
        ), "Bq/ml, not decay-corrected: each slice at its time"
    found = _shown(decay_correction) if decay_correction else "missing"
    raise _RefusedError(f"Decay Correction (0054,1102) is {found}")


def _weight_g(datasets: Sequence[Dataset], issues: list[Issue]) -> float:
    weight_kg = _common_positive(datasets, lambda d: _get(d, "PatientWeight"), "Patient's Weight (0010,1030)")
    if weight_kg <= GRAMS_ABOVE_KG:
        return weight_kg * G_PER_KG
    if weight_kg > GRAMS_ABOVE_KG * G_PER_KG:
        raise _RefusedError(f"Patient's Weight (0010,1030) is {weight_kg:g}: no weight in kilograms or grams")
    issues.append(codes.SUV_WEIGHT_IN_GRAMS.about(SUBJECT, weight_kg=weight_kg))
    return weight_kg


def _height_cm(datasets: Sequence[Dataset], issues: list[Issue]) -> float:
    name = "Patient's Size (0010,1020)"
    stated = _common_positive(datasets, lambda d: _get(d, "PatientSize"), name)
    height_cm = stated * 100.0 if stated <= CENTIMETERS_ABOVE_M else stated
    if not HEIGHTS_CM[0] <= height_cm <= HEIGHTS_CM[1]:
        raise _RefusedError(f"{name} is {stated:g}: no height of a patient in meters or centimeters")
    if stated > CENTIMETERS_ABOVE_M:
        issues.append(codes.SUV_HEIGHT_IN_CENTIMETRES.about(SUBJECT, name=name, stated=stated))
    return height_cm


def _dose_bq(datasets: Sequence[Dataset], issues: list[Issue]) -> float:
    """Radionuclide Total Dose: Bq in classic, MBq in Enhanced PET, and sometimes the other way round."""
    name = "Radionuclide Total Dose (0018,1074)"
    dose = _common_positive(datasets, lambda d: _get(_radiopharmaceutical(d), "RadionuclideTotalDose"), name)
    if _is_enhanced(datasets[0]):
        if dose < BQ_ABOVE_MBQ:
            return dose * BQ_PER_MBQ
        issues.append(codes.SUV_DOSE_IN_BQ.about(SUBJECT, name=name, dose=dose))
        return dose
    if dose >= MBQ_BELOW_BQ:
        if dose < LEAST_INJECTED_BQ:
            issues.append(codes.SUV_DOSE_IMPLAUSIBLE.about(SUBJECT, name=name, dose=dose))
        return dose
    issues.append(codes.SUV_DOSE_IN_MBQ.about(SUBJECT, name=name, dose=dose))
    return dose * BQ_PER_MBQ


def _half_life_s(datasets: Sequence[Dataset]) -> float:
    name = "Radionuclide Half Life (0018,1075)"
    return _common_positive(datasets, lambda d: _get(_radiopharmaceutical(d), "RadionuclideHalfLife"), name)


def _radiopharmaceutical(dataset: Dataset) -> Dataset:
    items = list(_get(dataset, "RadiopharmaceuticalInformationSequence") or ())
    if not items:
        raise _RefusedError("Radiopharmaceutical Information Sequence (0054,0016) is missing")
    if len(items) > 1:
        raise _RefusedError(
            "Radiopharmaceutical Information Sequence (0054,0016) names more than one radiopharmaceutical"
        )
    item: Dataset = items[0]
    return item


def _reference_time(datasets: Sequence[Dataset], half_life_s: float, issues: list[Issue]) -> tuple[datetime, str]:
    """Time to which START corrects the decay, and what it was read from."""
    if _is_enhanced(datasets[0]) and (stated := _date_time(_get(datasets[0], "DecayCorrectionDateTime"))):
        return stated, "Decay Correction DateTime (0018,9701)"
    acquired = min(_acquisition_time(dataset) for dataset in datasets)
    frames = [dataset for dataset in datasets if _number(dataset, "FrameReferenceTime") is not None]
    series = _series_time(datasets[0])
    if series is not None and series <= acquired:
        reference, clock = series, "Series Time (0008,0031)"
    elif (scanned := _ge_scan_time(datasets[0])) is not None:
        reference, clock = scanned, "the private GE scan time (0009,xx0D)"
    elif frames:
        reference = _reference_by_frames(frames, half_life_s, issues)
        clock = "the time that Acquisition Time and Frame Reference Time (0054,1300) state"
    else:
        reference, clock = acquired, "the earliest Acquisition Time (0008,0032)"
    _cross_check(frames, reference, half_life_s, issues)
    return reference, clock


def _reference_by_frames(frames: Sequence[Dataset], half_life_s: float, issues: list[Issue]) -> datetime:
    """Acquisition Time, plus when in the frame its mean activity falls, less Frame Reference Time of the same slice.

    Frame Reference Time counts from the reference to when a frame's activity equals its mean (PS3.3 C.8.9.4.1.5). Each
    bed position has a frame of its own and puts the reference at the same time; of clocks that differ, the median.
    """
    stated = sorted(_mean_count_time(one, half_life_s, issues) - _frame_reference(one) for one in frames)
    return stated[len(stated) // 2]


def _frame_reference(dataset: Dataset) -> timedelta:
    """Frame Reference Time, 0 where it is not stated."""
    return timedelta(milliseconds=_number(dataset, "FrameReferenceTime") or 0.0)


def _cross_check(frames: Sequence[Dataset], reference: datetime, half_life_s: float, issues: list[Issue]) -> None:
    """Say where a frame, counted from its start or from its mean count, puts the reference elsewhere."""
    worst = timedelta(0)
    for frame in frames:
        from_start = _acquisition_time(frame) - _frame_reference(frame)
        to_mean = timedelta(seconds=_mean_count_offset_s(frame, half_life_s) or 0.0)
        worst = max(worst, min(abs(from_start - reference), abs(from_start + to_mean - reference)))
    if worst > REFERENCE_TOLERANCE:
        issues.append(codes.SUV_REFERENCE_TIME_CONTRADICTION.about(SUBJECT, apart_s=worst.total_seconds()))


def _mean_count_time(dataset: Dataset, half_life_s: float, issues: list[Issue]) -> datetime:
    """Time at which the frame's activity equals its mean over the frame."""
    offset_s = _mean_count_offset_s(dataset, half_life_s)
    if offset_s is None:
        _add_once(issues, codes.SUV_FRAME_DURATION_MISSING.about(SUBJECT))
        offset_s = 0.0
    return _acquisition_time(dataset) + timedelta(seconds=offset_s)


def _mean_count_offset_s(dataset: Dataset, half_life_s: float) -> float | None:
    """ln(x / (1 - exp(-x))) / lambda, x = lambda T: when a decaying frame of duration T equals its mean."""
    duration_ms = _number(dataset, "ActualFrameDuration")
    if duration_ms is None or duration_ms <= 0:
        return None
    decay_per_s = math.log(2.0) / half_life_s
    decays = decay_per_s * duration_ms / 1000.0
    return math.log(decays / -math.expm1(-decays)) / decay_per_s


def _administration(datasets: Sequence[Dataset], scan: datetime, half_life_s: float, issues: list[Issue]) -> datetime:
    """When the tracer was given: the stated date and time, else the stated time on the scan's day or the day before."""
    item = _radiopharmaceutical(datasets[0])
    stated = _start(datasets[0], item)
    wrong = "" if stated is None else _misdated(scan - stated, half_life_s)
    if stated is not None and not wrong:
        return stated
    clock = _clock_time(_get(item, "RadiopharmaceuticalStartTime"))
    if clock is None:
        raise _RefusedError(f"{_START} {wrong or 'and Start Time (0018,1072) are missing'}")
    if half_life_s > LONGEST_HALF_LIFE_WITHOUT_DATE_S:
        raise _RefusedError(
            f"{_START} {wrong or 'is missing'}; Start Time (0018,1072) states no date, and with a half-life of "
            f"{half_life_s / 3600:.1f} h the day of the administration cannot be assumed"
        )
    day = _series_time(datasets[0]) or scan
    inferred = _midnight(day) + clock
    if inferred > scan:
        inferred -= timedelta(days=1)
    uptake = scan - inferred
    is_usual = timedelta(0) <= uptake <= LONGEST_UPTAKE
    if not is_usual or _misdated(uptake, half_life_s):
        hours = f"{uptake.total_seconds() / 3600:.1f} h before the scan"
        decayed = f", over {MOST_HALF_LIVES:g} half-lives of {half_life_s:g} s" if is_usual else ""
        raise _RefusedError(f"Radiopharmaceutical Start Time (0018,1072) would lie {hours}{decayed}")
    _note_inference(wrong, inferred, day, issues)
    if not _misdated(scan - inferred + timedelta(days=1), half_life_s):
        issues.append(
            codes.SUV_ADMINISTRATION_DAY_ASSUMED.about(
                SUBJECT,
                start=_START,
                wrong=wrong or "is missing",
                hours=LONGEST_UPTAKE.total_seconds() / 3600,
                half_life_h=half_life_s / 3600,
            )
        )
    return inferred


def _start(dataset: Dataset, item: Dataset) -> datetime | None:
    """Start DateTime in the scanner's zone, where both are stated, unless Start Time shows that its digits are."""
    value = _get(item, "RadiopharmaceuticalStartDateTime")
    digits = _date_time(value)
    written, own = _zone(_text(value)[-5:]), _zone(_text(_get(dataset, "TimezoneOffsetFromUTC")))
    clock = _clock_time(_get(item, "RadiopharmaceuticalStartTime"))
    if digits is None or written is None or own is None or clock == digits - _midnight(digits):
        return digits
    return digits - written + own


def _misdated(uptake: timedelta, half_life_s: float) -> str:
    """Say why the tracer cannot have been given so long before the scan; empty where it can."""
    if uptake < timedelta(0):
        return "comes after the scan"
    half_lives = uptake.total_seconds() / half_life_s
    if half_lives <= MOST_HALF_LIVES:
        return ""
    return f"lies {uptake.total_seconds() / 3600:.1f} h before the scan, over {MOST_HALF_LIVES:g} half-lives"


def _note_inference(wrong: str, inferred: datetime, day: datetime, issues: list[Issue]) -> None:
    """Say why the time of the administration was inferred: nothing is said where only a time is stated."""
    if wrong:
        issues.append(codes.SUV_ADMINISTRATION_MISDATED.about(SUBJECT, start=_START, wrong=wrong))
    elif inferred.date() != day.date():
        issues.append(codes.SUV_ACROSS_MIDNIGHT.about(SUBJECT))


def _acquisition_time(dataset: Dataset) -> datetime:
    stated = _date_time(_get(dataset, "AcquisitionDateTime"))
    time = _joined(dataset, "AcquisitionDate", "AcquisitionTime") or stated
    if time is None:
        time = _joined(dataset, "SeriesDate", "AcquisitionTime")
    if time is None:
        raise _RefusedError("Acquisition Date and Time (0008,0022), (0008,0032) are missing")
    return time


def _series_time(dataset: Dataset) -> datetime | None:
    return _joined(dataset, "SeriesDate", "SeriesTime")


def _ge_scan_time(dataset: Dataset) -> datetime | None:
    value = _private_value(dataset, tags.GE_SCAN_DATE_TIME >> 16, GE_CREATOR, 0x0D)
    if value is None and _text(_get(dataset, "Manufacturer")).upper().startswith("GE "):
        value = _bare_value(dataset, tags.GE_SCAN_DATE_TIME)
    return _date_time(value)


def _joined(dataset: Dataset, date_keyword: str, time_keyword: str) -> datetime | None:
    clock = _clock_time(_get(dataset, time_keyword))
    day = _date_time(f"{_text(_get(dataset, date_keyword)).replace('.', '')}0000")
    return None if clock is None or day is None else day + clock


def _date_time(value: object) -> datetime | None:
    """Read YYYYMMDDHHMM[SS[.F]][+ZZXX] as it stands: local time of the scanner, but for what :func:`_start` says."""
    match = DATE_TIME.fullmatch(_text(value))
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[i] or 0) for i in range(1, 7))
    try:
        # Scanners write local time, mostly without a zone; a leap second is the second after 59.
        whole = datetime(year, month, day, hour, minute)  # noqa: DTZ001
    except ValueError:
        return None
    return whole + timedelta(seconds=second + float(match[7] or 0))


def _zone(text: str) -> timedelta | None:
    """Read +ZZXX, an offset from UTC."""
    match = ZONE.fullmatch(text)
    if match is None:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -offset if match[1] == "-" else offset


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), datetime.min.time())


def _clock_time(value: object) -> timedelta | None:
    """Read HHMM[SS[.F]], also with colons, as the time since midnight."""
    moment = _date_time("20000101" + _text(value).replace(":", ""))
    return None if moment is None else moment - datetime(2000, 1, 1)  # noqa: DTZ001


def _reference_mass_kg(datasets: Sequence[Dataset], suv_type: str, weight_kg: float, issues: list[Issue]) -> float:
    """Lean or ideal mass by the formula of the SUV Type."""
    height_cm = _height_cm(datasets, issues)
    formula = BODY_MASSES[suv_type]
    if suv_type == "LBM":
        issues.append(codes.SUV_LBM_FORMULA.about(SUBJECT))
    sex = _common_text(datasets, "PatientSex", "Patient's Sex (0010,0040)")
    if sex in {"M", "F"}:
        mass_kg = formula(weight_kg, height_cm, sex == "M")
    elif sex == "O":
        issues.append(codes.SUV_SEX_OTHER.about(SUBJECT))
        mass_kg = (formula(weight_kg, height_cm, True) + formula(weight_kg, height_cm, False)) / 2
    else:
        raise _RefusedError("Patient's Sex (0010,0040) is missing")
    if mass_kg <= 0:
        raise _RefusedError(f"weight and height give no positive mass by {suv_type}")
    return mass_kg


def _body_surface_cm2(weight_kg: float, height_cm: float) -> float:
    """Du Bois and Du Bois 1916."""
    return 71.84 * math.pow(weight_kg, 0.425) * math.pow(height_cm, 0.725)


def _james_128(weight_kg: float, height_cm: float, male: bool) -> float:  # noqa: FBT001
    squared = (weight_kg / height_cm) ** 2
    return 1.10 * weight_kg - 128.0 * squared if male else 1.07 * weight_kg - 148.0 * squared


def _morgan_120(weight_kg: float, height_cm: float, male: bool) -> float:  # noqa: FBT001
    squared = (weight_kg / height_cm) ** 2
    return 1.10 * weight_kg - 120.0 * squared if male else 1.07 * weight_kg - 148.0 * squared


def _janmahasatian(weight_kg: float, height_cm: float, male: bool) -> float:  # noqa: FBT001
    bmi = weight_kg / (height_cm / 100.0) ** 2
    return 9270.0 * weight_kg / (6680.0 + 216.0 * bmi if male else 8780.0 + 244.0 * bmi)


def _ideal(_weight_kg: float, height_cm: float, male: bool) -> float:  # noqa: FBT001
    return 48.0 + 1.06 * (height_cm - 152.0) if male else 45.5 + 0.91 * (height_cm - 152.0)


BODY_MASSES: Final[dict[str, Callable[[float, float, bool], float]]] = {
    "LBM": _morgan_120,
    "LBMJAMES128": _james_128,
    "LBMJANMA": _janmahasatian,
    "IBW": _ideal,
}


def _common_positive(datasets: Sequence[Dataset], value_of: Callable[[Dataset], object], name: str) -> float:
    """The one positive number that all slices state."""
    values = {_to_number(value_of(dataset)) for dataset in _distinct(datasets)}
    if len(values) > 1:
        raise _RefusedError(f"{name} differs between slices")
    value = values.pop()
    if value is None:
        raise _RefusedError(f"{name} is missing")
    if value <= 0:
        raise _RefusedError(f"{name} is {value:g}")
    return value


def _common_text(datasets: Sequence[Dataset], keyword: str, name: str) -> str:
    values = {_text(_get(dataset, keyword)).upper() for dataset in _distinct(datasets)}
    if len(values) > 1:
        raise _RefusedError(f"{name} differs between slices")
    return values.pop()


def _distinct(datasets: Sequence[Dataset]) -> list[Dataset]:
    return list({id(dataset): dataset for dataset in datasets}.values())


def _is_enhanced(dataset: Dataset) -> bool:
    return _text(_get(dataset, "SOPClassUID")) == ENHANCED_PET


def _first_item(dataset: Dataset, keyword: str) -> Dataset:
    items = _get(dataset, keyword)
    if items:
        item: Dataset = items[0]
        return item
    return type(dataset)()


def _private_value(dataset: Dataset, group: int, creator: str, offset: int) -> object:
    try:
        tag = dataset.private_block(group, creator).get_tag(offset)
    except KeyError:
        return None
    return _bare_value(dataset, tag)


def _bare_value(dataset: Dataset, tag: int) -> object:
    """Value of an element as it is held: bytes where nobody converted it."""
    if tag not in dataset:
        return None
    value: object = dataset.get_item(tag).value
    return value


def _get(dataset: Dataset, keyword: str) -> Any:  # noqa: ANN401 - items, one text, several texts or None
    """Value of an element as text, or the items of a sequence; nothing is converted, so that nothing can fail."""
    from pydicom.datadict import tag_for_keyword  # noqa: PLC0415 - only where a PET series is read

    tag = int(tag_for_keyword(keyword) or 0)
    if keyword.endswith("Sequence"):
        return elements.items(dataset, tag)
    values = elements.texts(dataset, tag)
    return values[0] if len(values) == 1 else values or None


def _number(dataset: Dataset, keyword: str) -> float | None:
    return _to_number(_get(dataset, keyword))


def _to_number(value: object) -> float | None:
    """A finite number, else None; private elements may arrive as bytes."""
    try:
        number = float(_text(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("ascii", errors="replace").strip(" \0")
    return str(value).strip(" \0")


def _shown(text: str) -> str:
    """Only what a code string may hold, so that no identifier can travel in a reason."""
    return text if re.fullmatch(r"[A-Z0-9_ ]{1,16}", text) else "not a known term"


def _add_once(issues: list[Issue], issue: Issue) -> None:
    if issue not in issues:
        issues.append(issue)
