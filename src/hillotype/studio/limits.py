"""How much the studio takes on."""

from dataclasses import dataclass

from hillotype.pictures import DEFAULT_MAX_PIXELS


@dataclass(frozen=True)
class Limits:
    """Bounds on what clients may send and leave behind.

    Attributes:
        jobs: pictures that are restored at the same time, beside one film; more wait for their turn.
        waiting: pictures that may wait; more are refused.
        sessions: that may be open; more are refused.
        bytes: of one picture file.
        film_bytes: of one film.
        pixels: width x height of one picture, or of the frames of a film.
        stored: bytes of all files together that clients have sent and not removed.
        patience: seconds after which a session that nobody asks for or listens to is removed with its files.
        stall: seconds that an upload may send nothing.
    """

    jobs: int = 2
    waiting: int = 5000
    sessions: int = 1000
    bytes: int = 500_000_000
    film_bytes: int = 8_000_000_000
    pixels: int = DEFAULT_MAX_PIXELS
    stored: int = 20_000_000_000
    patience: float = 600.0
    stall: float = 60.0
