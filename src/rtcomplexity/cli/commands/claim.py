"""``rtcomplexity claim``: the claim information file, for what no plan file shows."""

import typer

app = typer.Typer(no_args_is_help=True)


@app.callback()
def describe() -> None:
    """Make the claim information file, for what no plan file shows.

    Example: rtcomplexity claim new > claim.toml
    """


@app.command()
def new() -> None:
    """Print a claim file with every line commented out; nothing in it is filled in.

    Example: rtcomplexity claim new > claim.toml
    """
    from rtcomplexity.scoring.claim_file import TEMPLATE

    typer.echo(TEMPLATE, nl=False)
