"""How long is waited before something is tried again."""

from credit_monitor.patience import patience


def test_each_time_is_twice_as_long_up_to_the_bound() -> None:
    assert [patience(1.0, 60.0, times) for times in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_what_was_tried_for_months_is_waited_for_no_longer_than_the_bound() -> None:
    assert patience(15.0, 3600.0, 100_000) == 3600.0
