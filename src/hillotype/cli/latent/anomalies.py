"""`hillotype latent anomalies`: pictures unlike those that an autoencoder was trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.latent.options import AsJson, Out, RunFolder, Seed, open_run, report
from hillotype.cli.latent.page import check_page_name, scale_of, write_page
from hillotype.cli.progress import WorkDisplay
from hillotype.cli.text import printable
from hillotype.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from hillotype.latent.anomaly import Score, Scores
    from hillotype.latent.coder import Coder
    from hillotype.latent.pictures import Pictures
    from hillotype.pages import Html
    from hillotype.train.trained import Floats

_FITTED, _VALIDATED = 10_000, 3000  # training and validation pictures that are looked at, at most
_SHOWN = 12
_LISTED = 200  # rows of a page's list; --json has all


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(anomalies)


def anomalies(
    run: RunFolder,
    out: Out,
    data: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Pictures to look for strange ones among, as folder:album.")
    ] = None,
    normal: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="With --strange: normal pictures; else the run's test split.")
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

    check_page_name(out)
    if (data is None) == (strange is None) or (normal is not None and strange is None):
        raise RecipeError(
            "anomalies: give --strange SOURCE (and --normal SOURCE) to measure, or --data SOURCE to search, not both"
        )
    trained, coder = open_run(run)
    with WorkDisplay() as display:
        asked = read_source(trained.run, data or strange or "")
        usual = None if data else read_source(trained.run, normal) if normal else read_split(trained.run, "test")
        train, validation = read_split(trained.run, "train", _FITTED), read_split(trained.run, "validation", _VALIDATED)
        scores = fit_scores(coder, train.pixels, validation.pixels, seed)
        if by not in scores:
            raise RecipeError(f"--by {by}: no score of this model; use one of {'; '.join(scores)}")
        display.say(f"scoring {len(asked) + len(usual or ()):,} pictures")
        if usual is None:
            body, numbers, lines = _search(coder, asked, scores[by], validation, share)
            title, summary = f"Strange pictures in {data}", f"{len(lines)} of {len(asked)} pictures are strange"
        else:
            body, numbers, lines = _measure(coder, usual, asked, scores, by, validation, share)
            title, summary = f"{strange} to {trained.name}", f"{len(usual)} normal pictures, {len(asked)} strange"
    write_page(out, title, body)
    report(out, summary, {"by": by, "share": share, "seed": seed, **numbers}, as_json=as_json)
    for line in () if as_json else lines:
        typer.echo(printable(line))


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
    return grid(both, "Each row with what the autoencoder makes of it below.", scale=scale_of(first))
