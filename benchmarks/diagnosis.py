"""Which pictures `restore` takes for noisy, and what denoising those brings.

    python benchmarks/diagnosis.py [--limit 60] [--model denoise-gray denoise-color]

Clean photographs as they come, in their own JPEG, which must be left alone; and photographs halved, so that nothing of
their own JPEG is left, with noise of known kinds put in and rounded to 8 bits. For each: the noise found in the median
picture and between which values 96 % of them lie, the share that is called noisy, and by how much PSNR rises in the
mean if all of them are denoised, those called noisy and those that are not. None of the pictures is one of a test set.
"""

import argparse

import numpy as np

from hillotype.data import Preparation, load_pictures, open_source, sample_names
from hillotype.data.images import to_floats
from hillotype.metrics import psnr
from hillotype.modelfile import load_model
from hillotype.noise import Chain, Correlated, Gaussian, Jpeg
from hillotype.restore.denoise import Denoiser
from hillotype.restore.diagnose import NOISY, noise_level

CLEAN = ("zip:photos-bsds400.zip/test", "zip:photos-nips17-256.zip", "zip:historic.zip/documerica")
OLD = "zip:historic.zip/fsa-owi"
HALVED = "zip:photos-bsds400.zip/test"
LANCZOS, MEANS = 0.499, 0.5
"""Factors by which `Preparation` reduces with a filter, and by means of 2 x 2 pixels, which leaves jagged edges."""
NOISES = {
    "white 3": Gaussian((3, 3)),
    "white 5": Gaussian((5, 5)),
    "white 10": Gaussian((10, 10)),
    "white 25": Gaussian((25, 25)),
    "blurred by 0.7 pixels 10": Correlated((10, 10), (0.7, 0.7)),
    "blurred by 1 pixel 15": Correlated((15, 15), (1.0, 1.0)),
    "blurred by 1.5 pixels 15": Correlated((15, 15), (1.5, 1.5)),
    "white 10, JPEG 75": Chain((Gaussian((10, 10)), Jpeg((75, 75)))),
    "blurred by 0.7 pixels 10, JPEG 80": Chain((Correlated((10, 10), (0.7, 0.7)), Jpeg((80, 80)))),
    "JPEG 60": Jpeg((60, 60)),
    "JPEG 75": Jpeg((75, 75)),
    "JPEG 90": Jpeg((90, 90)),
}


def read(source: str, limit: int, channels: int, reduce: float = 1.0) -> list[np.ndarray]:
    """Returns at most so many pictures (H, W, 1 or 3) uint8, always the same."""
    opened = open_source(source)
    return load_pictures(opened, sample_names(opened.names, limit), Preparation(gray=channels == 1, reduce=reduce))


def spoiled(picture: np.ndarray, noise: object, seed: int) -> np.ndarray:
    """Returns the picture with noise, rounded."""
    answer = noise(to_floats(picture)[None], np.random.default_rng(seed))[0].transpose(1, 2, 0)
    return np.round(answer * 255).clip(0, 255).astype(np.uint8)


def gain(denoiser: Denoiser, noisy: np.ndarray, clean: np.ndarray) -> float:
    """Returns by how many dB denoising brings a picture nearer to the clean one."""
    truth, seen = to_floats(clean)[None], to_floats(noisy)[None]
    answer = denoiser(seen[0].transpose(1, 2, 0)).transpose(2, 0, 1)[None]
    return float(psnr(answer, truth)[0] - psnr(seen, truth)[0])


def row(label: str, levels: list[float], gains: list[float] | None = None) -> None:
    """Prints a line of the table."""
    low, middle, high = np.quantile(levels, [0.02, 0.5, 0.98])
    called = np.array(levels) >= NOISY
    cells = [f"{middle:.2f} ({low:.2f} to {high:.2f})", f"{100 * called.mean():.0f} %"]
    for those in (called, ~called):
        cells.append(f"{np.mean(np.array(gains)[those]):+.2f}" if gains and those.any() else "-")
    print(f"| {label} | {len(levels)} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["denoise-gray", "denoise-color"])
    parser.add_argument("--limit", type=int, default=60, help="at most so many pictures of a set")
    settings = parser.parse_args()
    for name in settings.model:
        model = load_model(name, device="cpu")
        denoiser = Denoiser(model)
        print(f"\n{name}, noise of {NOISY} of 255 or more is taken out\n")
        print(
            "| pictures | n | noise found | called noisy | dB gained, those | the others |\n|---|---|---|---|---|---|"
        )
        for source in (*CLEAN, OLD) if model.card.in_channels == 1 else CLEAN:
            pictures = read(source, settings.limit, model.card.in_channels)
            row(source, [noise_level(picture, model) for picture in pictures])
        halved, jagged = (read(HALVED, settings.limit, model.card.in_channels, by) for by in (LANCZOS, MEANS))
        for label, pictures in (("halved", halved), ("halved by means", jagged)):
            row(label, [noise_level(picture, model) for picture in pictures])
        for label, noise in NOISES.items():
            noisy = [spoiled(picture, noise, seed) for seed, picture in enumerate(halved)]
            levels = [noise_level(picture, model) for picture in noisy]
            row(f"halved, {label}", levels, [gain(denoiser, *pair) for pair in zip(noisy, halved, strict=True)])


if __name__ == "__main__":
    main()
