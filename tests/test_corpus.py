"""The corpus itself: every function runs, ends as registered, and touches what its entry says."""

import numpy as np
import pytest

from tests.corpus import registry

SCALARS, ARRAYS, RAISING = registry.cases(), registry.array_valued(), registry.raising()


def _name(case: registry.Case) -> str:
    return case.name


def test_size() -> None:
    assert len(SCALARS) + len(ARRAYS) >= 100


@pytest.mark.parametrize("case", SCALARS, ids=_name)
@np.errstate(all="ignore")
def test_returns_a_float(case: registry.Case) -> None:
    for args in case.argument_sets():
        result = case.fn(*args)
        assert isinstance(result, float | int)
        assert np.isfinite(result)


@pytest.mark.parametrize("case", ARRAYS, ids=_name)
def test_returns_an_array(case: registry.Case) -> None:
    for args in case.argument_sets():
        assert case.fn(*args).ndim == 1


@pytest.mark.parametrize("case", RAISING, ids=_name)
def test_raises(case: registry.Case) -> None:
    assert case.raises is not None
    for args in case.argument_sets():
        with pytest.raises(case.raises) as caught:
            case.fn(*args)
        assert caught.type is case.raises


@pytest.mark.parametrize("case", SCALARS + ARRAYS, ids=_name)
def test_arguments_are_deterministic(case: registry.Case) -> None:
    for first, second in zip(case.argument_sets(), case.argument_sets(), strict=True):
        for a, b in zip(first, second, strict=True):
            np.testing.assert_array_equal(a, b)
        assert all(isinstance(first[k], float | complex | np.floating | np.ndarray) for k in case.positions)
