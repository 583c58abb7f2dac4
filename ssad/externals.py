"""Python callables that compiled functions call back, and their derivatives.

An external function is a black box: it gets numbers and copies of arrays and returns numbers. Its derivative
comes from central differences, from complex steps, or from a rule by hand; second derivatives are central
differences of the first.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ssad.errors import ArgumentError

Method = str | Callable[..., Any]
NUMBERS: dict[type, str] = {float: "f64", int: "i64", bool: "bool"}

CENTRAL_STEP = float(np.finfo(float).eps) ** (1.0 / 3.0)
"""Times the size of the argument: where truncation and rounding of a central difference are alike small."""

COMPLEX_STEP = 1e-200
"""There is no difference to round, so the step may be as small as it likes (Squire and Trapp 1998)."""


class External:
    """A callable with the types of its results and the way to its derivative, None where it has none.

    `results` are types, or numbers: arrays like the argument of that number.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        method: Method | None,
        results: Sequence[type | int],
        single: bool = True,
    ) -> None:
        self.fn = fn
        self.method = method
        self.results = tuple(results)
        self.single = single
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fn(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<external {self.name}>"

    @property
    def name(self) -> str:
        """The name for error messages."""
        return str(getattr(self.fn, "__name__", type(self.fn).__name__))

    def numbers(self, values: Any) -> list[Any]:
        """What the callable returned, as the results that were declared. Raises ArgumentError."""
        given = [values] if self.single else list(values) if isinstance(values, tuple | list) else None
        if given is None or len(given) != len(self.results):
            wanted = "one number" if self.single else f"a tuple of {len(self.results)}"
            raise ArgumentError(
                f"the external function {self.name} returns {wanted}, not {values!r:.60}",
                cure="say what it returns: @ssad.external(result=...)",
            )
        return [self._number(value, kind) for value, kind in zip(given, self.results, strict=True)]

    def _number(self, value: Any, kind: type | int) -> Any:
        if isinstance(kind, int):
            return np.asarray(value, float)
        try:
            if kind is float:
                return float(value)
            if int(value) == value and (value in (0, 1) if kind is bool else -(2**63) <= value < 2**63):
                return kind(value)
        except (TypeError, ValueError, OverflowError):
            pass
        raise ArgumentError(
            f"the external function {self.name} returned {value!r:.40} where {kind.__name__} was declared",
            cure="say what it returns: @ssad.external(result=...)",
        )

    def pullback(self, kinds: Sequence[type | None]) -> External:
        """The function `(y_bar, y, *args)` of the cotangents, for float (float), array (np.ndarray) and other
        (None) arguments.
        """
        key = tuple(kinds)
        if key not in self._pullbacks:
            count = len(self.results)
            floats = [n for n, kind in enumerate(kinds) if kind is not None]
            results: list[type | int] = [float if kinds[n] is float else 2 * count + n for n in floats]

            def cotangents(*given: Any) -> tuple[Any, ...]:
                y_bar, y, args = given[:count], given[count : 2 * count], given[2 * count :]
                return tuple(self._cotangents(y_bar, y, args, floats))

            cotangents.__name__ = f"{self.name}.pullback"
            self._pullbacks[key] = External(cotangents, "central", results, single=False)
        return self._pullbacks[key]

    @functools.cached_property
    def _pullbacks(self) -> dict[tuple[type | None, ...], External]:
        return {}

    @functools.cached_property
    def pushforward(self) -> External:
        """The function `(moving, *args, *dots)` of the tangents of the results, by central differences along
        the tangents `dots` of those arguments whose bit in `moving` is set.
        """

        def tangents(moving: int, *given: Any) -> Any:
            count = len(given) - moving.bit_count()
            args, dots = given[:count], iter(given[count:])
            way = [next(dots) if moving >> n & 1 else None for n in range(count)]
            size = max(
                (_relative(d, x) for x, d in zip(args, way, strict=True) if d is not None), default=0.0
            )
            if not 0.0 < size < math.inf:
                size = 1.0
            ends = []
            for step in (CENTRAL_STEP / size, -CENTRAL_STEP / size):
                moved = [x if d is None else x + step * d for x, d in zip(args, way, strict=True)]
                ends.append(self.numbers(self.fn(*moved)))
            slopes = [(a - b) * (0.5 * size / CENTRAL_STEP) for a, b in zip(*ends, strict=True)]
            return slopes[0] if self.single else tuple(slopes)

        tangents.__name__ = f"{self.name}.pushforward"
        results = [kind + 1 if isinstance(kind, int) else kind for kind in self.results]
        return External(tangents, None, results, single=self.single)

    def _cotangents(self, y_bar: Any, y: Any, args: Sequence[Any], floats: Sequence[int]) -> list[Any]:
        if callable(self.method):
            return self._by_rule(y_bar, y, args, floats)
        slope = _complex_step if self.method == "complex_step" else _central

        def along(moved: Sequence[Any]) -> Any:
            values = self.fn(*moved)
            values = [values] if self.single else values
            return sum(bar * value for bar, value in zip(y_bar, values, strict=True))

        found: list[Any] = []
        for n in floats:
            x = args[n]
            if not isinstance(x, np.ndarray):
                found.append(slope(along, args, n, None))
                continue
            bar = np.zeros(x.shape)
            for index in np.ndindex(x.shape):
                bar[index] = slope(along, args, n, index)
            found.append(bar)
        return found

    def _by_rule(self, y_bar: Any, y: Any, args: Sequence[Any], floats: Sequence[int]) -> list[Any]:
        assert callable(self.method)
        one = self.single
        given = self.method(y_bar[0] if one else y_bar, y[0] if one else y, *args)
        bars = list(given) if isinstance(given, tuple) else [given]
        if len(bars) != len(args):
            raise ArgumentError(
                f"the rule of {self.name} returns {len(bars)} cotangents for {len(args)} arguments",
                cure="return one cotangent per argument, None for those that are no floats",
            )
        for n in floats:
            shape = np.shape(args[n])
            if bars[n] is None or np.shape(bars[n]) != shape:
                what = "None" if bars[n] is None else f"a cotangent of shape {np.shape(bars[n])}"
                raise ArgumentError(
                    f"the rule of {self.name} returns {what} for argument {n}, which has shape {shape}",
                    cure="return zeros where nothing depends on an argument",
                )
        return [np.asarray(bars[n], float) if np.ndim(bars[n]) else float(bars[n]) for n in floats]


def _relative(dot: Any, x: Any) -> float:
    """How fast a tangent moves an argument, beside the argument's own size."""
    return float(np.max(np.abs(dot) / np.maximum(np.abs(x), 1.0), initial=0.0))


Place = tuple[int, ...] | None


def _moved(args: Sequence[Any], n: int, at: Place, value: Any) -> list[Any]:
    """The arguments with another number in argument `n`, at an index if that is an array."""
    moved = list(args)
    if at is None:
        moved[n] = value
    else:
        moved[n] = np.array(args[n], dtype=complex if isinstance(value, complex) else None)
        moved[n][at] = value
    return moved


def _central(along: Callable[[Sequence[Any]], Any], args: Sequence[Any], n: int, at: Place) -> float:
    x = float(args[n] if at is None else args[n][at])
    step = CENTRAL_STEP * max(1.0, abs(x)) if math.isfinite(x) else CENTRAL_STEP
    above, below = x + step, x - step
    rise = along(_moved(args, n, at, above)) - along(_moved(args, n, at, below))
    return float(rise / (above - below))


def _complex_step(along: Callable[[Sequence[Any]], Any], args: Sequence[Any], n: int, at: Place) -> float:
    x = float(args[n] if at is None else args[n][at])
    value = along(_moved(args, n, at, complex(x, COMPLEX_STEP)))
    if not isinstance(value, complex | np.complexfloating):
        raise ArgumentError(
            f"a function with complex steps returned {value!r:.40} for a complex number",
            cure='it must be analytic, without abs, max or float; or use method="central"',
        )
    return float(value.imag / COMPLEX_STEP)


class Raw:
    """The bare call of an external function, without a rule: what the functions that are compiled for it
    call.
    """

    def __init__(self, external: External) -> None:
        self.external = external

    def __call__(self, *args: Any) -> Any:
        raise TypeError("only compiled functions call this")


@functools.lru_cache(maxsize=512)
def functions_of(external: External, kinds: tuple[type | None, ...]) -> tuple[Any, Any]:
    """Plain functions of as many arguments, to be compiled: the call, and the rule for its derivative."""
    names = "".join(f", x{n}" for n in range(len(kinds)))
    call = _defined(
        external.name, f"def function({names[2:]}):\n    return raw({names[2:]})\n", Raw(external)
    )
    if external.method is None or not any(kinds):
        return call, None
    pullback = external.pullback(kinds)
    numbers = iter(range(len(kinds)))
    bars = ", ".join("None" if kind is None else f"bars[{next(numbers)}]" for kind in kinds)
    given = "y_bar, y" if external.single else "*y_bar, *y"
    text = f"def function(y_bar, y{names}):\n    bars = raw({given}{names})\n    return ({bars},)\n"
    return call, _defined(f"{external.name}.rule", text, Raw(pullback))


def _defined(name: str, text: str, raw: Any) -> Any:
    scope: dict[str, Any] = {"raw": raw}
    exec(compile(text, f"<external {name}>", "exec"), scope)
    function = scope["function"]
    function.__name__ = function.__qualname__ = name
    return function
