from itertools import pairwise

import numpy as np
import pytest

from hillotype.errors import RecipeError
from hillotype.latent.coder import open_coder
from hillotype.latent.maps import at_place, manifold, plane, principal_plane, project, separation


@pytest.fixture
def cloud():
    """Codes of four numbers that spread most along the third, then along the first."""
    return (np.random.default_rng(0).normal(size=(500, 4)) * [2, 0.1, 5, 0.1] + [7, 0, 0, 0]).astype(np.float32)


def test_the_plane_has_equal_shares_of_the_prior_between_its_lines():
    codes = plane(3)
    assert codes.shape == (9, 2)
    assert codes[0].tolist() == pytest.approx([-0.967, 0.967], abs=1e-3)
    assert codes[4].tolist() == pytest.approx([0, 0], abs=1e-12)
    assert codes[-1].tolist() == pytest.approx([0.967, -0.967], abs=1e-3)


def test_the_principal_plane_lies_along_the_strongest_axes_about_the_mean(cloud):
    codes = principal_plane(cloud, 3)
    assert codes.shape == (9, 4)
    assert codes[4] == pytest.approx([7, 0, 0, 0], abs=0.4)
    assert codes[5] - codes[3] == pytest.approx([0, 0, 2 * 0.967 * 5, 0], abs=0.8)
    assert codes[1] - codes[7] == pytest.approx([2 * 0.967 * 2, 0, 0, 0], abs=0.8)


def test_codes_of_one_number_have_a_plane_too(cloud):
    assert np.isfinite(principal_plane(cloud[:, :1], 3)).all()


def test_the_manifold_of_an_autoencoder_can_be_decoded(dense, vae):
    for trained in (dense, vae):
        coder = open_coder(trained)
        codes = np.random.default_rng(0).normal(size=(20, coder.size)).astype(np.float32)
        assert coder.decode(manifold(coder, codes, 4)).shape == (16, 1, 12, 12)


def test_projection_by_components_keeps_the_greatest_spread_first(cloud):
    places = project(cloud, "pca", np.random.default_rng(0))
    assert places.shape == (500, 2)
    assert places.std(axis=0) == pytest.approx([5, 2], rel=0.1)
    assert np.corrcoef(places[:, 0], cloud[:, 2])[0, 1] == pytest.approx(1, abs=1e-3)


def test_codes_of_two_numbers_are_their_own_places(cloud):
    assert np.array_equal(project(cloud[:, :2], "tsne", np.random.default_rng(0)), cloud[:, :2])


def test_tsne_is_the_same_for_the_same_seed_and_keeps_groups_apart():
    rng = np.random.default_rng(0)
    codes = np.concatenate([rng.normal(size=(30, 5)), rng.normal(size=(30, 5)) + 20])
    one, again = (project(codes, "tsne", np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one, again)
    labels = ["a"] * 30 + ["b"] * 30
    assert separation(one, labels, one, labels)[0] == 1


@pytest.mark.parametrize(
    ("codes", "how", "words"),
    [
        (np.zeros((9, 3)), "umap", "unknown"),
        (np.zeros((1, 3)), "pca", "two codes"),
        (np.full((9, 3), np.nan), "pca", "NaN"),
        (np.zeros((5001, 3)), "tsne", "at most 5,000"),
    ],
)
def test_what_cannot_be_mapped_is_refused_in_one_line(codes, how, words):
    with pytest.raises(RecipeError, match=words) as error:
        project(codes, how, np.random.default_rng(0))
    assert "\n" not in str(error.value)


def test_separation_knows_classes_that_lie_apart_from_those_that_do_not():
    rng = np.random.default_rng(0)
    labels = ["a", "b"] * 40
    mixed = rng.normal(size=(80, 3))
    apart = mixed + np.where(np.array(labels) == "a", 0, 20)[:, None]
    assert separation(apart, labels, apart, labels) == (1.0, pytest.approx(0.9, abs=0.1))
    right, silhouette = separation(mixed[:40], labels[:40], mixed[40:], labels[40:])
    assert right == pytest.approx(0.5, abs=0.25)
    assert silhouette == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("labels", [["a"] * 6, list("abcdef")])
def test_separation_of_one_class_or_of_none_is_refused(labels):
    codes = np.random.default_rng(0).normal(size=(6, 3))
    with pytest.raises(RecipeError, match="classes"):
        separation(codes, labels, codes, labels)


def test_a_place_of_a_map_stands_for_the_codes_around_it():
    rng = np.random.default_rng(5)
    codes = rng.normal(size=(30, 6)).astype(np.float32)
    places = project(codes, "pca", rng)
    for index in (0, 7):
        np.testing.assert_allclose(at_place(places[index], places, codes)[0], codes[index], atol=1e-6)
    between = [at_place(np.array([x, 0.0]), places, codes) for x in np.linspace(-1, 1, 400)]
    assert between[0].shape == (1, 6)
    assert max(np.abs(a - b).max() for a, b in pairwise(between)) < 1.0
    plain = codes[:, :2]
    np.testing.assert_array_equal(at_place(np.array([0.5, -2.0]), plain, plain), [[0.5, -2.0]])
