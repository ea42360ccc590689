"""The shipped denoisers beside others that install from PyPI, on the same noisy pictures.

    pip install bm3d opencv-python-headless
    python benchmarks/peers.py                                    # all of cbsd68: hours, most of them by BM3D
    python benchmarks/peers.py --model denoise-gray --data zip:benchmarks.zip/bsd68 --limit 12
    python benchmarks/peers.py --model denoise-gray --tune 6      # the strengths below, again

The others are told how strong the noise is, ours is not. How much a peer removes at that noise (h of non-local means,
the weight of total variation, the threshold of wavelets) was chosen for the best mean PSNR on validation pictures,
those of BSDS400 that the recipes keep from training. Windows and wavelets are usual ones; BM3D is given the noise,
and OpenCV 8 bits, since it takes no others.
"""

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hillotype.data import Preparation, load_pictures, open_source, sample_names, split_names
from hillotype.data.images import to_floats
from hillotype.evaluate.baselines import Baseline, Identity
from hillotype.evaluate.measure import Metric, Results, measure
from hillotype.evaluate.models import DenoiserMethod
from hillotype.evaluate.patches import Floats
from hillotype.evaluate.plan import read_test_pictures
from hillotype.evaluate.report import tables
from hillotype.metrics import finite_psnr, psnr, ssim
from hillotype.modelfile import Model, load_model
from hillotype.noise import Gaussian, Noise
from hillotype.tasks import Denoise

SIGMAS = (15, 25, 50)
TUNING, FRACTIONS, CROP = "zip:photos-bsds400.zip", (0.95, 0.05, 0.0), 128
FACTORS = tuple(round(2 ** (step / 4), 2) for step in range(-6, 5))


def wavelets(picture: Floats, sigma: float, strength: float) -> Floats:
    """BayesShrink, of colors in YCbCr (Chang, Yu, Vetterli 2000, https://doi.org/10.1109/83.862633)."""
    from skimage.restoration import denoise_wavelet

    options = {"sigma": strength * sigma, "rescale_sigma": True}
    if picture.shape[2] == 3:
        return denoise_wavelet(picture, convert2ycbcr=True, channel_axis=2, **options)
    return denoise_wavelet(picture[..., 0], **options)


def total_variation(picture: Floats, sigma: float, strength: float) -> Floats:
    """Total variation (Chambolle 2004, https://doi.org/10.1023/B:JMIV.0000011325.36760.1e)."""
    from skimage.restoration import denoise_tv_chambolle

    return denoise_tv_chambolle(picture, weight=strength * sigma, channel_axis=2)


def non_local_means(picture: Floats, sigma: float, strength: float) -> Floats:
    """Non-local means of scikit-image, with its correction for the noise (Darbon et al. 2008)."""
    from skimage.restoration import denoise_nl_means

    options = {"patch_size": 5, "patch_distance": 6, "h": strength * sigma, "sigma": sigma, "fast_mode": True}
    if picture.shape[2] == 3:
        return denoise_nl_means(picture, channel_axis=2, **options)
    return denoise_nl_means(picture[..., 0], **options)


def opencv_non_local_means(picture: Floats, sigma: float, strength: float) -> Floats:
    """Non-local means of OpenCV, of colors in Lab."""
    import cv2

    cv2.setNumThreads(1)
    levels, h = np.round(picture.clip(0, 1) * 255).astype(np.uint8), float(255 * strength * sigma)
    if picture.shape[2] == 3:
        return cv2.fastNlMeansDenoisingColored(levels, None, h, h, 7, 21) / 255
    return cv2.fastNlMeansDenoising(levels[..., 0], None, h, 7, 21) / 255


def block_matching(picture: Floats, sigma: float, strength: float) -> Floats:
    """BM3D (Dabov et al. 2007, https://doi.org/10.1109/TIP.2007.901238)."""
    import bm3d

    if picture.shape[2] == 3:
        return bm3d.bm3d_rgb(picture, strength * sigma)
    return bm3d.bm3d(picture[..., 0], strength * sigma)


@dataclass(frozen=True)
class Peer:
    """Another program.

    Attributes:
        name: what its row is called.
        package: what must be installed.
        denoise: maps a picture (H, W, 1 or 3) in [0, 1], the noise in its units, and the strength.
        strengths: by channels, those chosen by `--tune` at `SIGMAS`, in units of the noise level; between them it is
            interpolated. A peer without any takes the noise as it is.
    """

    name: str
    package: str
    denoise: Callable[[Floats, float, float], Floats]
    strengths: Mapping[int, tuple[float, float, float]]

    def why_missing(self) -> str | None:
        """Returns why it cannot run here, if so."""
        try:
            importlib.import_module(self.package)
        except ModuleNotFoundError as error:
            return str(error)
        return None

    def strength(self, channels: int, sigma: float) -> float:
        """Returns the strength at a noise level of 255."""
        return float(np.interp(sigma, SIGMAS, self.strengths[channels])) if self.strengths else 1.0


PEERS = (
    Peer("wavelets (scikit-image)", "pywt", wavelets, {1: (1.0, 1.0, 1.0), 3: (1.0, 1.0, 1.0)}),
    Peer("total variation (scikit-image)", "skimage", total_variation, {1: (0.71, 0.84, 1.0), 3: (0.71, 0.84, 1.0)}),
    Peer("non-local means (scikit-image)", "skimage", non_local_means, {1: (0.71, 0.71, 0.71), 3: (0.59, 0.59, 0.5)}),
    Peer("non-local means (OpenCV)", "cv2", opencv_non_local_means, {1: (1.0, 0.84, 0.84), 3: (0.59, 0.5, 0.5)}),
    Peer("BM3D", "bm3d", block_matching, {}),
)


@dataclass(frozen=True)
class Told:
    """A peer that is told the noise level, of 255, as a method to measure."""

    peer: Peer
    sigma: float

    @property
    def name(self) -> str:
        """The peer's name."""
        return self.peer.name

    def __call__(self, seen: Floats) -> Floats:
        """Returns the denoised picture (1, C, H, W), clipped."""
        if self.sigma == 0:
            return np.clip(seen, 0, 1)
        picture = seen[0].transpose(1, 2, 0)
        answer = self.peer.denoise(picture, self.sigma / 255, self.peer.strength(seen.shape[1], self.sigma))
        return np.clip(answer.reshape(picture.shape), 0, 1).astype(np.float32).transpose(2, 0, 1)[None]


def measure_beside_peers(
    conditions: Mapping[str, tuple[Noise, float]],
    models: Sequence[Model],
    pictures: Sequence[Floats],
    metrics: Mapping[str, Metric],
    seed: int,
    others: Sequence[Baseline] = (),
    peers: Sequence[Peer] = PEERS,
) -> Results:
    """Measures doing nothing, others, the peers that are installed and the models.

    Args:
        conditions: noise by name, and the level that the peers are told.
        models: denoisers.
        pictures: the truths, (C, H, W).
        metrics: the figures by name.
        seed: of the noise.
        others: more methods, told nothing.
        peers: which of them.
    """
    here = [peer for peer in peers if not peer.why_missing()]
    parts = [
        measure(
            {name: Denoise(noise)},
            [Identity(), *others, *(Told(peer, sigma) for peer in here), *map(DenoiserMethod, models)],
            pictures,
            metrics,
            seed=seed,
        )
        for name, (noise, sigma) in conditions.items()
    ]
    values = {key: numbers for part in parts for key, numbers in part.values.items()}
    return Results(tuple(conditions), parts[0].methods, parts[0].metrics, values)


def print_tables(results: Results, peers: Sequence[Peer] = PEERS) -> None:
    """Prints a table a metric, and the peers that are missing."""
    for table in tables(results):
        print(f"\n{table.title}\n\n| | " + " | ".join(table.head) + " |\n" + "|---" * (len(table.head) + 1) + "|")
        for row in table.rows:
            print(f"| {' | '.join(row)} |")
        for peer in peers:
            if peer.why_missing():
                print(f"| {peer.name} ({peer.why_missing()})" + " |" * (len(table.head) + 1))


def tune(channels: int, count: int, peers: Sequence[Peer]) -> None:
    """Prints the best of `FACTORS` for each peer at each noise level, on crops of validation pictures."""
    source = open_source(TUNING)
    names = sample_names(split_names(source.names, "validation", FRACTIONS), count)
    pictures = load_pictures(source, names, Preparation(gray=channels == 1))
    truths = [to_floats(picture[:CROP, :CROP])[None] for picture in pictures]
    print(f"{TUNING}, validation, n = {len(truths)}, {CROP} x {CROP} of each")
    for peer in peers:
        if missing := peer.why_missing():
            print(f"{peer.name}: {missing}")
            continue
        best = []
        for sigma in SIGMAS:
            noisy = [Gaussian((sigma, sigma))(x, np.random.default_rng([1, i])) for i, x in enumerate(truths)]

            def quality(factor: float, sigma: float = sigma, noisy: Sequence[Floats] = noisy) -> float:
                fixed = Peer(peer.name, peer.package, peer.denoise, {channels: (factor,) * 3})  # noqa: B023
                return float(np.mean([psnr(Told(fixed, sigma)(x), y)[0] for x, y in zip(noisy, truths, strict=True)]))

            best.append(max(FACTORS, key=quality))
        print(f"{peer.name}: {tuple(best)}", flush=True)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", nargs="+", default=["denoise-color"])
    parser.add_argument("--data", default="zip:benchmarks.zip/cbsd68")
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tune", type=int, metavar="PICTURES", help="choose the strengths on so many pictures")
    parser.add_argument("--without", nargs="*", default=[], metavar="PACKAGE", help="leave peers out: bm3d")
    settings = parser.parse_args()
    models = [load_model(name) for name in settings.model]
    peers = [peer for peer in PEERS if peer.package not in settings.without]
    if settings.tune:
        tune(models[0].card.in_channels, settings.tune, [peer for peer in peers if peer.strengths])
        return
    pictures = read_test_pictures(models[0].card, settings.data, limit=settings.limit)
    conditions = {f"sigma {sigma}": (Gaussian((sigma, sigma)), float(sigma)) for sigma in SIGMAS}
    metrics = {"PSNR (dB)": finite_psnr, "SSIM": ssim}
    results = measure_beside_peers(conditions, models, pictures, metrics, settings.seed, peers=peers)
    print(f"{settings.data}, n = {results.count}, seed {settings.seed}; the others are told the noise")
    print_tables(results, peers)


if __name__ == "__main__":
    main()
