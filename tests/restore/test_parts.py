import threading
import time

import pytest

from hillotype.restore.parts import do_parts


@pytest.mark.parametrize("at_once", [1, 3])
def test_each_part_is_done_once_and_the_share_grows(at_once):
    done, shares = [], []
    do_parts(done.append, range(20), at_once, shares.append)
    assert sorted(done) == list(range(20))
    assert shares == [number / 20 for number in range(1, 21)]


def test_so_many_are_worked_on_at_once():
    together = threading.Barrier(3, timeout=20)  # breaks, and raises, unless three wait at it
    do_parts(lambda _: together.wait(), range(6), 3)


def test_alone_it_needs_no_other_thread():
    threads = set()
    do_parts(lambda _: threads.add(threading.current_thread()), range(4), 1)
    assert threads == {threading.current_thread()}


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_a_part_raises_ends_all(at_once):
    begun = []

    def work(part):
        begun.append(part)
        if part == 3:
            raise ValueError("the fourth")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="the fourth"):
        do_parts(work, range(1000), at_once)
    assert len(begun) < 1000


class Interrupted(BaseException):
    """As KeyboardInterrupt, no Exception."""


@pytest.mark.parametrize("at_once", [1, 2])
def test_what_the_progress_raises_ends_all(at_once):
    begun = []

    def work(part):
        begun.append(part)
        time.sleep(0.01)

    def stop(share):
        raise Interrupted

    with pytest.raises(Interrupted):
        do_parts(work, range(1000), at_once, stop)
    assert len(begun) < 1000
