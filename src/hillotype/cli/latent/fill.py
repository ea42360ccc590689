"""`hillotype latent fill`: what is missing of pictures, filled in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.latent.options import AsJson, Out, Seed, report
from hillotype.cli.latent.page import is_page, scale_of, write_page
from hillotype.cli.progress import WorkDisplay
from hillotype.cli.text import printable
from hillotype.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from hillotype.latent.fill import Filler, Known
    from hillotype.train.trained import Floats, Trained

_FITTED = 10_000  # training pictures that PCA and a projection are fitted to, at most
_SHOWN = 12


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(fill)


def fill(
    run: Annotated[
        Path,
        typer.Argument(
            metavar="RUN", help="The run folder of an autoencoder, or of a model trained to inpaint.", readable=False
        ),
    ],
    out: Out,
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PICTURE", help="Numbers of pictures in the run's test split, or files; the split if none."
        ),
    ] = None,
    missing: Annotated[
        str, typer.Option(metavar="WHAT", help="pixels, block or scratches; or a picture file, black what is missing.")
    ] = "pixels",
    share: Annotated[
        float | None, typer.Option(help="Of a picture that is missing; 0.5 of pixels, 0.25 block, 0.15 scratches.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Test pictures to fill in; the error is their mean.")] = _SHOWN,
    other: Annotated[
        Path | None, typer.Option("--with", metavar="RUN2", help="Another run, such as one trained to inpaint.")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Fill in missing pixels, by an autoencoder or a model trained for it, beside the mean picture and PCA.

    **Example:** `hillotype latent fill runs/mnist-ae -o filled.png --missing block`

    **Example:** `hillotype latent fill runs/mnist-ae -o filled.html --count 500 --with runs/mnist-fill`

    **Example:** `hillotype latent fill runs/mnist-ae 20 my-seven.png -o filled.png --missing mask.png`

    An autoencoder fills in with the nearest picture that it can draw. Known pixels stay as they are. At most 12
    pictures are shown; the file is a page if its name ends in .html.
    """
    with needs_train_extra():
        import numpy as np

        from hillotype.latent.fill import mark, missing_error
        from hillotype.latent.pictures import is_number, read_pictures, read_split
        from hillotype.latent.sheet import check_name, write_sheet
        from hillotype.pages import grid, score_table, spread, text
        from hillotype.train.trained import open_run as open_trained

    page = is_page(out)
    if not page:
        check_name(out, beside=[Path(missing), *(Path(each) for each in pictures or () if not is_number(each))])
    trained = open_trained(run)
    given = read_pictures(trained.run, pictures) if pictures else read_split(trained.run, "test", count)
    known = _make_mask(missing, share, given.pixels, np.random.default_rng(seed))
    answers = {}
    with WorkDisplay() as display:
        for name, filler in _fillers(_side_by_side(trained, other)).items():
            display.say(f"filling in {len(given):,} pictures by {name}")
            answers[name] = filler(given.pixels, known)
    errors = {name: missing_error(answer, given.pixels, known) for name, answer in answers.items()}
    means = {name: float(each.mean()) for name, each in errors.items()}
    rows = {"truth": given.pixels, "seen": mark(given.pixels, known)}
    rows = spread(rows | {f"{name}, MSE {means[name]:.4f}": answer for name, answer in answers.items()}, _SHOWN)
    lost = float(1 - known.mean())
    if page:
        caption = (
            f"MSE per missing element, {lost:.0%} missing ({missing}), mean of {len(given):,} pictures, seed {seed}."
        )
        shown = grid(rows, "Missing pixels are blue; known ones stay as they are.", scale=scale_of(given.pixels))
        advice = text("A mean, PCA or a plain net cannot know what is gone: it gives what is likely, not what was.")
        write_page(out, f"Filled in by {trained.name}", [score_table(errors, caption), shown, advice])
    else:
        write_sheet(list(rows.items()), out)
    numbers = {
        "missing": missing,
        "missing_share": lost,
        "seed": seed,
        "pictures": given.names,
        "mse": means,
        "mse_by_picture": {name: each.tolist() for name, each in errors.items()},
    }
    report(out, f"{len(given)} pictures, {lost:.0%} missing ({missing})", numbers, as_json=as_json)
    for name, mean in () if as_json else means.items():
        typer.echo(printable(f"{name}: MSE {mean:.5f} per missing element"))


def _make_mask(missing: str, share: float | None, pictures: Floats, rng: np.random.Generator) -> Known:
    from hillotype.latent.fill import KINDS, make_mask, read_mask

    count, _, height, width = pictures.shape
    if missing in KINDS or not Path(missing).exists():
        return make_mask(missing, count, height, width, KINDS.get(missing, 0.5) if share is None else share, rng)
    if share is not None:
        raise RecipeError("--share: a mask from a file says itself what is missing; leave one of them out")
    return read_mask(Path(missing), count, height, width)


def _side_by_side(trained: Trained, folder: Path | None) -> list[Trained]:
    """A run and the one in a folder, if given, once it is sure that it is another and takes the same pictures."""
    from hillotype.train.trained import open_run as open_trained

    if folder is None:
        return [trained]
    other = open_trained(folder)
    if folder.samefile(trained.folder):
        raise RecipeError(f"--with {folder}: is the run that is given first; give another")
    sizes = [(each.run.data.augment.crop, each.run.data.gray) for each in (trained, other)]
    if sizes[0] != sizes[1]:
        raise RecipeError(f"--with {folder}: takes other pictures than {trained.folder} (side, gray); give one alike")
    if other.name == trained.name:  # two runs of one recipe: their folders tell them apart
        return [replace(each, name=str(each.folder)) for each in (trained, other)]
    return [trained, other]


def _fillers(models: Sequence[Trained]) -> dict[str, Filler]:
    """What fills in: the mean picture and PCA of the first run's training pictures, and each run in its own way."""
    from functools import partial

    from hillotype.latent.coder import open_coder
    from hillotype.latent.fill import ComponentsFill, ProjectionFill, fill_with_mean, fill_with_model
    from hillotype.latent.pictures import read_split
    from hillotype.tasks import Inpaint

    train = read_split(models[0].run, "train", _FITTED).pixels
    fillers: dict[str, Filler] = {
        "mean picture": partial(fill_with_mean, train.mean(axis=0)),
        "PCA": ComponentsFill.fit(train),
    }
    for each in models:
        if isinstance(each.task, Inpaint):
            fillers[f"{each.name}, inpainting"] = partial(fill_with_model, each)
        else:
            fillers[f"{each.name}, projection"] = ProjectionFill.fit(open_coder(each), train)
    return fillers
