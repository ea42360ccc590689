"""`hillotype latent sample`, `interpolate`, `blend` and `traverse`: new pictures from codes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hillotype.cli.extras import needs_train_extra
from hillotype.cli.latent.options import AsJson, Out, RunFolder, Seed, open_run, report
from hillotype.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hillotype.latent.coder import Coder, Codes
    from hillotype.latent.pictures import Pictures
    from hillotype.train.config import Run
    from hillotype.train.trained import Trained

_FITTED = 5000  # pictures whose codes a prior is fitted to, or a dimension's spread is measured on
_SHOWN_DIMENSIONS = 8
_STEPS, _FRAMES = 9, 30

Chosen = Annotated[
    list[str],
    typer.Argument(
        metavar="PICTURE",
        help="Numbers of pictures in the run's test split, or picture files, prepared as the run's pictures are.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (sample, interpolate, blend, traverse):
        app.command()(command)


def sample(
    run: RunFolder,
    out: Out,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many pictures.")] = 64,
    prior: Annotated[
        str | None,
        typer.Option(
            help="Where codes are drawn from: own (a VAE's), or normal or mixture, fitted to the codes of training "
            "pictures. If it is not given: own for a VAE, else mixture."
        ),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Generate new pictures: decode codes that are drawn from a prior.

    **Example:** `hillotype latent sample runs/mnist-vae -o samples.png`

    **Example:** `hillotype latent sample runs/mnist-ae -o samples.png --prior mixture --seed 1`

    A prior that is fitted takes the codes of at most 5,000 training pictures; a mixture has ten normals.
    """
    with needs_train_extra():
        import numpy as np

        from hillotype.latent.priors import check_prior, fit_prior
        from hillotype.latent.sheet import check_name, square, write_sheet

    check_name(out)
    trained, coder = open_run(run)
    name = prior or ("mixture" if coder.generative is None else "own")
    check_prior(name, coder)
    fitted = np.zeros((0, coder.size), np.float32) if name == "own" else _training_codes(trained.run, coder)
    distribution = fit_prior(name, coder, fitted, seed)
    codes = distribution.sample(count, np.random.default_rng(seed))
    write_sheet(square(coder.decode(codes)), out)
    about = "the model's own prior" if name == "own" else f"a {name} fitted to {len(fitted):,} codes"
    numbers = {
        "prior": name,
        "fitted_to": len(fitted),
        "seed": seed,
        "codes": codes.tolist(),
        "log_density": distribution.log_density(codes).tolist(),
    }
    report(out, f"{count} picture{'s' * (count > 1)} from {about}, seed {seed}", numbers, as_json=as_json)


def interpolate(
    run: RunFolder,
    pictures: Chosen,
    out: Out,
    steps: Annotated[
        int | None,
        typer.Option(min=2, max=200, help=f"Pictures from each to the next; {_STEPS}, or {_FRAMES} in a film."),
    ] = None,
    how: Annotated[
        str, typer.Option(help="linear, or slerp: along an arc about 0, for the codes of a VAE.")
    ] = "linear",
    film: Annotated[bool, typer.Option("--film", help="Write a film though the file ends in .webp.")] = False,
    one_way: Annotated[bool, typer.Option("--one-way", help="A film begins anew at its end, not going back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Walk from picture to picture by way of their codes; the mix of their pixels stands above, to compare.

    **Example:** `hillotype latent interpolate runs/mnist-vae 20 9000 -o walk.png`

    **Example:** `hillotype latent interpolate runs/mnist-vae 20 my-seven.png 9000 -o walk.gif --how slerp`

    A name that ends in .gif makes a film.
    """
    with needs_train_extra():
        import numpy as np

        from hillotype.latent.sheet import write_film, write_sheet
        from hillotype.latent.walk import path

    film = film or out.suffix.lower() == ".gif"
    if one_way and not film:
        raise RecipeError(f"--one-way: is for films, but {out} is a picture; leave it out, or add --film")
    _, coder, given = _open(run, pictures, out, film=film)
    steps = steps or (_FRAMES if film else _STEPS)
    legs = path(coder.encode(given.pixels), steps, how)
    if film:
        codes = np.concatenate([*(leg[:-1] for leg in legs), legs[-1][-1:]])
        write_film(coder.decode(codes), out, there_and_back=not one_way)
    else:
        mixes = path(given.pixels.reshape(len(given), -1), steps)
        rows = []
        for leg, mix in zip(legs, mixes, strict=True):
            rows += [("pixels", mix.reshape(steps, *coder.shape)), (f"codes, {how}", coder.decode(leg))]
        write_sheet(rows, out)
    numbers = {"pictures": given.names, "how": how, "steps": steps, "codes": [leg.tolist() for leg in legs]}
    report(out, f"{steps} steps, {how}, {' to '.join(given.names)}", numbers, as_json=as_json)


def blend(
    run: RunFolder,
    pictures: Chosen,
    out: Out,
    expression: Annotated[
        str | None,
        typer.Option(
            "--as",
            metavar="EXPRESSION",
            help="A sum of the codes, which are called a, b, c in order: `a - b + c`, `0.5*a + 0.5*b`. "
            "If it is not given, the sum of all, as report 003 makes it.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a new picture of a sum of codes, shown below the pictures given and what the model makes of each.

    **Example:** `hillotype latent blend runs/mnist-vae 20 9000 --as "a + b" -o blend.png`

    **Example:** `hillotype latent blend runs/faces smiling.jpg neutral.jpg other.jpg --as "a - b + c" -o smile.png`
    """
    with needs_train_extra():
        from hillotype.latent.sheet import write_sheet
        from hillotype.latent.walk import LETTERS, combine, parse_weights

    if len(pictures) > len(LETTERS):
        raise RecipeError(f"{len(pictures)} pictures: there are {len(LETTERS)} letters to name them; give fewer")
    expression = expression or " + ".join(LETTERS[: len(pictures)])
    weights = parse_weights(expression, len(pictures))
    _, coder, given = _open(run, pictures, out)
    codes = coder.encode(given.pixels)
    code, again = combine(codes, expression), coder.decode(codes)
    rows = [(", ".join(LETTERS[: len(given)]), given.pixels), ("as coded", again), (expression, coder.decode(code))]
    write_sheet(rows, out)
    numbers = {
        "pictures": given.names,
        "expression": expression,
        "weights": weights.tolist(),
        "codes": codes.tolist(),
        "code": code[0].tolist(),
        "reconstruction_mse": ((again - given.pixels) ** 2).mean(axis=(1, 2, 3)).tolist(),
    }
    named = ", ".join(f"{letter} = {name}" for letter, name in zip(LETTERS, given.names, strict=False))
    report(out, f"{expression} of {named}", numbers, as_json=as_json)


def traverse(
    run: RunFolder,
    picture: Annotated[
        str, typer.Argument(metavar="PICTURE", help="A number in the run's test split, or a picture file.")
    ],
    out: Out,
    dimensions: Annotated[
        str | None,
        typer.Option(
            metavar="NUMBERS",
            help=f"Which numbers of the code, as 0,3,5; the {_SHOWN_DIMENSIONS} that vary most if not given.",
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=2, max=200, help="Pictures in a row.")] = _STEPS,
    span: Annotated[
        float,
        typer.Option(min=0.01, max=100, help="How far to each side of its mean a number goes, in standard deviations."),
    ] = 3.0,
    as_json: AsJson = False,
) -> None:
    """Change one number of a picture's code at a time, while the others stay: a row for each number.

    **Example:** `hillotype latent traverse runs/mnist-vae 20 -o sweep.png`

    **Example:** `hillotype latent traverse runs/mnist-vae 20 -o sweep.png --dimensions 0,3 --span 2 --steps 13`

    Means and standard deviations are those of the codes of at most 5,000 training pictures.
    """
    with needs_train_extra():
        import numpy as np

        from hillotype.latent.sheet import write_sheet
        from hillotype.latent.walk import traverse as sweep

    trained, coder, given = _open(run, [picture], out)
    wanted = _read_dimensions(dimensions, coder)
    known = _training_codes(trained.run, coder)
    means, deviations = known.mean(axis=0), known.std(axis=0)
    wanted = wanted or np.argsort(-deviations, kind="stable")[:_SHOWN_DIMENSIONS].tolist()
    code = coder.encode(given.pixels)[0]
    values = {at: means[at] + deviations[at] * np.linspace(-span, span, steps, dtype=np.float32) for at in wanted}
    swept = {at: coder.decode(sweep(code, at, values[at])) for at in wanted}
    rows = [("picture, as coded", np.concatenate([given.pixels, coder.decode(code[None])]))]
    rows += [(f"{at}: {values[at][0]:+.2f} to {values[at][-1]:+.2f}", row) for at, row in swept.items()]
    write_sheet(rows, out)
    sweeps = [
        {
            "dimension": at,
            "mean": float(means[at]),
            "deviation": float(deviations[at]),
            "values": values[at].tolist(),
            "mse_between_ends": float(np.mean((row[0] - row[-1]) ** 2)),
        }
        for at, row in swept.items()
    ]
    numbers = {"picture": given.names[0], "code": code.tolist(), "span": span, "sweeps": sweeps}
    shown = ", ".join(map(str, wanted))
    report(out, f"{given.names[0]}, numbers {shown} of its code of {coder.size}", numbers, as_json=as_json)


def _open(folder: Path, chosen: Sequence[str], out: Path, *, film: bool = False) -> tuple[Trained, Coder, Pictures]:
    """The run, its coder and the pictures chosen, once it is sure that the answer can be written."""
    from hillotype.latent.pictures import is_number, read_pictures
    from hillotype.latent.sheet import check_name

    check_name(out, film=film, beside=[Path(each) for each in chosen if not is_number(each)])
    trained, coder = open_run(folder)
    return trained, coder, read_pictures(trained.run, chosen)


def _training_codes(run: Run, coder: Coder) -> Codes:
    from hillotype.latent.pictures import read_split

    return coder.encode(read_split(run, "train", _FITTED).pixels)


def _read_dimensions(text: str | None, coder: Coder) -> list[int]:
    """The numbers in a text such as 0,3,5, each once; none where there is no text."""
    if text is None:
        return []
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() for word in words):
        raise RecipeError(f"--dimensions {text}: must be whole numbers joined by commas, as 0,3,5")
    numbers = list(dict.fromkeys(map(int, words)))
    if max(numbers) >= coder.size:
        raise RecipeError(f"--dimensions {text}: {coder.name} has the numbers 0 to {coder.size - 1}; choose among them")
    return numbers
