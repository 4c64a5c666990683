from mlbench.report.one_dataset.settling import POWERED, what_settles


def test_rows_that_are_needed_bring_the_error_down_to_what_finds_the_difference() -> None:
    found = what_settles(0.02, error=0.02, from_rows=0.02, rows=400, seeds=3)
    assert found.seeds == 0
    assert found.rows is not None
    error = 0.02 * (400 / (400 + found.rows)) ** 0.5
    assert error * POWERED <= 0.02 < error * POWERED * 1.01, "rounded up to two digits"


def test_where_seeds_vary_too_much_more_seeds_are_asked_for_first() -> None:
    found = what_settles(0.02, error=0.0095, from_rows=0.001, rows=400, seeds=3)
    assert (found.rows, found.seeds) == (0, 3)


def test_what_nobody_will_collect_is_said_to_be_out_of_reach() -> None:
    assert what_settles(0.001, error=0.02, from_rows=0.02, rows=400, seeds=3).rows is None


def test_a_difference_that_would_have_been_found_needs_nothing() -> None:
    found = what_settles(0.1, error=0.01, from_rows=0.009, rows=400, seeds=3)
    assert (found.rows, found.seeds) == (0, 0)
