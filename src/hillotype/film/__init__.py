"""Films: frames restored as pictures are, with color that is steady in time, and all else kept as it is.

`reader` and `frames` read, `look` decides, `shots` and `steady` keep the color from flickering, `pieces` keeps what is
done, `join` puts it together, `restore_film` is the whole. Needs PyAV: `pip install 'hillotype[film]'`.
"""

from hillotype.film.restore_film import FilmSettings, is_begun, restore_film

__all__ = ["FilmSettings", "is_begun", "restore_film"]
