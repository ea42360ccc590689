"""The page of the shipped models, docs/models.md, from their cards.

    python benchmarks/models_page.py docs/models.md

Figures come onto the cards by `hillotype evaluate NAME --data ... --record`, what a model gets wrong by
`python benchmarks/failures.py docs --record`, which writes the pictures as well.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hillotype.modelfile import Card, read_card, zoo

HEAD = """# The shipped models

*Written by `python benchmarks/models_page.py docs/models.md` from the cards of the models, which
`hillotype models NAME` prints. What each was made of is in [data](data.md), how to make it again in
[recipes](../recipes/README.md), beside other programs in the [README](../README.md#how-good-it-is).*
"""
PICTURES = {
    "colorize": "![Five photographs: as seen, as guessed, as they were.](failures-colorize.webp)\n\n"
    "*The five worst of Kodak's and Prokudin-Gorskii's photographs, by CIEDE2000. Above what the model sees, then its "
    "guess, below the truth (`python benchmarks/failures.py docs`).*",
    "denoise": "![Six spoiled pictures: as seen, as denoised, as they were.](failures-denoise.webp)\n\n"
    "*What is too much, or not its kind of noise. Above what `denoise-color` sees, then what it makes of it, below the "
    "truth (`python benchmarks/failures.py docs`).*",
}
DIGITS = {"SSIM": 4, "PSNR (dB)": 2, "CIEDE2000": 2}


def facts(path: Path, card: Card) -> Iterator[str]:
    """Yields what a card says of how its model was made."""
    training = card.training
    yield f"- **Size**: {card.parameters:,} parameters, {path.stat().st_size / 1e6:.1f} MB."
    machine = f" on {training['machine']}" if "machine" in training else ""
    yield f"- **Training**: {training['steps']:,} steps, {training['minutes']:g} minutes{machine}."
    yield "- **Recipe**: on the card" + (
        f", from the weights of `{Path(training['recipe']['start']).name}`." if "start" in training["recipe"] else "."
    )
    yield "- **Data**:"
    # the same pictures may be there at several scales
    yield from dict.fromkeys(f"  - `{source['name']}`: {source['licence']}" for source in card.sources)


def figures(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yields a table of a card: a row a method, and the model's difference to the first with its interval."""
    rows = {(row["condition"], row["method"], row["metric"]): row for row in entry["rows"]}
    conditions, methods, metrics = (list(dict.fromkeys(key[place] for key in rows)) for place in range(3))
    columns = [(condition, metric) for metric in metrics for condition in conditions]
    heads = [metric if len(conditions) == 1 else f"{metric}, {condition}" for condition, metric in columns]
    yield f"`{entry['command']}` (n = {entry['n']})\n"
    yield "| | " + " | ".join(heads) + " |\n" + "|---" * (len(heads) + 1) + "|"
    for method in methods:
        cells = [f"{rows[c, method, m]['mean']:.{DIGITS.get(m, 1)}f}" for c, m in columns]
        yield f"| {method} | {' | '.join(cells)} |"
    cells = []
    for condition, metric in columns:
        row, digits = rows[condition, methods[-1], metric], DIGITS.get(metric, 1)
        low, high = row["gain_interval_95"]
        cells.append(f"{row['gain']:+.{digits}f} ({low:+.{digits}f}, {high:+.{digits}f})")
    yield f"| {methods[-1]} - {methods[0]} | {' | '.join(cells)} |\n"


def main() -> None:
    """Writes the page."""
    lines, shown = [HEAD], set()
    for name, path in zoo().items():
        card = read_card(path)
        lines += [f"## {name}\n", f"{card.summary}.\n", *facts(path, card), ""]
        lines += [f"**What it gets wrong.** {card.failures}\n"] if card.failures else []
        lines += [] if card.task in shown else [PICTURES[card.task], ""]
        shown.add(card.task)
        lines += [line for entry in card.metrics for line in figures(entry)]
    Path(sys.argv[1]).write_text("\n".join(lines).rstrip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
