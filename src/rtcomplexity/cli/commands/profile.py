"""``rtcomplexity profile``: the scoring profiles, what they say, and whether one of your own can be used."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.options import AsJson, ProfileName, optional
from rtcomplexity.errors import ExitCode
from rtcomplexity.model.options import DEFAULT_PROFILE, OWN_PATTERN

if TYPE_CHECKING:
    from rtcomplexity.scoring.profile import Profile

app = typer.Typer(no_args_is_help=True)

Results = Annotated[
    list[Path], typer.Argument(metavar="RESULTS", help="Batch outputs, their results.jsonl, or evidence records.")
]
Name = Annotated[str, typer.Argument(metavar="[NAME]", help="Id of a shipped profile, or a TOML file.")]


@app.callback()
def describe() -> None:
    """Look at the scoring profiles: thresholds and reference values.

    Example: rtcomplexity profile show
    """


@app.command("list")
def list_profiles() -> None:
    """List the shipped profiles.

    Example: rtcomplexity profile list
    """
    from rtcomplexity.cli.rendering.console import print_result
    from rtcomplexity.cli.rendering.profiles import profiles_table

    print_result([profiles_table()])


@app.command()
def show(
    name: Name = DEFAULT_PROFILE,
    *,
    as_json: AsJson = False,
    payers: Annotated[bool, typer.Option("--payers", help="Show what is known of payers instead.")] = False,
) -> None:
    """Show a profile: strata, families, factors, cutoffs and error rates; or the payers.

    Example: rtcomplexity profile show thoracic-delineation-1
    """
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.cli.rendering.profiles import payer_parts, profile_parts
    from rtcomplexity.scoring.payer import payers as known_payers
    from rtcomplexity.scoring.profile import load_profile

    if payers:
        print_outcome([payer.model_dump(mode="json") for payer in known_payers()], payer_parts(), as_json=as_json)
    else:
        profile = load_profile(name)
        print_outcome(profile.model_dump(mode="json"), profile_parts(profile), as_json=as_json)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A profile of your own, in TOML.")],
    *,
    against: Annotated[
        list[Path] | None, optional("RESULTS", "Results of newer plans. May be repeated.", "--against")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a profile: what is wrong is named with its line. With --against: whether newer plans still look like it.

    Each factor is tested (Kolmogorov-Smirnov, at most 5% of findings false), and plans above the cutoff are counted.
    Ends with 5 where a factor differs, where significantly more than 3% of plans lie above the cutoff, or where a
    profile of your own was changed after it was calibrated.

    Example: rtcomplexity profile check ours.toml --against batch-2026
    """
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.cli.rendering.profiles import drift_parts, drift_tree
    from rtcomplexity.scoring.calibration import is_as_counted
    from rtcomplexity.scoring.profile import load_profile

    profile = load_profile(path)
    if not is_as_counted(profile):
        typer.echo(f"{profile.id}: its references or cutoffs are not those of the plans that it states.", err=True)
        raise typer.Exit(ExitCode.CHECK_FAILED)
    if not against:
        _print_checked(profile, as_json=as_json)
        return
    from rtcomplexity.batch.calibration_results import newer_plans
    from rtcomplexity.scoring.drift import drift_of

    selection = newer_plans(against, profile)
    found = drift_of(profile, selection.own_plans)
    for why, count in selection.counts.items():
        typer.echo(f"Excluded: {count} {why}", err=True)
    tree = drift_tree(profile, selection, found)
    print_outcome(tree, drift_parts(profile, selection, found), as_json=as_json)
    if found.is_found:
        raise typer.Exit(ExitCode.CHECK_FAILED)


@app.command()
def evaluate(
    table: Annotated[
        Path,
        typer.Argument(metavar="TABLE", help="CSV file: a row per plan, a column per metric."),
    ],
    *,
    profile: ProfileName = DEFAULT_PROFILE,
    as_json: AsJson = False,
) -> None:
    """Score plans given as measured factors, and count the verdicts, with exact 95% intervals.

    Optional columns: stratum, patient, label (verdicts are counted per label). Site and fractions count as known, and
    every plan as stable under re-contouring.

    Example: rtcomplexity profile evaluate plans.csv --profile thoracic-delineation-1
    """
    from rtcomplexity.cli.rendering.console import print_outcome
    from rtcomplexity.cli.rendering.profiles import evaluation_notes, evaluation_table, evaluation_tree
    from rtcomplexity.scoring.plan_table import evaluate as count_verdicts
    from rtcomplexity.scoring.plan_table import read_plan_table
    from rtcomplexity.scoring.profile import load_profile

    loaded = load_profile(profile)
    plans = read_plan_table(table, loaded)
    found = count_verdicts(plans, loaded)
    tree = evaluation_tree(plans, loaded, found)
    print_outcome(tree, [evaluation_table(found, loaded)], as_json=as_json)
    for note in evaluation_notes(plans):
        typer.echo(note, err=True)


@app.command()
def calibrate(
    results: Results,
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Treated site, in small letters and hyphens.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Profile to write, in TOML.")],
    *,
    made_by: Annotated[str, typer.Option(metavar="TEXT", help="Who made it, as reports name it.")] = "not stated",
    institution: Annotated[str, typer.Option(metavar="TEXT", help="Where the plans were made.")] = "",
    period: Annotated[str, typer.Option(metavar="TEXT", help="When the plans were treated.")] = "",
    profile: ProfileName = OWN_PATTERN,
    as_json: AsJson = False,
) -> None:
    """Make a profile from consecutive plans of your own: one per patient and course, references as counted.

    The cutoff bounds false support at 3% with 95% confidence. With fewer than 120 plans the profile never supports.
    Short and long courses are separate strata where there are 120 of each. A page beside the profile (.html) shows
    every distribution. --profile names the profile whose families and rules are taken over.

    Example: rtcomplexity profile calibrate batch-out --site head-and-neck --out ours.toml
    """
    from rtcomplexity.batch.calibration_results import Maker, write_calibrated
    from rtcomplexity.batch.calibration_results import calibrate as made_profile
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document
    from rtcomplexity.cli.rendering.profiles import calibration_tree
    from rtcomplexity.scoring.profile import load_profile
    from rtcomplexity.scoring.site import site_named

    maker = Maker(name=made_by, institution=institution, period=period)
    made = made_profile(results, site_named(site), load_profile(profile), maker)
    written = write_calibrated(made, out)
    for why, count in made.selection.counts.items():
        typer.echo(f"Excluded: {count} {why}", err=True)
    typer.echo(f"Wrote {' and '.join(path.name for path in written)}", err=True)
    if as_json:
        print_document(as_json_bytes(calibration_tree(made)))
    else:
        _print_checked(made.profile, as_json=False)


def _print_checked(profile: "Profile", *, as_json: bool) -> None:
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document

    if as_json:
        print_document(as_json_bytes({"id": profile.id, "sha256": profile.sha256, **_counts(profile)}))
        return
    counts = _counts(profile)
    may = "may" if counts["may_support"] else "may not"
    typer.echo(
        f"{profile.id}: {counts['strata']} strata, {counts['families']} families, {counts['factors']} factors; it can "
        f"be used and {may} return supports. SHA-256 {profile.sha256}"
    )


def _counts(profile: "Profile") -> dict[str, int | bool]:
    return {
        "strata": len(profile.strata),
        "families": len(profile.families),
        "factors": sum(len(family.factors) for family in profile.families),
        "may_support": profile.rules.may_support,
    }
