"""Films: frames restored as pictures are, with color that is steady in time, and all else kept as it is.

`reader` and `frames` read, `look` decides, `shots` and `steady` keep the color from flickering, `pieces` keeps what is
done, `join` puts it together, `restore_film` is the whole, `maker` hands it to a run over many files. All but `maker`
needs PyAV: `pip install 'hillotype[film]'`.
"""

from hillotype.film.maker import film_frames, film_maker

__all__ = ["film_frames", "film_maker"]
