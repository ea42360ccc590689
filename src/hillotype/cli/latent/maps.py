"""`hillotype latent map`: where the codes of pictures lie, and how far classes are apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.latent.options import AsJson, Out, RunFolder, Seed, open_run, report
from hillotype.cli.latent.page import check_page_name, scale_of, write_page
from hillotype.cli.progress import WorkDisplay
from hillotype.cli.text import printable
from hillotype.errors import DataError, RecipeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from hillotype.latent.pictures import Pictures
    from hillotype.pages import Html
    from hillotype.train.trained import Floats

_FITTED = 10_000  # training pictures that are looked at, at most
_PER_SIDE = 15
_MOST_CLASSES = 20  # that colors and a legend can tell apart


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command("map")(map_codes)


def map_codes(
    run: RunFolder,
    out: Out,
    how: Annotated[
        str, typer.Option(help="How codes become two numbers: pca, or tsne, which keeps neighbors together.")
    ] = "pca",
    count: Annotated[int, typer.Option(min=3, max=100_000, help="Test pictures on the map, at most.")] = 3000,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Map the codes of the test pictures: where they lie, what the plane decodes to, how far classes are apart.

    **Example:** `hillotype latent map runs/mnist-vae -o map.html`

    **Example:** `hillotype latent map runs/mnist-ae -o map.html --how tsne --count 2000`

    The page has a scatter of the codes in the colors of their classes, the folders that the pictures lie in; a grid
    of pictures from the plane of the two strongest axes; and the separation of the classes beside that of PCA with as
    many numbers and of the bare pixels.
    """
    with needs_train_extra():
        import numpy as np

        from hillotype.latent.coder import Coder
        from hillotype.latent.maps import manifold, project
        from hillotype.latent.pictures import read_split

    check_page_name(out)
    trained, coder = open_run(run)
    train, test = read_split(trained.run, "train", _FITTED), read_split(trained.run, "test", count)
    components = Coder.pca(train.pixels, coder.size)
    codes, known = coder.encode(test.pixels), coder.encode(train.pixels)
    with WorkDisplay() as display:
        display.say(f"placing {len(test):,} test pictures by {how}")
        places = project(codes, how, np.random.default_rng(seed))
    spaces = {
        f"{coder.name}, {coder.size} numbers": (known, codes),
        f"PCA, {components.size} numbers": (components.encode(train.pixels), components.encode(test.pixels)),
        f"pixels, {test.pixels[0].size} numbers": (_flat(train.pixels), _flat(test.pixels)),
    }
    apart, why_not = _separation(spaces, train, test)
    plain = spaces[f"PCA, {components.size} numbers"][1][:, :2]
    drawn = coder.decode(manifold(coder, codes, _PER_SIDE))
    body = _map_page(_colors(test), {f"{coder.name}, {how}": places, "PCA": plain}, drawn)
    body += _separation_page(apart, why_not, len(train), len(test))
    write_page(out, f"Map of {trained.name}", body)
    numbers = {
        "how": how,
        "seed": seed,
        "count": len(test),
        "separation": {name: {"neighbors": right, "silhouette": s} for name, (right, s) in apart.items()},
        "pictures": [{"name": name, "place": at} for name, at in zip(test.names, places.tolist(), strict=True)],
    }
    report(out, f"{len(test):,} test pictures, {how}", numbers, as_json=as_json)
    if not as_json:
        for name, (right, silhouette) in apart.items():
            typer.echo(printable(f"{name}: {right:.1%} right by 5 neighbors, silhouette {silhouette:.3f}"))


def _separation(
    spaces: Mapping[str, tuple[np.ndarray, np.ndarray]], train: Pictures, test: Pictures
) -> tuple[dict[str, tuple[float, float]], str]:
    """How far classes are apart in each space, or why that cannot be told."""
    from hillotype.latent.maps import separation

    try:
        known, asked = train.labels, test.labels
        return {name: separation(a, known, b, asked) for name, (a, b) in spaces.items()}, ""
    except (DataError, RecipeError) as error:
        return {}, str(error)


def _colors(pictures: Pictures) -> list[str]:
    """The class of each, unless there are none, or more than can be told apart."""
    try:
        labels = pictures.labels
    except DataError:
        return ["no class"] * len(pictures)
    classes = len(set(labels))
    return labels if classes <= _MOST_CLASSES else [f"{classes} classes"] * len(pictures)


def _map_page(labels: Sequence[str], maps: Mapping[str, np.ndarray], drawn: Floats) -> list[Html]:
    from hillotype.pages import grid, scatter

    rows = {
        f"{(_PER_SIDE - row - 0.5) / _PER_SIDE:.0%}": drawn[row * _PER_SIDE : (row + 1) * _PER_SIDE]
        for row in range(_PER_SIDE)
    }
    pictures = grid(
        rows,
        "What the plane decodes to: the strongest axis of the codes to the right, the second upward (the two numbers "
        "themselves if a VAE has two), equal shares of the codes between lines.",
        scale=scale_of(drawn, 42),
        most=_PER_SIDE,
    )
    scatters = [scatter(places, labels, f"Test pictures by {name}.") for name, places in maps.items()]
    return [*scatters, pictures]


def _separation_page(apart: Mapping[str, tuple[float, float]], why_not: str, known: int, asked: int) -> list[Html]:
    from hillotype.pages import table, text

    if not apart:
        return [text(f"How far classes are apart was not measured. {why_not}")]
    rows = [[name, f"{right:.1%}", silhouette] for name, (right, silhouette) in apart.items()]
    caption = (
        f"Share of {asked:,} test pictures whose class the majority of their 5 nearest neighbors among {known:,} "
        "training pictures has; silhouette of at most 2,000 test pictures, 1 is best apart. Nothing here was told the "
        "classes."
    )
    return [table(["code", "right by 5 neighbors", "silhouette"], rows, caption)]


def _flat(pictures: Floats) -> np.ndarray:
    return pictures.reshape(len(pictures), -1)
