"""Model files: one .onnx whose metadata holds the card; writing, reading and running them, and the zoo.

Nothing here is a pickle: a model file is a graph of known operators and a JSON text. ONNX Runtime is imported
when a file is opened, `onnx` only when a card is written. What computes is the part of `hillotype.devices`.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hillotype.devices import Device, Network, chosen, open_network, settled
from hillotype.errors import HillotypeError, ModelFileError
from hillotype.files import write_whole, writing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CARD_FORMAT = 1
"""The version of the card's JSON that this code writes and reads."""

CARD_KEY = "hillotype"
"""The key of the ONNX metadata under which the card stands."""

_LATER = {"vividness", "failures"}
"""Fields that older files of this format lack; their defaults change nothing."""

_REMEDY = "export the model again"

ZOO_FOLDER = Path(__file__).parent / "zoo"
"""Where the models of the package lie, one .onnx each; the file name without suffix is the model's name."""


EARLIER: Final = "sources of the start"
"""The key in `Card.training` of the sources that the weights learned from before their recipe's, unless in that too."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a model file says about itself.

    Attributes:
        name: the model's name, for example "denoise-gray".
        task: what it does: "denoise" (picture to picture) or "colorize" (luma to chroma).
        summary: one sentence for people.
        color_space: name of the color space of luma and chroma, None for models from picture to picture.
        in_channels: channels of the input (N, in_channels, H, W), float32 in [0, 1].
        out_channels: channels of the output (N, out_channels, H, W), float32, not clipped.
        multiple: H and W of the input must be multiples of this.
        halo: how many pixels around an output pixel can change it, in pixels of the input.
        working_side: short side, in pixels, at which the model should see a picture; None if at full size.
        vividness: factor on the chroma of a colorizer, whose doubt shows as gray; set on validation data.
        parameters: number of trained numbers in the network.
        training: how it was made: recipe, steps, minutes and, if recorded, the machine: what computed them; of a model
            that began with the weights of another one, also `EARLIER`.
        data_licence: the licences of the training data.
        failures: what it is known to get wrong, a few sentences.
        metrics: tables of measured figures, with their baselines.
        code_version: version of hillotype that exported it.
        created: date and time of the export, ISO 8601.
    """

    name: str
    task: str
    in_channels: int
    out_channels: int
    summary: str = ""
    color_space: str | None = None
    multiple: int = 1
    halo: int = 0
    working_side: int | None = None
    vividness: float = 1.0
    parameters: int = 0
    training: Mapping[str, Any] = field(default_factory=dict)
    data_licence: str = ""
    failures: str = ""
    metrics: tuple[Mapping[str, Any], ...] = ()
    code_version: str = ""
    created: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.metrics, list):
            object.__setattr__(self, "metrics", tuple(self.metrics))
        for name, kind in _FIELD_KINDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ModelFileError(f"card: {name} is {value!r}; it must be {_kind_name(kind)}; {_REMEDY}")
        for name in ("in_channels", "out_channels", "multiple", "working_side"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ModelFileError(f"card: {name} is {value}; it must be at least 1; {_REMEDY}")
        if self.halo < 0:
            raise ModelFileError(f"card: halo is {self.halo}; it must not be negative; {_REMEDY}")

    @property
    def sources(self) -> Sequence[Mapping[str, Any]]:
        """What its weights have learned from, as a recipe lists it: `name`, `licence`, `fractions` and more."""
        recipe = self.training.get("recipe", {})
        return [*recipe.get("data", {}).get("sources", ()), *self.training.get(EARLIER, ())]

    def to_json(self) -> str:
        """Writes the card as JSON, one line, with the card format in it."""
        return json.dumps({"format": CARD_FORMAT, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Reads a card from JSON.

        Raises:
            ModelFileError: not JSON, another format, or a field missing, unknown or of a wrong type.
        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise ModelFileError(f"card: not JSON ({error}); {_REMEDY}") from error
        if not isinstance(values, dict):
            raise ModelFileError(f"card: not a JSON object; {_REMEDY}")
        version = values.pop("format", None)
        if version != CARD_FORMAT:
            raise ModelFileError(f"card: its format is {version!r}, this version reads {CARD_FORMAT}; update hillotype")
        known = {entry.name for entry in fields(cls)}
        for problem, names in (("missing", known - values.keys() - _LATER), ("unknown", values.keys() - known)):
            if names:
                raise ModelFileError(f"card: {problem} {', '.join(sorted(names))}; {_REMEDY}")
        return cls(**values)


_FIELD_KINDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "task", "summary", "data_licence", "failures", "code_version", "created"), (str,)),
    **dict.fromkeys(("in_channels", "out_channels", "multiple", "halo", "parameters"), (int,)),
    "color_space": (str, type(None)),
    "working_side": (int, type(None)),
    "vividness": (int, float),
    "training": (Mapping,),
    "metrics": (tuple,),
}


def _kind_name(kinds: tuple[type, ...]) -> str:
    words = {
        str: "text",
        int: "a whole number",
        float: "a number",
        type(None): "null",
        Mapping: "an object",
        tuple: "a list",
    }
    return " or ".join(words[kind] for kind in kinds)


class Model:
    """A model file, ready to run, by several threads at once; the network is loaded at the first `run`.

    Attributes:
        card: what the file says about itself.
        path: where the file lies.
        threads: how many threads compute.
        device: what is asked to compute; see `computed_by`.
    """

    def __init__(
        self, path: Path, card: Card, threads: int, device: Device = Device.cpu, content: bytes | None = None
    ) -> None:
        self.path, self.card, self.threads, self.device = path, card, threads, device
        self._content = content
        self._network: Network | None = None
        self._opening = threading.Lock()

    def __reduce__(self) -> tuple[type[Model], tuple[Any, ...]]:
        """Travels to another process or machine with the file in it, and without the network."""
        return Model, (self.path, self.card, self.threads, self.device, self._content or self.path.read_bytes())

    def with_threads(self, threads: int) -> Model:
        """Returns this model, to be computed by so many threads."""
        if threads == self.threads:
            return self
        return Model(self.path, self.card, threads, self.device, self._content)

    def run(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (N, in_channels, H, W) float32 to (N, out_channels, H, W) float32, on a device always in the same way.

        Raises:
            ModelFileError: the network is damaged, or the input has a shape that the card rules out.
            HillotypeError: the device does not work.
        """
        self._check(pictures.shape)
        with self._opening:
            if self._network is None:
                self._network = self._opened()
        try:
            output = self._network.run(pictures)
        except Exception as error:  # ONNX Runtime's own exceptions have no common base
            raise ModelFileError(f"{self.path}: the network fails ({_first_line(error)}); {_REMEDY}") from error
        expected = (pictures.shape[0], self.card.out_channels, *pictures.shape[2:])
        if output.shape != expected:
            raise ModelFileError(f"{self.path}: gives {output.shape}, its card says {expected}; {_REMEDY}")
        if not (math.isfinite(output.min()) and math.isfinite(output.max())):
            raise ModelFileError(f"{self.path}: answers what is no number, its weights are damaged; {_REMEDY}")
        return output

    def release(self) -> None:
        """Gives back the memory that is kept after a run for the next one."""
        if self._network is not None:
            import numpy as np

            side = self.card.multiple
            self._network.release(np.zeros((1, self.card.in_channels, side, side), np.float32))

    @property
    def computed_by(self) -> Device:
        """The device that computes it: `device`, or what "auto" comes to here.

        Raises:
            ModelFileError: the file is gone or cannot be read.
        """
        # What a model at a fixed side would gain is less than it takes to load another library.
        if self.device == Device.auto and self.card.working_side:
            return Device.cpu
        with _reading(self.path, self._content):
            return settled(self._content or self.path, self.device, (self.card.in_channels, self.card.multiple))

    def _opened(self) -> Network:
        device = self.computed_by
        with _reading(self.path, self._content):
            return open_network(self._content or self.path, device, self.threads)

    def _check(self, shape: tuple[int, ...]) -> None:
        channels, multiple = self.card.in_channels, self.card.multiple
        if len(shape) != 4 or shape[1] != channels or shape[2] % multiple or shape[3] % multiple:
            raise ModelFileError(
                f"{self.card.name}: input of shape {shape}; it must be (N, {channels}, H, W) with H and W "
                f"multiples of {multiple}; pad it"
            )


def zoo() -> dict[str, Path]:
    """Returns the model files of the package by name."""
    return {path.stem: path for path in sorted(ZOO_FOLDER.glob("*.onnx"))}


def load_model(name_or_path: str | os.PathLike[str], *, threads: int | None = None, device: str = Device.cpu) -> Model:
    """Opens a model of the zoo by its name, or a model file by its path; cheap to call again.

    Args:
        name_or_path: a name from `zoo()`, or the path of an .onnx file.
        threads: how many threads compute; None for one on each core.
        device: what computes, a `Device`; "auto" for the fastest on the processor, whose answers may differ by a
            tenth of a level. Figures are measured on "cpu".

    Raises:
        ModelFileError: no such model, or a file that is damaged or not a hillotype model.
        HillotypeError: no such device here.
    """
    path = find_model(name_or_path)
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    return _load(path, stamp, threads or usable_cores(), chosen(device))


@lru_cache(maxsize=8)
def _load(path: Path, _stamp: int, threads: int, device: Device) -> Model:
    return Model(path, read_card(path), threads, device)


def find_model(name_or_path: str | os.PathLike[str]) -> Path:
    """Returns the path of a model of the zoo, or of a model file.

    Raises:
        ModelFileError: there is neither a model nor a file of that name.
    """
    models = zoo()
    if isinstance(name_or_path, str) and name_or_path in models:
        return models[name_or_path]
    path = Path(name_or_path)
    if os.path.isfile(path / "run.toml"):
        raise ModelFileError(f"{path}: a run folder; make a model file of it with `hillotype export {path}`")
    if os.path.isdir(path):
        raise ModelFileError(f"{path}: a folder, not a model file; give the .onnx file in it")
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        names = f" or one of {', '.join(models)}" if models else ""
        raise ModelFileError(f"{path}: no such model; give an .onnx file{names}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFileError(f"{path}: cannot be reached ({reason}); check the path") from error
    return path


def read_card(path: Path) -> Card:
    """Reads the card of a model file.

    Raises:
        ModelFileError: the file is missing, damaged or not a hillotype model.
    """
    with _reading(path):
        from hillotype.devices.onnx_runtime import open_session

        metadata = open_session(path, optimize=False).get_modelmeta().custom_metadata_map
    if CARD_KEY not in metadata:
        raise ModelFileError(f"{path}: an ONNX file without hillotype's card; export it with hillotype")
    try:
        return Card.from_json(metadata[CARD_KEY])
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def write_card(path: Path, card: Card) -> None:
    """Puts the card into an ONNX file, in place of one that may be there; needs the package `onnx`.

    The file is replaced in one step: it never lies there half written.

    Raises:
        ModelFileError: the file is missing or damaged, or cannot be written.
    """
    import onnx

    try:
        model = onnx.load(path)
        onnx.helper.set_model_props(
            model, {**{entry.key: entry.value for entry in model.metadata_props}, CARD_KEY: card.to_json()}
        )
    except Exception as error:  # protobuf's decode error is no OSError
        raise ModelFileError(f"{path}: the card cannot be written ({_first_line(error)}); {_REMEDY}") from error
    with writing(path, ModelFileError):
        write_whole([model.SerializeToString()], path, overwrite=True)


@contextmanager
def _reading(path: Path, content: bytes | None = None) -> Iterator[None]:
    """Turns what is wrong with a model file, unless its content is at hand, into one line."""
    if content is None and not path.is_file():
        raise ModelFileError(f"{path}: no such file; check the path")
    if content is None and not os.access(path, os.R_OK):
        raise ModelFileError(f"{path}: you may not read this file; change its permissions")
    try:
        yield
    except HillotypeError:
        raise
    except Exception as error:  # ONNX Runtime's own exceptions have no common base
        raise ModelFileError(
            f"{path}: not a whole ONNX model (damaged, truncated or another kind of file); copy it again"
        ) from error


def usable_cores() -> int:
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
