from fractions import Fraction

from hillotype.film.clock import Clock


def test_times_in_order_stay():
    clock = Clock(Fraction(1, 90000))
    times = [-1024, 0, 3600, 7200, 90000, 900000]
    assert [clock(time, 3600) for time in times] == times


def test_times_that_begin_again_go_on():
    clock = Clock(Fraction(1, 1000))
    assert [clock(time, 40) for time in (5000, 5040, 5080, 0, 40, 80, 20, 60)] == [
        5000, 5040, 5080, 5120, 5160, 5200, 5201, 5202,
    ]  # fmt: skip


def test_times_that_are_not_known_follow():
    clock = Clock(Fraction(1, 1000))
    assert [clock(time, 40) for time in (None, None, 100, None, 100)] == [0, 40, 100, 140, 141]
