"""What one page reads is read once, and no other page sees it."""

from itertools import count

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.caller import Caller
from accounts.errors import AccessDenied
from registry.core import repositories, seen
from registry.values import Address
from tests.factories.registry import make_caller


def test_it_is_read_once_inside_and_each_time_outside() -> None:
    numbers = count()
    with seen.remembering():
        assert [seen.once("a", numbers.__next__) for _ in range(3)] == [0, 0, 0]
        assert seen.once("b", numbers.__next__) == 1
        seen.keep("c", 7)
        assert seen.once("c", numbers.__next__) == 7
    assert [seen.once("a", numbers.__next__) for _ in range(2)] == [2, 3]
    with seen.remembering():
        assert seen.once("a", numbers.__next__) == 4
        with seen.remembering(when=False):
            assert [seen.once("a", numbers.__next__) for _ in range(2)] == [5, 6]
        assert seen.once("a", numbers.__next__) == 4


def test_the_gate_is_asked_each_time(
    alice: Caller, address: Address, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    stranger = make_caller("444455556666", "eve")
    with seen.remembering():
        with django_assert_num_queries(1):
            first = repositories.find(address)
            assert first is not None and repositories.find(address) is first
        with pytest.raises(AccessDenied):
            repositories.get(stranger, address)
        assert repositories.get(alice, address) == first
