"""Camera raw through rawpy (LibRaw), an extra: developed once, to 16-bit sRGB."""

from __future__ import annotations

import io
from typing import IO, BinaryIO, cast

import numpy as np
from PIL import Image

from hillotype.pictures.extras import needs_formats_extra
from hillotype.pictures.metadata import descriptive_exif, marked_upright, with_exif_prefix
from hillotype.pictures.picture import Picture, check_size

_SRGB_CURVE = (2.4, 12.92)
"""LibRaw's names for it: the power, and the slope at black."""


def decode_raw(file: IO[bytes], max_pixels: int) -> Picture:
    """Develops a camera's raw file: white balance as shot, no brightening, sRGB, upright.

    Raises:
        PictureError: If it is too large, or rawpy is not installed.
        Exception: Whatever LibRaw raises on damaged data.
    """
    with needs_formats_extra("camera raw"):
        import rawpy

    exif = _exif(file)
    file.seek(0)
    with rawpy.imread(cast(BinaryIO, file)) as raw:
        check_size(raw.sizes.width, raw.sizes.height, max_pixels)
        exif = exif or _exif_of_preview(raw)
        pixels = raw.postprocess(
            output_bps=16,
            output_color=rawpy.ColorSpace.sRGB,
            gamma=_SRGB_CURVE,
            use_camera_wb=True,
            no_auto_bright=True,
        )
    picture = Picture(np.ascontiguousarray(pixels), format="RAW", exif=exif, notes=("developed from camera raw",))
    return marked_upright(picture)


def _exif(file: IO[bytes]) -> bytes | None:
    """Reads the tags of raw files that are TIFF: most are."""
    head = file.read(8)
    if head[:4] not in (b"II*\x00", b"MM\x00*"):
        return None
    tags = Image.Exif()
    try:
        tags.endian = "<" if head[:1] == b"I" else ">"
        tags.load_from_fp(file, int.from_bytes(head[4:8], "little" if tags.endian == "<" else "big"))
        kept = descriptive_exif(tags)
        return kept.tobytes() if len(kept) else None
    except Exception:  # Pillow raises whatever a malformed directory leads to
        return None


def _exif_of_preview(raw: object) -> bytes | None:
    """Reads what the camera wrote into the JPEG beside the raw data."""
    try:
        preview = raw.extract_thumb()  # type: ignore[attr-defined]
        with Image.open(io.BytesIO(preview.data)) as image:
            return with_exif_prefix(image.info.get("exif"))
    except Exception:  # there is none, or one without EXIF
        return None
