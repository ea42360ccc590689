"""Autoencoders as scikit-learn estimators over arrays (n_samples, n_features), for a Pipeline or a grid search.

>>> from hillotype.sklearn import AutoencoderTransformer
>>> coder = AutoencoderTransformer(n_components=2, random_state=0)  # where PCA(n_components=2) was
>>> codes = coder.fit_transform(samples)  # doctest: +SKIP

Both follow scikit-learn's conventions: settings are stored as given and looked at by `fit`, what is learned ends with
an underscore, bad input is a ValueError and a setting of the wrong type a TypeError. They compute on the CPU, in the
precision of the samples that they are fitted to: wide ones take half the time in float32.
"""

try:
    from hillotype.sklearn.denoiser import Denoiser
    from hillotype.sklearn.transformer import AutoencoderTransformer
except ModuleNotFoundError as error:
    raise ImportError(
        f"{error.name} is not installed: the estimators need more than restoring; run `pip install 'hillotype[train]'`",
        name=error.name,
    ) from error

__all__ = ["AutoencoderTransformer", "Denoiser"]
