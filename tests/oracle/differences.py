"""Gradients without derivative rules: Richardson-extrapolated central differences and the complex step."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .arguments import copy_arguments, is_float_array
from .arrays import Cells, VarArray
from .rewire import Rewiring
from .scalar import Number

COMPLEX_STEP = 1e-40
LEVELS = 6
ANALYTIC = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh")


def richardson(
    fn: Callable[..., Any],
    args: Sequence[Any],
    argnums: int | Sequence[int] = 0,
    seed: Any = None,
    *,
    step: float = 0.02,
    separate: bool = False,
) -> Any:
    """Cotangents of `args[argnums]` by Ridders' method: central differences at halving steps, extrapolated.

    The arguments are copied before every evaluation; `separate` copies drop the overlaps between arguments.
    """

    def directional(position: int, key: tuple[int, ...] | None) -> Any:
        origin = args[position] if key is None else args[position][key]
        if isinstance(origin, complex):
            return complex(
                along(position, key, complex(origin), 1.0), along(position, key, complex(origin), 1j)
            )
        return along(position, key, float(origin), 1.0)

    def along(position: int, key: tuple[int, ...] | None, origin: Any, unit: complex) -> float:
        def outcome(offset: float) -> np.ndarray:
            inputs = list(copy_arguments(args, separate=separate))
            if key is None:
                inputs[position] = type(args[position])(origin + offset * unit)
            else:
                _poke(inputs[position], key, origin + offset * unit)
            return _weighted(fn(*inputs), seed)

        return _extrapolate(outcome, step * max(1.0, abs(origin)))

    return _assemble(args, argnums, directional)


def complex_step(
    fn: Callable[..., Any],
    args: Sequence[Any],
    argnums: int | Sequence[int] = 0,
    seed: Any = None,
    *,
    separate: bool = False,
) -> Any:
    """Cotangents of `args[argnums]` to rounding, one run per input, along the branches CPython takes."""

    def directional(position: int, key: tuple[int, ...] | None) -> float:
        cells, rewiring = Cells(), Rewiring()
        inputs = [
            VarArray(arg, cells) if is_float_array(arg) else rewiring.convert(arg)
            for arg in copy_arguments(args, separate=separate)
        ]
        item = inputs[position]
        if key is None:
            inputs[position] = Step(item, complex(item, COMPLEX_STEP))
        else:
            value = item.data[key]
            item.cells[item.address_of(key)] = Step(value, complex(value, COMPLEX_STEP))
        with np.errstate(all="ignore"):
            return _slope(rewiring.convert(fn)(*inputs), seed)

    return _assemble(args, argnums, directional)


def _assemble(
    args: Sequence[Any],
    argnums: int | Sequence[int],
    directional: Callable[[int, tuple[int, ...] | None], Any],
) -> Any:
    def one(position: int) -> Any:
        arg = args[position]
        if not isinstance(arg, np.ndarray):
            return directional(position, None)
        slopes = np.empty(arg.shape, complex if arg.dtype.kind == "c" else float)
        for key in np.ndindex(arg.shape):
            slopes[key] = directional(position, key)
        return slopes

    return one(argnums) if isinstance(argnums, int) else tuple(map(one, argnums))


def _poke(array: np.ndarray, key: tuple[int, ...], value: complex) -> None:
    writeable = array.flags.writeable
    array.flags.writeable = True
    array[key] = value
    array.flags.writeable = writeable


def _weighted(result: Any, seed: Any) -> np.ndarray:
    if isinstance(result, tuple):
        return sum(_weighted(item, part) for item, part in zip(result, seed, strict=True))
    return np.sum(np.asarray(result, np.float64) * (1.0 if seed is None else seed))


def _extrapolate(outcome: Callable[[float], Any], step: float) -> float:
    best, best_error = math.nan, math.inf
    row: list[float] = []
    for level in range(LEVELS):
        width = step / 2**level
        previous, row = row, [float(outcome(width) - outcome(-width)) / (2 * width)]
        for order, coarse in enumerate(previous, start=1):
            row.append(row[-1] + (row[-1] - coarse) / (4**order - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - coarse))
            if error <= best_error:
                best, best_error = row[-1], error
    return best


def _slope(result: Any, seed: Any) -> float:
    if isinstance(result, tuple):
        return sum(_slope(item, part) for item, part in zip(result, seed, strict=True))
    if isinstance(result, VarArray):
        seed = np.broadcast_to(np.asarray(seed, np.float64), result.shape)
        return math.fsum(_slope(cell, seed[key]) for key, cell in np.ndenumerate(result.elements()))
    return result.z.imag / COMPLEX_STEP * (1.0 if seed is None else seed) if isinstance(result, Step) else 0.0


class Step(Number):
    """A number beside its analytic continuation, whose imaginary part carries the slope."""

    __slots__ = ("z",)

    def __init__(self, value: Any, z: complex) -> None:
        self.value = value
        self.z = z

    def derive(self, name: str, value: Any, operands: Sequence[Any]) -> Step:
        points = [
            operand.z if isinstance(operand, Step) else complex(float(operand), 0.0) for operand in operands
        ]
        return Step(value, complex(float(value), CONTINUATIONS[name](*points).imag))


def _sign(z: complex) -> float:
    return math.copysign(1.0, z.real)


def _abs(z: complex) -> complex:
    return 0j if z.real == 0.0 else _sign(z) * z


def _power(x: complex, y: complex) -> complex:
    if x.real == 0.0 and y.imag == 0.0:
        return x if y.real == 1.0 else 0j
    return x**y.real if y.imag == 0.0 else cmath.exp(y * cmath.log(x))


def _special(name: str) -> Callable[[complex], complex]:
    def continuation(z: complex) -> complex:
        from scipy import special

        return complex(getattr(special, name)(z))

    return continuation


def _atan2(y: complex, x: complex) -> complex:
    return cmath.atan(y / x) if abs(x) > abs(y) else -cmath.atan(x / y)


def _log(z: complex, base: complex = cmath.e) -> complex:
    return cmath.log(z) if base == cmath.e else cmath.log(z) / cmath.log(base)


def _pick(first: bool, x: complex, y: complex) -> complex:
    return x if first else y


def _clip(x: complex, low: complex, high: complex) -> complex:
    raised = low if x.real < low.real else x
    return high if raised.real > high.real else raised


def _total(points: Iterator[complex]) -> complex:
    return sum(points, 0j)


CONTINUATIONS: dict[str, Callable[..., complex]] = {
    **{name: getattr(cmath, name) for name in ANALYTIC},
    "copy": lambda x: x,
    "neg": lambda x: -x,
    "abs": _abs,
    "fabs": _abs,
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "truediv": lambda x, y: x / y if y else complex(math.nan, math.nan),
    "mod": lambda x, y: x - y * (x.real // y.real),
    "fmod": lambda x, y: x - y * math.trunc(x.real / y.real),
    "remainder": lambda x, y: x - y * round(x.real / y.real),
    "pow": _power,
    "exp": cmath.exp,
    "sqrt": cmath.sqrt,
    "exp2": lambda x: cmath.exp(x * math.log(2.0)),
    "expm1": lambda x: cmath.exp(x) - 1,
    "log": _log,
    "log2": lambda x: cmath.log(x) / math.log(2.0),
    "log10": cmath.log10,
    "log1p": lambda x: cmath.log(1 + x),
    "cbrt": lambda x: _sign(x) * (_sign(x) * x) ** (1 / 3),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "erf": _special("erf"),
    "erfc": _special("erfc"),
    "gamma": _special("gamma"),
    "lgamma": _special("loggamma"),
    "degrees": lambda x: x * (180.0 / math.pi),
    "radians": lambda x: x * (math.pi / 180.0),
    "atan2": _atan2,
    "hypot": lambda *xs: cmath.sqrt(_total(x * x for x in xs)),
    "copysign": lambda x, y: _sign(y) * _abs(x),
    "ldexp": lambda x, n: x * 2.0**n.real,
    "logaddexp": lambda x, y: cmath.log(cmath.exp(x) + cmath.exp(y)),
    "logaddexp2": lambda x, y: cmath.log(2.0**x + 2.0**y) / math.log(2.0),
    "maximum": lambda x, y: _pick(x.real >= y.real, x, y),
    "minimum": lambda x, y: _pick(x.real <= y.real, x, y),
    "fmax": lambda x, y: _pick(x.real >= y.real, x, y),
    "fmin": lambda x, y: _pick(x.real <= y.real, x, y),
    "clip": _clip,
    "sinc": lambda x: cmath.sin(math.pi * x) / (math.pi * x) if x else 1.0 + 0.0j,
    "sum": lambda *xs: _total(iter(xs)),
    "prod": lambda *xs: math.prod(xs, start=1 + 0j),
}
