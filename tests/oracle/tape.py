"""Reverse mode by operator overloading: the same Python function, run by CPython, with its gradient.

Conventions: abs has slope 0 at 0; a tie of min or max belongs to the argument that is returned (the first);
sqrt has slope inf at 0; x**0 has slope 0; the exponent of x**y has slope 0 at x = 0 < y and nan at x < 0;
comparisons, `//`, rounding and conversion to int are constants; x % y has slopes 1 and -(x // y).
A cotangent that nothing contributes to is absent, so it never meets an infinite slope.
"""

from __future__ import annotations

import cmath
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .arguments import copy_arguments, is_float_array, overlapping
from .arrays import Cells, VarArray
from .rewire import Rewiring
from .scalar import Number

_clock = itertools.count()
LOG2, LOG10, TWO_OVER_SQRT_PI = math.log(2.0), math.log(10.0), 2.0 / math.sqrt(math.pi)


class Var(Number):
    """A number that remembers its operands and its slopes with respect to them."""

    __slots__ = ("bar", "edges", "time")

    def __init__(self, value: Any, edges: tuple[tuple[Var, float], ...] = ()) -> None:
        self.value = value
        self.edges = edges
        self.time = next(_clock)
        self.bar: float | None = None

    def derive(self, name: str, value: Any, operands: Sequence[Any]) -> Var:
        if isinstance(value, complex) or any(isinstance(x, (complex, ComplexVar)) for x in operands):
            return complex_derive(name, value, operands)
        reals = [np.float64(operand.value if isinstance(operand, Var) else operand) for operand in operands]
        slopes = SLOPES[name](np.float64(value), *reals)
        return Var(
            value,
            tuple(
                (operand, float(slope))
                for operand, slope in zip(operands, slopes, strict=True)
                if isinstance(operand, Var) and slope is not None
            ),
        )

    def toward(self, operand: Any, slope: Any) -> Any:
        """What this number's cotangent adds to that of an operand."""
        return self.bar * slope


class ComplexVar(Number):
    """A complex number w that remembers its operands: dw = a dz + b conj(dz) for the slope (a, b) of z.

    The cotangent of x + iy is dL/dx + i dL/dy.
    """

    __slots__ = ("bar", "edges", "time")

    def __init__(self, value: Any, edges: tuple[tuple[Any, tuple[complex, complex]], ...] = ()) -> None:
        self.value = value
        self.edges = edges
        self.time = next(_clock)
        self.bar: complex | None = None

    def derive(self, name: str, value: Any, operands: Sequence[Any]) -> Any:
        return complex_derive(name, value, operands)

    def toward(self, operand: Any, slope: tuple[complex, complex]) -> Any:
        """What this number's cotangent adds to that of an operand: a real one gets the real part."""
        bar = complex(self.bar)  # type: ignore[arg-type]
        whole = bar * slope[0].conjugate() + bar.conjugate() * slope[1]
        return whole if isinstance(operand, ComplexVar) else whole.real

    @property
    def real(self) -> Any:
        return self.derive("real", self.value.real, (self,))

    @property
    def imag(self) -> Any:
        return self.derive("imag", self.value.imag, (self,))

    def conjugate(self) -> Any:
        return self.derive("conj", self.value.conjugate(), (self,))


def complex_derive(name: str, value: Any, operands: Sequence[Any]) -> Any:
    """What a function of complex numbers gives: by its derivative, or by the gradient of a real result."""
    plain = [complex(x.value if isinstance(x, Number) else x) for x in operands]
    slopes = COMPLEX_SLOPES[name](complex(value), *plain)
    edges = [(x, s) for x, s in zip(operands, slopes, strict=True) if isinstance(x, Number) and s is not None]
    if not isinstance(value, complex):
        return Var(value, tuple(edges))
    return ComplexVar(value, tuple((x, s if isinstance(s, tuple) else (complex(s), 0j)) for x, s in edges))


def _complex_power(w: complex, z: complex, n: complex) -> tuple[Any, Any]:
    if z == 0:
        return (1.0 if n == 1 else 0.0), None
    return n * cmath.exp((n - 1) * cmath.log(z)) if n != 0 else None, w * cmath.log(z)


COMPLEX_SLOPES: dict[str, Callable[..., Iterable[Any]]] = {
    "copy": lambda w, z: (1.0,),
    "neg": lambda w, z: (-1.0,),
    "conj": lambda w, z: ((0j, 1 + 0j),),
    "add": lambda w, x, y: (1.0, 1.0),
    "sub": lambda w, x, y: (1.0, -1.0),
    "mul": lambda w, x, y: (y, x),
    "truediv": lambda w, x, y: (1 / y, -x / (y * y)),
    "pow": _complex_power,
    "complex": lambda w, *parts: (1.0, 1j)[: len(parts)],
    "rect": lambda w, r, phi: (cmath.exp(1j * phi), 1j * w),
    "exp": lambda w, z: (cmath.exp(z),),
    "log": lambda w, z, base=None: (1 / z,) if base is None else (1 / (z * cmath.log(base)), None),
    "log10": lambda w, z: (1 / (z * LOG10),),
    "sqrt": lambda w, z: (0.5 / w,),
    "sin": lambda w, z: (cmath.cos(z),),
    "cos": lambda w, z: (-cmath.sin(z),),
    "tan": lambda w, z: (1 + w * w,),
    "sinh": lambda w, z: (cmath.cosh(z),),
    "cosh": lambda w, z: (cmath.sinh(z),),
    "tanh": lambda w, z: (1 - w * w,),
    "asin": lambda w, z: (1 / (cmath.sqrt(1 - z) * cmath.sqrt(1 + z)),),
    "acos": lambda w, z: (-1 / (cmath.sqrt(1 - z) * cmath.sqrt(1 + z)),),
    "atan": lambda w, z: (1 / (1 + z * z),),
    "asinh": lambda w, z: (1 / (cmath.sqrt(1 + 1j * z) * cmath.sqrt(1 - 1j * z)),),
    "acosh": lambda w, z: (1 / (cmath.sqrt(z - 1) * cmath.sqrt(z + 1)),),
    "atanh": lambda w, z: (1 / ((1 - z) * (1 + z)),),
    # real results: the gradient
    "real": lambda w, z: (1.0,),
    "imag": lambda w, z: (1j,),
    "abs": lambda w, z: (z / abs(z) if z else None,),
    "phase": lambda w, z: (1j * z / abs(z) ** 2,),
}
"""Slopes of complex functions: w' by z, or a pair (by z, by its conjugate)."""


def _power(z: Any, x: Any, y: Any) -> tuple[Any, Any]:
    slope_x = None if y == 0 else y * x ** (y - 1)
    if x == 0:
        return slope_x, (None if y > 0 else -math.inf)
    return slope_x, z * np.log(x)


def _first(holds: Any) -> tuple[Any, Any]:
    return (1.0, None) if holds else (None, 1.0)


def _product(z: Any, *factors: Any) -> list[float]:
    return [math.prod(factors[:i]) * math.prod(factors[i + 1 :]) for i in range(len(factors))]


def _clip(z: Any, x: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    if high < low or x > high:
        return None, None, 1.0
    return (None, 1.0, None) if x < low else (1.0, None, None)


def _log(z: Any, x: Any, base: Any = None) -> tuple[Any, ...]:
    if base is None:
        return (1 / x,)
    return 1 / (x * np.log(base)), -z / (base * np.log(base))


def _digamma(x: float) -> float:
    from scipy.special import digamma

    return digamma(x)


SLOPES: dict[str, Callable[..., Iterable[Any]]] = {
    "copy": lambda z, x: (1.0,),
    "neg": lambda z, x: (-1.0,),
    "abs": lambda z, x: (None if x == 0 else np.copysign(1.0, x),),
    "add": lambda z, x, y: (1.0, 1.0),
    "sub": lambda z, x, y: (1.0, -1.0),
    "mul": lambda z, x, y: (y, x),
    "truediv": lambda z, x, y: (1 / y, -x / y / y),
    "mod": lambda z, x, y: (1.0, -(x // y)),
    "fmod": lambda z, x, y: (1.0, -np.trunc(x / y)),
    "remainder": lambda z, x, y: (1.0, -np.rint((x - z) / y)),
    "pow": _power,
    "sin": lambda z, x: (np.cos(x),),
    "cos": lambda z, x: (-np.sin(x),),
    "tan": lambda z, x: (np.cos(x) ** -2,),
    "asin": lambda z, x: (1 / np.sqrt((1 - x) * (1 + x)),),
    "acos": lambda z, x: (-1 / np.sqrt((1 - x) * (1 + x)),),
    "atan": lambda z, x: (1 / (1 + x * x),),
    "sinh": lambda z, x: (np.cosh(x),),
    "cosh": lambda z, x: (np.sinh(x),),
    "tanh": lambda z, x: (np.cosh(x) ** -2,),
    "asinh": lambda z, x: (1 / np.hypot(x, 1.0),),
    "acosh": lambda z, x: (1 / np.sqrt((x - 1) * (x + 1)),),
    "atanh": lambda z, x: (1 / ((1 - x) * (1 + x)),),
    "exp": lambda z, x: (np.exp(x),),
    "exp2": lambda z, x: (LOG2 * np.exp2(x),),
    "expm1": lambda z, x: (np.exp(x),),
    "log": _log,
    "log2": lambda z, x: (1 / (x * LOG2),),
    "log10": lambda z, x: (1 / (x * LOG10),),
    "log1p": lambda z, x: (1 / (1 + x),),
    "sqrt": lambda z, x: (0.5 / np.sqrt(x),),
    "cbrt": lambda z, x: (1 / (3 * np.cbrt(x) ** 2),),
    "square": lambda z, x: (2 * x,),
    "reciprocal": lambda z, x: (-1 / (x * x),),
    "erf": lambda z, x: (TWO_OVER_SQRT_PI * np.exp(-x * x),),
    "erfc": lambda z, x: (-TWO_OVER_SQRT_PI * np.exp(-x * x),),
    "gamma": lambda z, x: (z * _digamma(x),),
    "lgamma": lambda z, x: (_digamma(x),),
    "degrees": lambda z, x: (180.0 / math.pi,),
    "radians": lambda z, x: (math.pi / 180.0,),
    "atan2": lambda z, y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
    "hypot": lambda z, *xs: [None if z == 0 else x / z for x in xs],
    "copysign": lambda z, x, y: (None if x == 0 else np.copysign(1.0, x) * np.copysign(1.0, y), None),
    "ldexp": lambda z, x, n: (np.exp2(n), None),
    "logaddexp": lambda z, x, y: (np.exp(x - z), np.exp(y - z)),
    "logaddexp2": lambda z, x, y: (2.0 ** (x - z), 2.0 ** (y - z)),
    "maximum": lambda z, x, y: _first(x >= y or np.isnan(x)),
    "minimum": lambda z, x, y: _first(x <= y or np.isnan(x)),
    "fmax": lambda z, x, y: _first(x >= y or np.isnan(y)),
    "fmin": lambda z, x, y: _first(x <= y or np.isnan(y)),
    "clip": _clip,
    "sinc": lambda z, x: ((np.cos(math.pi * x) - z) / x if x else None,),
    "sum": lambda z, *xs: [1.0] * len(xs),
    "prod": _product,
}
SLOPES["fabs"] = SLOPES["abs"]


def detach(value: Any) -> Any:
    """The plain value: what `stop_gradient` means to the tape."""
    return value.value if isinstance(value, Number) else value


def gradient(
    fn: Callable[..., Any],
    args: Sequence[Any],
    argnums: int | Sequence[int] = 0,
    seed: Any = None,
    *,
    replace: Mapping[Callable[..., Any], Callable[..., Any]] | None = None,
) -> tuple[Any, Any]:
    """Value of `fn(*args)` and the cotangents of `args[argnums]`, f64 of the argument's shape.

    `seed` has the structure of the result and may be left out for a scalar. The arguments are not modified.
    Overlapping arguments each get their own partial, unless one of them is written: then each gets the total.
    """
    value, bars, written = _run(fn, copy_arguments(args), argnums, seed, replace)
    aliased = overlapping(args)
    if aliased and not written.intersection(aliased):
        value, bars, _ = _run(fn, copy_arguments(args, separate=True), argnums, seed, replace)
    return value, (bars[0] if isinstance(argnums, int) else tuple(bars))


def _run(
    fn: Callable[..., Any],
    args: Sequence[Any],
    argnums: int | Sequence[int],
    seed: Any,
    replace: Mapping[Callable[..., Any], Callable[..., Any]] | None,
) -> tuple[Any, list[Any], set[int]]:
    positions = [argnums] if isinstance(argnums, int) else list(argnums)
    cells, rewiring = Cells(), Rewiring(replace)
    inputs = [VarArray(arg, cells) if is_float_array(arg) else rewiring.convert(arg) for arg in args]
    leaves = [_leaves(inputs, position) for position in positions]
    with np.errstate(all="ignore"):
        result = rewiring.convert(fn)(*inputs)
        _sweep(list(_seeds(result, seed)))
    written = {
        position
        for position, item in enumerate(inputs)
        if isinstance(item, VarArray)
        and any(item.address_of(key) in cells.written for key in np.ndindex(item.shape))
    }
    return _plain_result(result), [_cotangent(leaf) for leaf in leaves], written


def _leaves(inputs: list[Any], position: int) -> Any:
    item = inputs[position]
    if isinstance(item, (float, np.floating, complex)):
        inputs[position] = ComplexVar(item) if isinstance(item, complex) else Var(item)
        return inputs[position]
    if not isinstance(item, VarArray):
        raise TypeError(f"argument {position} is {type(item).__name__}: it has no derivative")
    for key in np.ndindex(item.shape):
        made = ComplexVar if item.data.dtype.kind == "c" else Var
        item.cells.setdefault(item.address_of(key), made(item.data[key]))
    return item.elements()


def _cotangent(leaf: Any) -> Any:
    if isinstance(leaf, Number):
        return leaf.bar or 0.0
    bars = [cell.bar or 0.0 for cell in leaf.flat]
    holds_complex = any(isinstance(cell, ComplexVar) for cell in leaf.flat)
    return np.array(bars, complex if holds_complex else np.float64).reshape(leaf.shape)


def _seeds(result: Any, seed: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(result, tuple):
        for item, part in zip(result, seed, strict=True):
            yield from _seeds(item, part)
    elif isinstance(result, VarArray):
        seed = np.broadcast_to(np.asarray(seed), result.shape)
        for key, cell in np.ndenumerate(result.elements()):
            if isinstance(cell, Number):
                yield cell, seed[key]
    elif isinstance(result, Number):
        yield result, 1.0 if seed is None else seed


def _plain_result(result: Any) -> Any:
    if isinstance(result, tuple):
        return tuple(map(_plain_result, result))
    return result.data if isinstance(result, VarArray) else detach(result)


def _sweep(seeds: list[tuple[Any, Any]]) -> None:
    reached = {id(var): var for var, _ in seeds}
    pending = list(reached.values())
    while pending:
        for operand, _ in pending.pop().edges:
            if id(operand) not in reached:
                reached[id(operand)] = operand
                pending.append(operand)
    for var, bar in seeds:
        var.bar = bar if var.bar is None else var.bar + bar
    for var in sorted(reached.values(), key=lambda var: var.time, reverse=True):
        for operand, slope in var.edges:
            bar = var.toward(operand, slope)
            operand.bar = bar if operand.bar is None else operand.bar + bar
