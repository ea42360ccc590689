"""What is timed is returned, and a training is as good as a bound once its validation says so."""

from hillotype.studies.pca_vs_autoencoder import seconds_until, timed


def test_timed_returns_what_was_made_and_the_least_time():
    calls = []
    result, seconds = timed(lambda: calls.append(1) or len(calls))
    assert result == len(calls)
    assert 0 <= seconds < 1


def test_seconds_until_an_error_is_reached():
    history = [
        {"step": 5, "train_loss": 0.001, "seconds": 1.0},
        {"step": 10, "validation_loss": 0.05, "seconds": 2.0},
        {"step": 20, "validation_loss": 0.02, "seconds": 4.0},
        {"step": 30, "validation_loss": 0.03, "seconds": 6.0},
    ]
    assert seconds_until(history, 0.04) == 4.0
    assert seconds_until(history, 0.02) == 4.0
    assert seconds_until(history, 0.01) is None
