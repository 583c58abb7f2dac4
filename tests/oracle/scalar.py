"""A number that computes CPython's plain value and hands every operation to a derivative method."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """The value that CPython would have here."""
    return value.value if isinstance(value, Number) else value


class Number:
    """A Python float or NumPy scalar with a derivative attached by `derive`.

    There is no `__float__`: a function that is unknown here raises instead of losing the derivative.
    """

    __slots__ = ("value",)
    __array_ufunc__ = None
    value: Any

    def derive(self, name: str, value: Any, operands: Sequence[Any]) -> Number:
        """The number that the operation `name` yields, with plain result `value`."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self.value)

    def __str__(self) -> str:
        return str(self.value)

    def __format__(self, spec: str) -> str:
        return format(self.value, spec)

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __trunc__(self) -> int:
        return math.trunc(self.value)

    def __floor__(self) -> int:
        return math.floor(self.value)

    def __ceil__(self) -> int:
        return math.ceil(self.value)

    def __round__(self, *digits: int) -> Any:
        return round(self.value, *digits)

    @property
    def real(self) -> Any:
        return self

    @property
    def imag(self) -> Any:
        return 0.0

    def conjugate(self) -> Number:
        return self

    def __pos__(self) -> Number:
        return self.derive("copy", +self.value, (self,))

    def __neg__(self) -> Number:
        return self.derive("neg", -self.value, (self,))

    def __abs__(self) -> Number:
        return self.derive("abs", abs(self.value), (self,))

    def __divmod__(self, other: Any) -> tuple[Any, Number]:
        quotient, rest = divmod(self.value, plain(other))
        return quotient, self.derive("mod", rest, (self, other))

    def __rdivmod__(self, other: Any) -> tuple[Any, Number]:
        quotient, rest = divmod(other, self.value)
        return quotient, self.derive("mod", rest, (other, self))

    def is_integer(self) -> bool:
        """Whether the plain value is integral."""
        return self.value.is_integer()


SMOOTH_OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "mod": operator.mod,
    "pow": operator.pow,
}
DETACHED_OPERATORS = {
    name: getattr(operator, name) for name in ("floordiv", "lt", "le", "eq", "ne", "gt", "ge")
}


def _is_foreign(other: Any) -> bool:
    return not isinstance(other, (Number, int, float, complex, np.generic))


def _forward(name: str, operation: Callable[[Any, Any], Any]) -> Callable[[Number, Any], Any]:
    def method(self: Number, other: Any) -> Any:
        if _is_foreign(other):
            return NotImplemented
        return self.derive(name, operation(self.value, plain(other)), (self, other))

    return method


def _reflected(name: str, operation: Callable[[Any, Any], Any]) -> Callable[[Number, Any], Any]:
    def method(self: Number, other: Any) -> Any:
        if _is_foreign(other):
            return NotImplemented
        return self.derive(name, operation(other, self.value), (other, self))

    return method


def _detached(operation: Callable[[Any, Any], Any], *, reflected: bool) -> Callable[[Number, Any], Any]:
    def method(self: Number, other: Any) -> Any:
        if _is_foreign(other):
            return NotImplemented
        return operation(plain(other), self.value) if reflected else operation(self.value, plain(other))

    return method


for _name, _operation in SMOOTH_OPERATORS.items():
    setattr(Number, f"__{_name}__", _forward(_name, _operation))
    setattr(Number, f"__r{_name}__", _reflected(_name, _operation))
for _name, _operation in DETACHED_OPERATORS.items():
    setattr(Number, f"__{_name}__", _detached(_operation, reflected=False))
Number.__rfloordiv__ = _detached(operator.floordiv, reflected=True)  # type: ignore[attr-defined]
