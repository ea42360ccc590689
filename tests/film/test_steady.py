import numpy as np

from hillotype.film.steady import Steadiness, steadied

SIZE = (33, 47)  # odd on both sides


def guesses(lights, seed=0, truth=0.2):
    rng = np.random.default_rng(seed)
    return [(light, (truth + rng.normal(0, 0.1, (2, *SIZE))).astype(np.float32)) for light in lights]


def texture(seed=0):
    return np.random.default_rng(seed).uniform(0, 1, SIZE).astype(np.float32)


def flicker(chromas):
    return np.abs(np.diff(np.stack(chromas), axis=0)).mean()


def test_color_of_what_stands_still_is_steady():
    seen = guesses([texture()] * 40)
    made = list(steadied(seen))
    assert len(made) == 40
    assert all(np.array_equal(light, texture()) for light, _ in made)
    assert flicker([chroma for _, chroma in made]) < 0.15 * flicker([chroma for _, chroma in seen])
    assert abs(np.mean([chroma for _, chroma in made]) - 0.2) < 0.01


def test_the_frames_about_it_decide():
    seen = guesses([texture()] * 30)
    reach = 3
    made = [chroma for _, chroma in steadied(seen, Steadiness(reach=reach))]
    for at in (0, 2, 15, 29):
        about = [chroma for _, chroma in seen[max(0, at - reach) : at + reach + 1]]
        np.testing.assert_allclose(made[at], np.mean(about, axis=0), atol=1e-6)


def test_what_moves_leaves_no_trail():
    lights, chromas = [], []
    for number in range(20):
        light, chroma = np.full(SIZE, 0.3, np.float32), np.zeros((2, *SIZE), np.float32)
        light[8:16, 2 * number : 2 * number + 6] = 0.8
        chroma[:, 8:16, 2 * number : 2 * number + 6] = 0.5
        lights.append(light)
        chromas.append(chroma)
    for (light, chroma), true in zip(steadied(zip(lights, chromas, strict=True)), chromas, strict=True):
        still = np.abs(light - 0.3) < 0.01
        trail = np.abs(chroma - true)[:, still]
        assert trail.max() < 0.05


def test_a_cut_ends_the_average():
    smooth = np.add.outer(np.linspace(0, 1, SIZE[0]), np.zeros(SIZE[1])).astype(np.float32)
    shots = [smooth] * 10 + [smooth[::-1].copy()] * 10
    seen = [(light, np.full((2, *SIZE), number >= 10, np.float32)) for number, light in enumerate(shots)]
    made = [chroma for _, chroma in steadied(seen)]
    assert all(np.all(chroma == (number >= 10)) for number, chroma in enumerate(made))


def test_a_film_may_be_begun_anywhere():
    lights = [texture(number // 4) for number in range(40)]
    seen = guesses(lights)
    reach = Steadiness().reach
    whole = [chroma for _, chroma in steadied(seen)]
    for start in (1, 5, 20, 39):
        before = min(start, reach)
        part = [chroma for _, chroma in steadied(seen[start - before :])][before:]
        assert all(np.array_equal(a, b) for a, b in zip(part, whole[start:], strict=True))


def test_it_runs_no_further_ahead_than_it_must():
    taken = []

    def source():
        for guess in guesses([texture()] * 30):
            taken.append(guess)
            yield guess

    next(steadied(source()))
    assert len(taken) == Steadiness().reach + 1


def test_no_frames():
    assert list(steadied([])) == []
