"""Picture files and arrays: read and written with nothing lost.

Each file format has a module (`png`, `webp`, `tiff`, `avif`, `heic`, `raw`, and `simple` for those that Pillow handles
whole) that decodes a file as stored and, if the format is written at all, encodes a picture that fits it. `reading` and
`writing` choose among them; `modes` and `metadata` hold what they share; `api` takes and gives Pillow images.
"""

from hillotype.pictures.api import from_pil, to_pil
from hillotype.pictures.picture import DEFAULT_MAX_PIXELS, Picture, is_picture_name
from hillotype.pictures.profiles import Decoded, Profile
from hillotype.pictures.reading import format_of, read_content, read_picture
from hillotype.pictures.rows import Rows, Sheet, new_sheet, whole
from hillotype.pictures.writing import write_picture

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Decoded",
    "Picture",
    "Profile",
    "Rows",
    "Sheet",
    "format_of",
    "from_pil",
    "is_picture_name",
    "new_sheet",
    "read_content",
    "read_picture",
    "to_pil",
    "whole",
    "write_picture",
]
