"""`hf-causal intervene`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

INTERVENE_HELP = """
Compare what is seen with what would be done: P(Y | X) with P(Y | do X), for objects in images.

Where a toilet is, a person seldom is: bathrooms make toilets likely and persons unlikely. P(person | toilet) counts
that in. P(person | do toilet) asks how often a person is there if a toilet is put into any image, whatever its scene:
each scene weighs as much as it has images, not as much as it has toilets. That is the backdoor adjustment
sum_z P(Y | X, z) P(z), here over scenes z or, as VC R-CNN does, over the other objects of an image.

SOURCE is `scenes`, images that are generated from a system whose true effects are known; a folder that
`hf-causal build scenes` wrote, or its id on the Hub; or any JSON file of instances as COCO has them (`images`,
`annotations`, `categories`). Shown are the pairs that change most, with 95 % intervals from resampled images, beside
the truth where it is known. Adjusting gives the true effect where z blocks every common cause and Y does not cause X;
the last column says whether X has an effect on Y in the system, and which way.

Examples:

    hf-causal intervene scenes

    hf-causal intervene scenes --confounding 0 --pairs 5

    hf-causal intervene scenes --config published --pair "toilet,person" --pair "hair drier,sink"

    hf-causal intervene instances_train2017.json --plot pairs.png --json pairs.json

    hf-causal intervene instances_train2017.json --confounder supercategory --bootstrap 200

    hf-causal build scenes --out data/scenes && hf-causal intervene data/scenes --config strong
"""


def intervene(
    source: Annotated[str, typer.Argument(help="`scenes`, a built folder, or a COCO-style JSON file.")],
    config: Annotated[
        str, typer.Option(help="Of scenes: `default`, `strong`, `unconfounded`, `published`.")
    ] = "default",
    confounder: Annotated[
        str | None,
        typer.Option(
            help="What to adjust for: `scene`, `objects`, and for JSON also `supercategory` or any field of its "
            "images. The scene where there is one when not given, otherwise the other objects."
        ),
    ] = None,
    pair: Annotated[
        list[str] | None, typer.Option(help="A pair as `X,Y`, may be repeated; those that change most when not given.")
    ] = None,
    pairs: Annotated[int, typer.Option(help="How many of those that change most.")] = 10,
    min_images: Annotated[int, typer.Option(help="Images that both objects of such a pair must be in.")] = 20,
    images: Annotated[int | None, typer.Option(help="Images to generate; 20,000 when not given.")] = None,
    confounding: Annotated[
        float | None, typer.Option(help="Strength of the generated scenes, from 0 to 4; 1 is that of `default`.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(help="Resamples of the images for the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the generated system and images, and of the resamples.")] = 0,
    weights: Annotated[
        str, typer.Option(help="`normalised`; `published` leaves P(z) as on the slides, where it does not sum to one.")
    ] = "normalised",
    plot: Annotated[Path | None, typer.Option(help="PNG file for a picture of the pairs.")] = None,
    json_out: Annotated[Path | None, typer.Option("--json", help="File for the table and its bounds.")] = None,
) -> None:
    from hf_causal.systems.interventions.comparison import compare
    from hf_causal.systems.interventions.console import print_pairs
    from hf_causal.systems.interventions.sources import open_source
    from hf_causal.utils.files import write_json
    from hf_causal.utils.report_paths import check_json_report, check_picture

    if json_out:
        check_json_report("--json", json_out, ("source", "confounder", "bootstrap"))
    if plot:
        check_picture("--plot", plot)
    named = [_pair(text) for text in pair] if pair else pairs
    opened = open_source(source, config, confounder, images, confounding, seed)
    rows = compare(opened, named, bootstrap, seed, weights, min_images)
    if json_out:
        about = {
            "source": opened.name,
            "images": len(opened.observations.present),
            "confounder": opened.confounder,
            "weights": weights,
            "bootstrap": bootstrap,
            "seed": seed,
        }
        write_json(json_out, {**about, "pairs": [row.to_dict() for row in rows]})
    print_pairs(opened, rows, weights)
    if plot:
        from hf_causal.systems.interventions.plots import plot_pairs

        typer.echo(f"Picture in {plot_pairs(rows, plot, opened.name)}.")


def _pair(text: str) -> tuple[str, str]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2 or not all(parts):
        raise ValueError(f"`--pair` must be two objects with a comma between them, as 'toilet,person'; got {text!r}")
    return parts[0], parts[1]


def add_commands(app: typer.Typer) -> None:
    """Adds `hf-causal intervene` to the command line."""
    app.command(help=INTERVENE_HELP)(intervene)
