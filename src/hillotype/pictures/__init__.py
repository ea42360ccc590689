"""Picture files and arrays: read and written with nothing lost.

Each file format has a module (`png`, `webp`, `tiff`, and `simple` for those that Pillow handles whole) that
decodes a file as stored and encodes a picture that fits the format. `reading` and `writing` choose among them;
`modes` and `metadata` hold what they share; `api` takes and gives Pillow images.
"""

from hillotype.pictures.api import from_pil, to_pil
from hillotype.pictures.modes import to_srgb_gray
from hillotype.pictures.picture import DEFAULT_MAX_PIXELS, Picture, is_picture_name
from hillotype.pictures.reading import read_content, read_picture
from hillotype.pictures.writing import write_picture

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Picture",
    "from_pil",
    "is_picture_name",
    "read_content",
    "read_picture",
    "to_pil",
    "to_srgb_gray",
    "write_picture",
]
