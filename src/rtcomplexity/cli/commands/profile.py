"""``rtcomplexity profile``: the scoring profiles, what they say, and whether one of your own can be used."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtcomplexity.cli.options import AsJson, ProfileName
from rtcomplexity.model.options import DEFAULT_PROFILE

if TYPE_CHECKING:
    from rtcomplexity.scoring.profile import Profile

app = typer.Typer(no_args_is_help=True)

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
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document, print_result
    from rtcomplexity.cli.rendering.profiles import payer_parts, profile_parts
    from rtcomplexity.scoring.payer import payers as known_payers
    from rtcomplexity.scoring.profile import load_profile

    if payers and as_json:
        print_document(as_json_bytes([payer.model_dump(mode="json") for payer in known_payers()]))
    elif payers:
        print_result(payer_parts())
    elif as_json:
        print_document(as_json_bytes(load_profile(name).model_dump(mode="json")))
    else:
        print_result(profile_parts(load_profile(name)))


@app.command()
def check(path: Annotated[Path, typer.Argument(metavar="FILE", help="A profile of your own, in TOML.")]) -> None:
    """Check a profile; what is wrong is named with its line.

    Example: rtcomplexity profile check ours.toml
    """
    from rtcomplexity.scoring.profile import load_profile

    typer.echo(_checked(load_profile(path)))


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
    from rtcomplexity.cli.rendering.console import as_json_bytes, print_document, print_result
    from rtcomplexity.cli.rendering.profiles import evaluation_notes, evaluation_table, evaluation_tree
    from rtcomplexity.scoring.plan_table import evaluate as count_verdicts
    from rtcomplexity.scoring.plan_table import read_plan_table
    from rtcomplexity.scoring.profile import load_profile

    loaded = load_profile(profile)
    plans = read_plan_table(table, loaded)
    found = count_verdicts(plans, loaded)
    if as_json:
        print_document(as_json_bytes(evaluation_tree(plans, loaded, found)))
    else:
        print_result([evaluation_table(found, loaded)])
    for note in evaluation_notes(plans):
        typer.echo(note, err=True)


@app.command()
def calibrate(
    results: Annotated[
        list[Path], typer.Argument(metavar="RESULTS", help="Batch outputs, their results.jsonl, or evidence records.")
    ],
    site: Annotated[str, typer.Option("--site", metavar="SITE", help="Treated site, in small letters and hyphens.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Profile to write, in TOML.")],
    *,
    made_by: Annotated[str, typer.Option(metavar="TEXT", help="Who made it, as reports name it.")] = "not stated",
    period: Annotated[str, typer.Option(metavar="TEXT", help="When the plans were treated.")] = "",
    profile: ProfileName = "any-site-1",
) -> None:
    """Make a profile from consecutive plans of your own: one per patient and course, references as counted.

    The cutoff bounds false support at 3% with 95% confidence. With fewer than 120 plans the profile never supports.

    Example: rtcomplexity profile calibrate batch-out --site head-and-neck --out ours.toml
    """
    from rtcomplexity.batch.calibration import calibrate as made_profile
    from rtcomplexity.scoring.profile import load_profile, parse_profile
    from rtcomplexity.scoring.site import site_named

    pattern = load_profile(profile)
    made = made_profile(results, site_named(site), pattern, made_by=made_by, period=period)
    out.write_text(made.text, encoding="utf-8", newline="\n")
    for why, count in sorted(made.excluded.items()):
        typer.echo(f"Excluded: {count} {why}", err=True)
    typer.echo(_checked(parse_profile(made.text.encode(), out.name)))


def _checked(profile: "Profile") -> str:
    factors = sum(len(family.factors) for family in profile.families)
    may = "may" if profile.rules.may_support else "may not"
    return (
        f"{profile.id}: {len(profile.strata)} strata, {len(profile.families)} families, {factors} factors; it can be "
        f"used and {may} return supports. SHA-256 {profile.sha256}"
    )
