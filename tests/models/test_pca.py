"""Principal components, against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from hillotype.errors import RecipeError
from hillotype.models.pca import Pca


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    smooth = rng.normal(size=(count, 12)) @ rng.normal(size=(12, 36)) + 0.1 * rng.normal(size=(count, 36))
    return torch.from_numpy(smooth.reshape(count, 1, 6, 6).astype(np.float32) + 2)


@pytest.mark.parametrize("count", [20, 2500])
def test_it_answers_as_scikit_learn(count):
    seen = pictures(count)
    model = Pca(side=6, latent=5).fit(seen)
    flat = seen.numpy().reshape(count, -1)
    other = PCA(5, svd_solver="full").fit(flat.astype(np.float64))
    expected = other.inverse_transform(other.transform(flat))
    np.testing.assert_allclose(model(seen).numpy().reshape(count, -1), expected, atol=1e-4)
    np.testing.assert_allclose(model.components @ model.components.T, np.eye(5), atol=1e-5)
    variances = model.encode(seen).var(dim=0)
    assert (variances.diff() <= 0).all()


def test_nothing_is_trained_and_a_state_carries_the_fit():
    model = Pca(side=6, latent=5).fit(pictures(60))
    assert model.trained_parameters() == []
    other = Pca(side=6, latent=5)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(pictures(3)), model(pictures(3)))


def test_the_first_components_are_those_of_a_smaller_fit():
    seen = pictures(60)
    first, fitted = Pca(side=6, latent=9).fit(seen).first(4), Pca(side=6, latent=4).fit(seen)
    assert first.encode(seen).shape == (60, 4)
    torch.testing.assert_close(first(seen), fitted(seen))
    for wrong in (0, 5):
        with pytest.raises(RecipeError, match=f"{wrong} components wanted; ask for 1 to 4"):
            fitted.first(wrong)


def test_components_that_the_pictures_do_not_have_are_zero():
    seen = pictures(3)
    model = Pca(side=6, latent=8).fit(seen)
    assert not model.components[3:].any()
    torch.testing.assert_close(model(seen), seen, rtol=1e-4, atol=1e-4)


def test_a_fit_is_the_same_whichever_way_the_pictures_are_turned_around_their_mean():
    seen = pictures(60)
    mirrored = 2 * seen.mean(dim=0) - seen
    torch.testing.assert_close(
        Pca(side=6, latent=4).fit(mirrored).components, Pca(side=6, latent=4).fit(seen).components, atol=1e-4, rtol=1e-3
    )


def test_settings_and_pictures_that_cannot_be_are_refused():
    with pytest.raises(RecipeError, match="latent is 37, but a picture has 36 numbers"):
        Pca(side=6, latent=37)
    with pytest.raises(RecipeError, match="1 channels in, 3 out"):
        Pca(1, 3, side=6, latent=2)
    for wrong in (torch.rand(4, 3, 6, 6), torch.rand(0, 1, 6, 6)):
        with pytest.raises(RecipeError, match="give such pictures"):
            Pca(side=6, latent=2).fit(wrong)
