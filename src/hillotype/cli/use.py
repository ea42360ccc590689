"""`hillotype colorize`, `denoise` and `restore`: pictures and films in, better ones out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.durations import seconds
from hillotype.cli.request import Engine, Request, run
from hillotype.devices import VARIABLE, Device

if TYPE_CHECKING:
    from hillotype.restore.wishes import Wishes

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH",
        help="Pictures, films, or folders of them (searched in depth), here or as s3://, gs://.",
        readable=False,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Folder for the results, here or as s3://, gs://; or, for a single picture or film, the file.",
    ),
]
Strength = Annotated[float, typer.Option(min=0.0, max=1.0, help="How much of the effect: 0 none, 1 all.")]
ChromaStrength = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        max=1.0,
        help="How much of the noise of the colors, where a color picture is denoised; as --strength if not given.",
        show_default=False,
    ),
]
ModelName = Annotated[
    str | None, typer.Option("--model", help="A model of `hillotype models`, or a model file.", show_default=False)
]
DenoiserName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="`denoise` is clearer, usual for pictures; `denoise-fast` quicker, usual for films. Or a model of "
        "`hillotype models`, or a model file.",
        show_default=False,
    ),
]
RestorerName = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="How to denoise: `restore` is clearer, usual for pictures; `restore-fast` quicker, usual for films.",
        show_default=False,
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Make all again, and replace what stands where a result goes.")
]
MaxPixels = Annotated[
    int | None,
    typer.Option(min=1, help="Refuse pictures of more pixels than this (178 million by default).", show_default=False),
]
Preview = Annotated[
    float | None,
    typer.Option(
        parser=seconds,
        metavar="TIME",
        help="Of films make only this much, from a third on, under a name of its own: `10s`, `90`, `1m30s`.",
        show_default=False,
    ),
]
WithPage = Annotated[bool, typer.Option("--page", help="Write index.html beside the results: before and after.")]
Hints = Annotated[
    list[str] | None,
    typer.Option(
        "--hint",
        metavar="X,Y,COLOR",
        help="A color at a point, in pixels or percent from the upper left, as 120,80,#2f6b3a or 40%,15%,darkgreen. "
        "It fills the thing it lies on. Give as many as you like, for a single picture.",
        show_default=False,
    ),
]
Vividness = Annotated[
    float,
    typer.Option(min=0.0, max=4.0, help="How vivid the guessed colors are: 1 as guessed, 0 gray, 3.5 as photographs."),
]
Like = Annotated[
    Path | None,
    typer.Option(
        "--like",
        help="A color picture, toward whose colors the guessed ones move.",
        readable=False,  # what may not be read is said as of all files
        show_default=False,
    ),
]
Certainty = Annotated[
    Path | None,
    typer.Option(
        help="For a single picture: a PNG to write as well, white where its colors are known, black where guessed.",
        show_default=False,
    ),
]
EngineName = Annotated[
    Engine,
    typer.Option(
        "--engine", help="What works: all cores of this computer (plain), or a cluster (ray): docs/clusters.md."
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        help="The Ray cluster of --engine ray; by default that in RAY_ADDRESS, else Ray is started here. The pictures "
        "travel: no folder need be shared.",
        show_default=False,
    ),
]
DeviceName = Annotated[
    Device,
    typer.Option(
        "--device",
        envvar=VARIABLE,
        help="What computes; auto is the processor, in the fastest way that is installed: docs/speed.md.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the results as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (restore, colorize, denoise):
        app.command()(command)


def restore(
    paths: Paths,
    out: Out,
    strength: Strength = 1.0,
    chroma_strength: ChromaStrength = None,
    hint: Hints = None,
    vividness: Vividness = 1.0,
    like: Like = None,
    model: RestorerName = None,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    preview: Preview = None,
    page: WithPage = False,
    engine: EngineName = Engine.plain,
    address: Address = None,
    device: DeviceName = Device.auto,
    as_json: AsJson = False,
) -> None:
    """Do what each picture or film needs: color a gray one, denoise a noisy one, copy the others.

    **Example:** `hillotype restore album/ -o restored/ --page`

    Format, size, depth, transparency, date and place are kept. The originals are never changed. Stopped or killed, the
    same command goes on where it was; run again, it does only what is new or changed.
    """
    request = Request(paths, out, strength, overwrite, max_pixels, preview, page, engine, address, device, as_json)
    run("restore", model, replace(request, chroma_strength=chroma_strength), _wishes(hint, vividness, like))


def colorize(
    paths: Paths,
    out: Out,
    strength: Strength = 1.0,
    hint: Hints = None,
    vividness: Vividness = 1.0,
    like: Like = None,
    certainty: Certainty = None,
    model: ModelName = None,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    preview: Preview = None,
    page: WithPage = False,
    engine: EngineName = Engine.plain,
    address: Address = None,
    device: DeviceName = Device.auto,
    as_json: AsJson = False,
) -> None:
    """Give pictures and films color; the colors are guesses, the lightness stays as it is.

    **Example:** `hillotype colorize grandmother.jpg -o grandmother-color.jpg --strength 0.8`

    Colors that a picture has already are replaced. In films the color is kept steady; sound and subtitles are copied.
    The originals are never changed; run again, it does only what is new or changed.
    """
    request = Request(paths, out, strength, overwrite, max_pixels, preview, page, engine, address, device, as_json)
    run("colorize", model, replace(request, certainty=certainty), _wishes(hint, vividness, like))


def denoise(
    paths: Paths,
    out: Out,
    strength: Strength = 1.0,
    chroma_strength: ChromaStrength = None,
    model: DenoiserName = None,
    overwrite: Overwrite = False,
    max_pixels: MaxPixels = None,
    preview: Preview = None,
    page: WithPage = False,
    engine: EngineName = Engine.plain,
    address: Address = None,
    device: DeviceName = Device.auto,
    as_json: AsJson = False,
) -> None:
    """Take the noise out of pictures and films; how much there is need not be known.

    **Example:** `hillotype denoise night/*.jpg -o clean/ --strength 0.6 --chroma-strength 1`

    With less strength more of the grain stays. Films are denoised by the quicker model, unless you choose.
    The originals are never changed; run again, it does only what is new or changed.
    """
    request = Request(paths, out, strength, overwrite, max_pixels, preview, page, engine, address, device, as_json)
    run("denoise", model, replace(request, chroma_strength=chroma_strength))


def _wishes(hints: list[str] | None, vividness: float, like: Path | None) -> Wishes:
    from hillotype.pictures import read_picture
    from hillotype.pictures.profiles import in_srgb
    from hillotype.restore.hints import read_hint
    from hillotype.restore.palette import palette_of
    from hillotype.restore.wishes import Wishes

    palette = None if like is None else palette_of(in_srgb(read_picture(like)), f"--like {like}")
    return Wishes(tuple(read_hint(text) for text in hints or ()), vividness, palette)
