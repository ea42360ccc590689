"""`hillotype latent map`, `anomalies` and `fill`: what codes tell of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.latent.options import AsJson, Out, RunFolder, Seed, open_run, report
from hillotype.cli.text import printable
from hillotype.errors import DataError, RecipeError
from hillotype.files import make_folder, write_whole, writing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from matplotlib.axes import Axes

    from hillotype.latent.anomaly import Score, Scores
    from hillotype.latent.coder import Coder
    from hillotype.latent.fill import Filler, Known
    from hillotype.latent.pictures import Pictures
    from hillotype.pages import Html
    from hillotype.train.trained import Floats, Trained

_FITTED, _VALIDATED = 10_000, 3000  # training and validation pictures that are looked at, at most
_PER_SIDE = 15
_SHOWN = 12
_LISTED = 200  # rows of a page's list; --json has all
_MOST_CLASSES = 20  # that colors and a legend can tell apart
_PAGES = (".html", ".htm")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("map")(map_codes)
    app.command()(anomalies)
    app.command()(fill)


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

    _check_page_name(out)
    trained, coder = open_run(run)
    train, test = read_split(trained.run, "train", _FITTED), read_split(trained.run, "test", count)
    components = Coder.pca(train.pixels, coder.size)
    codes, known = coder.encode(test.pixels), coder.encode(train.pixels)
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
    _write_page(out, f"Map of {trained.name}", body)
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


def anomalies(
    run: RunFolder,
    out: Out,
    data: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Pictures to look for strange ones among, as folder:album.")
    ] = None,
    normal: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="With --strange: normal pictures; the run's test split if not.")
    ] = None,
    strange: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Strange pictures, to measure how well they are told.")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="SCORE", help="Which score ranks the pictures that are shown.")
    ] = "latent, corrected",
    share: Annotated[
        float,
        typer.Option(min=0.0001, max=0.9999, help="Share of the run's validation pictures above the threshold."),
    ] = 0.05,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Find strange pictures, or measure how well they are found.

    **Example:** `hillotype latent anomalies runs/mnist-without-7 -o sevens.html --strange mnist/test/7`

    **Example:** `hillotype latent anomalies runs/ships -o planes.html --normal cifar10/test/ship --strange
    cifar10/test/airplane`

    **Example:** `hillotype latent anomalies runs/mnist-without-7 -o album.html --data folder:album --share 0.01`

    With --strange: the ROC curve and the area under it, of every score. With --data: the pictures above the threshold,
    strangest first. The run is to be trained on normal pictures; the scores are reconstruction error, relative error
    (the share of a picture's variance that is lost), PCA error, several of how unlikely the code is, reconstruction
    probability (of a VAE), and combined: relative error and the code's, corrected by contrast.
    """
    with needs_train_extra():
        from hillotype.latent.anomaly import fit_scores
        from hillotype.latent.pictures import read_source, read_split

    _check_page_name(out)
    if (data is None) == (strange is None) or (normal is not None and strange is None):
        raise RecipeError(
            "anomalies: give --strange SOURCE (and --normal SOURCE) to measure, or --data SOURCE to search, not both"
        )
    trained, coder = open_run(run)
    asked = read_source(trained.run, data or strange or "")
    usual = None if data else read_source(trained.run, normal) if normal else read_split(trained.run, "test")
    train, validation = read_split(trained.run, "train", _FITTED), read_split(trained.run, "validation", _VALIDATED)
    scores = fit_scores(coder, train.pixels, validation.pixels, seed)
    if by not in scores:
        raise RecipeError(f"--by {by}: no score of this model; use one of {', '.join(scores)}")
    if usual is None:
        body, numbers, lines = _search(coder, asked, scores[by], validation, share)
        title, summary = f"Strange pictures in {data}", f"{len(lines)} of {len(asked)} pictures are strange"
    else:
        body, numbers, lines = _measure(coder, usual, asked, scores, by, validation, share)
        title, summary = f"{strange} to {trained.name}", f"{len(usual)} normal pictures, {len(asked)} strange"
    _write_page(out, title, body)
    report(out, summary, {"by": by, "share": share, "seed": seed, **numbers}, as_json=as_json)
    for line in () if as_json else lines:
        typer.echo(printable(line))


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
            metavar="[PICTURE]...", help="Numbers of pictures in the run's test split, or files; the split if none."
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

    page = out.suffix.lower() in _PAGES
    if not page:
        check_name(out, beside=[Path(each) for each in pictures or () if not is_number(each)])
    trained = open_trained(run)
    given = read_pictures(trained.run, pictures) if pictures else read_split(trained.run, "test", count)
    known = _make_mask(missing, share, given.pixels, np.random.default_rng(seed))
    answers = {
        name: filler(given.pixels, known) for name, filler in _fillers([trained, *_beside(trained, other)]).items()
    }
    errors = {name: missing_error(answer, given.pixels, known) for name, answer in answers.items()}
    means = {name: float(each.mean()) for name, each in errors.items()}
    rows = {"truth": given.pixels, "seen": mark(given.pixels, known)}
    rows = spread(rows | {f"{name}, MSE {means[name]:.4f}": answer for name, answer in answers.items()}, _SHOWN)
    lost = float(1 - known.mean())
    if page:
        caption = (
            f"MSE per missing element, {lost:.0%} missing ({missing}), mean of {len(given):,} pictures, seed {seed}."
        )
        shown = grid(rows, "Missing pixels are blue; known ones stay as they are.", scale=_scale(given.pixels))
        advice = text("A mean, PCA or a plain net cannot know what is gone: it gives what is likely, not what was.")
        _write_page(out, f"Filled in by {trained.name}", [score_table(errors, caption), shown, advice])
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
        scale=_scale(drawn, 42),
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


def _search(
    coder: Coder, asked: Pictures, score: Score, validation: Pictures, share: float
) -> tuple[list[Html], dict[str, object], list[str]]:
    """Ranks pictures: pieces of a page, numbers, and a line for each that is strange."""
    import numpy as np

    from hillotype.latent.anomaly import threshold
    from hillotype.pages import plot, table, text

    usual, scores = score(validation.pixels), score(asked.pixels)
    limit = threshold(usual, share)
    order = np.argsort(-scores, kind="stable")
    ranked = [(asked.names[index], float(scores[index])) for index in order]
    strange = [(name, value) for name, value in ranked if value > limit]

    def draw(axes: Axes) -> None:
        bins = np.histogram_bin_edges(np.concatenate([usual, scores]), 60).tolist()
        for name, values in (("validation pictures", usual), ("these pictures", scores)):
            axes.hist(values, bins, weights=np.full(len(values), 1 / len(values)), alpha=0.6, label=name)
        axes.axvline(limit, color="C3", label="threshold")
        axes.set(xlabel="score, the larger the stranger", ylabel="share of pictures")
        axes.legend(fontsize="small", frameon=False)

    words = (
        f"{len(strange)} of {len(asked)} pictures have a score above {limit:.4g}, as {share:.1%} of "
        f"{len(validation):,} normal validation pictures do: about {share * len(asked):.0f} would be called strange if "
        "all were normal."
    )
    body = [
        text(words),
        _strip(coder, {"strangest": asked.pixels[order[:_SHOWN]], "least strange": asked.pixels[order[-_SHOWN:]]}),
        plot(draw, "Where the scores lie."),
        table(["picture", "score"], strange[:_LISTED], f"The strange ones, at most {_LISTED} of them."),
    ]
    numbers = {
        "threshold": limit,
        "pictures": [{"name": name, "score": value, "strange": value > limit} for name, value in ranked],
    }
    return body, numbers, [f"{name}: {value:.4g}" for name, value in strange]


def _measure(
    coder: Coder,
    usual: Pictures,
    asked: Pictures,
    scores: Mapping[str, Score],
    by: str,
    validation: Pictures,
    share: float,
) -> tuple[list[Html], dict[str, object], list[str]]:
    """Measures every score: pieces of a page, numbers, and a line for each score."""
    import numpy as np

    from hillotype.latent.anomaly import area, threshold
    from hillotype.pages import plot, table

    pairs = {name: (score(usual.pixels), score(asked.pixels)) for name, score in scores.items()}
    areas = {name: area(*pair, np.random.default_rng(0)) for name, pair in pairs.items()}
    limits = {name: threshold(score(validation.pixels), share) for name, score in scores.items()}
    found = {name: tuple(float((each > limits[name]).mean()) for each in pair) for name, pair in pairs.items()}
    rows = [
        [name, each.value, f"{each.low:.3f} to {each.high:.3f}", f"{found[name][1]:.1%}", f"{found[name][0]:.1%}"]
        for name, each in areas.items()
    ]
    caption = (
        f"Area under the ROC curve of {len(usual):,} normal and {len(asked):,} strange pictures, with its 95% interval "
        f"by bootstrap over pictures; and the shares above the threshold, which {share:.1%} of {len(validation):,} "
        "other normal pictures pass."
    )
    body = [
        table(["score", "AUC", "95% interval", "strange ones found", "normal ones accused"], rows, caption),
        plot(lambda axes: _draw_roc(axes, pairs), "ROC curves.", size=(6, 5)),
        _strip(coder, _extremes({"strange": asked.pixels, "normal": usual.pixels}, pairs[by][::-1])),
    ]
    numbers = {
        "normal": len(usual),
        "strange": len(asked),
        "scores": {
            name: {
                "auc": each.value,
                "interval": [each.low, each.high],
                "threshold": limits[name],
                "found": found[name][1],
                "accused": found[name][0],
            }
            for name, each in areas.items()
        },
    }
    lines = [f"{name}: AUC {each.value:.3f} ({each.low:.3f} to {each.high:.3f})" for name, each in areas.items()]
    return body, numbers, lines


def _draw_roc(axes: Axes, pairs: Mapping[str, tuple[Scores, Scores]]) -> None:
    from hillotype.latent.anomaly import roc

    for name, pair in pairs.items():
        axes.plot(*roc(*pair), label=name, linewidth=1.2)
    axes.plot([0, 1], [0, 1], ":", color="gray", label="chance")
    axes.set(xlabel="share of normal pictures accused", ylabel="share of strange pictures found", aspect="equal")
    axes.legend(fontsize="small", frameon=False)


def _extremes(groups: Mapping[str, Floats], scores: Sequence[Scores]) -> dict[str, Floats]:
    """The strangest and the least strange pictures of each group."""
    rows = {}
    for (name, pictures), values in zip(groups.items(), scores, strict=True):
        order = (-values).argsort(kind="stable")
        rows[f"{name}, strangest"] = pictures[order[:_SHOWN]]
        rows[f"{name}, least strange"] = pictures[order[-_SHOWN:]]
    return rows


def _strip(coder: Coder, rows: Mapping[str, Floats]) -> Html:
    """Rows of pictures, each above what the autoencoder makes of it."""
    from hillotype.pages import grid

    both: dict[str, Floats] = {}
    for name, pictures in rows.items():
        both |= {name: pictures, f"{name}: as coded": coder.reconstruct(pictures)}
    first = next(iter(rows.values()))
    return grid(both, "Each row with what the autoencoder makes of it below.", scale=_scale(first))


def _make_mask(missing: str, share: float | None, pictures: Floats, rng: np.random.Generator) -> Known:
    from hillotype.latent.fill import KINDS, make_mask, read_mask

    count, _, height, width = pictures.shape
    if missing in KINDS or not Path(missing).exists():
        return make_mask(missing, count, height, width, KINDS.get(missing, 0.5) if share is None else share, rng)
    if share is not None:
        raise RecipeError("--share: a mask from a file says itself what is missing; leave one of them out")
    return read_mask(Path(missing), count, height, width)


def _beside(trained: Trained, folder: Path | None) -> list[Trained]:
    """The run in a folder, if one is given, once it is sure that it takes the same pictures."""
    from hillotype.train.trained import open_run as open_trained

    if folder is None:
        return []
    other = open_trained(folder)
    sizes = [(each.run.data.augment.crop, each.run.data.gray) for each in (trained, other)]
    if sizes[0] != sizes[1]:
        raise RecipeError(f"--with {folder}: takes other pictures than {trained.folder} (side, gray); give one alike")
    return [other]


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


def _flat(pictures: Floats) -> np.ndarray:
    return pictures.reshape(len(pictures), -1)


def _scale(pictures: Floats, side: int = 56) -> int:
    """By how much small pictures are enlarged, to about `side` pixels."""
    return max(1, side // int(max(pictures.shape[2:])))


def _check_page_name(out: Path) -> None:
    if out.suffix.lower() not in _PAGES:
        raise RecipeError(f"{out}: a page is written; let its name end in .html")


def _write_page(out: Path, title: str, body: Sequence[Html]) -> None:
    from hillotype.pages import shell

    make_folder(out.parent)
    with writing(out):
        write_whole([shell(title, "\n".join(body)).encode()], out, overwrite=True)
