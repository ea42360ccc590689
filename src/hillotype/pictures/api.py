"""Pillow images to pictures and back, for callers that have an image in hand."""

from __future__ import annotations

from PIL import Image

from hillotype.errors import PictureError
from hillotype.pictures.metadata import descriptive_exif, known_dpi, upright, with_exif_prefix
from hillotype.pictures.modes import convert, quiet_pillow, to_image
from hillotype.pictures.picture import FORMAT_OF_SUFFIX, Picture, check_size


def from_pil(image: Image.Image) -> Picture:
    """Makes a picture of a Pillow image of any mode with 8 or 16 bits, upright as its EXIF says.

    The image is not changed. Its profile, EXIF, XMP and DPI are taken from `image.info`.

    Raises:
        PictureError: If its samples have 32 bits or are floats, it has no pixels, or its file is damaged.
    """
    check_size(image.width, image.height, image.width * image.height)
    try:
        with quiet_pillow():
            image.load()  # a TIFF's own tags are turned upright by this, so they are read after it
            info = image.info
            exif = info.get("exif") or _tags_of(image)
            pixels, alpha, icc, notes = convert(image, info.get("icc_profile") or None)
    except PictureError as error:
        raise PictureError(f"image: {error}") from error.__cause__
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError("image: its file is truncated or damaged; copy it again from its source") from error
    name = "JPEG" if image.format == "MPO" else image.format or "PNG"
    name = name if name in FORMAT_OF_SUFFIX.values() else "PNG"
    picture = Picture(
        pixels,
        alpha,
        name,
        exif=with_exif_prefix(exif),
        icc=icc,
        xmp=info.get("xmp") or None,
        dpi=known_dpi(info.get("dpi")),
        lossless=name not in ("JPEG", "WEBP"),
        notes=notes,
    )
    return upright(picture)


def _tags_of(image: Image.Image) -> bytes | None:
    tags = descriptive_exif(image.getexif())
    return tags.tobytes() if len(tags) else None


def to_pil(picture: Picture) -> Image.Image:
    """Makes a Pillow image of mode L, LA, RGB or RGBA, or I;16 for 16-bit gray, with its metadata in `info`.

    Pillow has no 16-bit mode for RGB or for gray with alpha: these are rounded to 8 bits. `write_picture`
    keeps them.
    """
    image = to_image(picture)
    entries = {"icc_profile": picture.icc, "exif": picture.exif, "xmp": picture.xmp, "dpi": picture.dpi}
    image.info.update({name: value for name, value in entries.items() if value is not None})
    return image
