"""What ``--with-uncompressed`` adds to a run: the same training without compression."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.cli.displays.output import say
from fedras.config import Config

if TYPE_CHECKING:
    from fedras.data import Interactions
    from fedras.run.folder import RunFolder

WithUncompressed = Annotated[
    bool,
    typer.Option("--with-uncompressed", help="Train without compression, too, in this process."),
]


def with_uncompressed(
    summary: dict[str, Any],
    folder: "RunFolder | None",
    config: Config,
    interactions: "Interactions",
    quiet: bool,
) -> dict[str, Any]:
    """Train once more, without compression; return the summary with what that reaches.

    Parameters
    ----------
    summary, folder
        The content of ``summary.json``, and where it is kept.
    config, interactions
        Of the run.
    quiet
        Whether to show no progress.
    """
    from fedras.cli.displays.training import watched  # noqa: PLC0415 -- slow to import
    from fedras.run.uncompressed import section, uncompressed_run  # noqa: PLC0415

    if "uncompressed" in summary:
        return summary
    say("once more, without compression")
    run = uncompressed_run(config, interactions)
    with watched(run, quiet) as show:
        for result in run.rounds():
            show(result)
    summary = summary | {"uncompressed": section(run)}
    if folder is not None:
        folder.write_summary(summary)
    return summary
