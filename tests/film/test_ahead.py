import threading
from itertools import count

import pytest

from hillotype.film.ahead import ahead


def test_things_come_in_order():
    assert list(ahead(iter("abcdef"))) == list("abcdef")
    assert list(ahead(iter(""))) == []


def test_the_next_is_made_while_one_is_used():
    made = [threading.Event() for _ in range(4)]

    def things():
        for number, event in enumerate(made):
            event.set()
            yield str(number)

    for number, _ in enumerate(ahead(things())):
        assert all(event.wait(20) for event in made[: number + 2])
        assert not any(event.is_set() for event in made[number + 2 :])


def test_what_is_raised_comes_in_its_place():
    def things():
        yield "a"
        raise ValueError("no more")

    coming = ahead(things())
    assert next(coming) == "a"
    with pytest.raises(ValueError, match="no more"):
        next(coming)


def test_closed_it_takes_no_more():
    taken = []
    coming = ahead(str(number) for number in count() if taken.append(number) is None)
    assert next(coming) == "0"
    coming.close()
    assert len(taken) <= 2
    assert not any(thread.name.startswith("ahead") for thread in threading.enumerate())
