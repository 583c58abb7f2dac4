"""Plain Python functions rebuilt over substitutes for `math`, `numpy` and the builtins that they name."""

from __future__ import annotations

import builtins
import cmath
import enum
import functools
import itertools
import math
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .arguments import is_float_array
from .arrays import VarArray
from .scalar import Number, plain


def _words(text: str) -> list[str]:
    return text.split()


def _same(text: str) -> dict[str, str]:
    return {name: name for name in text.split()}


MATH_SMOOTH = _words(
    "sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10 log1p sqrt "
    "cbrt fabs erf erfc gamma lgamma degrees radians atan2 hypot pow fmod remainder copysign ldexp"
)
CMATH_SMOOTH = _words(
    "exp log log10 sqrt sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh rect phase"
)
MATH_DETACHED = _words("floor ceil trunc isnan isinf isfinite isclose")
NUMPY_SMOOTH = {
    **_same("sin cos tan sinh cosh tanh exp exp2 expm1 log log2 log10 log1p sqrt cbrt fabs degrees radians"),
    **_same("hypot fmod copysign maximum minimum fmax fmin square reciprocal logaddexp logaddexp2"),
    **_same("clip ldexp sinc"),
    **{"nan_to_num": "copy"},
    **{"arc" + name: "a" + name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    **{"abs": "abs", "absolute": "abs", "negative": "neg", "positive": "copy", "power": "pow"},
    **{"add": "add", "subtract": "sub", "multiply": "mul", "divide": "truediv", "true_divide": "truediv"},
    **{"mod": "mod", "remainder": "mod", "deg2rad": "radians", "rad2deg": "degrees", "float_power": "pow"},
    **{"float64": "copy", "float32": "copy"},
}
NUMPY_DETACHED = _words(
    "floor ceil trunc rint fix round around sign floor_divide isnan isinf isfinite signbit heaviside isclose "
    "equal not_equal less less_equal greater greater_equal"
)
NUMPY_FRESH = _words("zeros empty ones full zeros_like empty_like ones_like full_like copy")

Shim = Callable[..., Any]


def _shim(original: Callable[..., Any], body: Shim) -> Shim:
    body.original = original  # type: ignore[attr-defined]
    return body


def smooth(name: str, original: Callable[..., Any]) -> Shim:
    """A function of numbers that has a derivative rule called `name`."""

    def call(*args: Any) -> Any:
        for arg in args:
            if isinstance(arg, Number):
                return arg.derive(name, original(*map(plain, args)), args)
        return original(*args)

    return _shim(original, call)


def _ndindex(*shape: Any) -> Iterator[tuple[int, ...]]:
    """NumPy's makes arrays of its own to go through, which are none of the program's."""
    sides = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple) else shape
    return itertools.product(*map(range, sides))


def _ndenumerate(array: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    return ((index, array[index]) for index in _ndindex(array.shape))


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None) -> Any:
    """The weighted mean of the two values around a number."""
    last = len(xp) - 1
    if x > xp[last]:
        return fp[last] if right is None else right
    if x < xp[0]:
        return fp[0] if left is None else left
    behind = next(k for k in range(1, last + 1) if x < xp[k] or k == last)
    weight = (x - xp[behind - 1]) / (xp[behind] - xp[behind - 1])
    return fp[behind - 1] * (1.0 - weight) + fp[behind] * weight


def detached(original: Callable[..., Any]) -> Shim:
    """A function whose derivative is zero."""
    return _shim(original, lambda *args: original(*map(plain, args)))


def gathered(name: str, original: Callable[..., Any]) -> Shim:
    """A function of an iterable, such as `sum`."""

    def call(items: Any, *start: Any) -> Any:
        operands = (*items, *start)
        count = len(operands) - len(start)
        values = [plain(operand) for operand in operands]
        value = original(values[:count], *values[count:])
        number = next((operand for operand in operands if isinstance(operand, Number)), None)
        return value if number is None else number.derive(name, value, operands)

    return _shim(original, call)


def made_of_items(original: Callable[..., Any]) -> Shim:
    """`np.array` and `np.asarray`: element by element what the nested sequences hold."""

    def call(items: Any, *args: Any, **options: Any) -> Any:
        args = tuple(getattr(arg, "original", arg) for arg in args)
        options = {key: getattr(option, "original", option) for key, option in options.items()}
        array = original(_plain_items(items), *args, **options)
        if isinstance(items, VarArray) and array is items.data:
            return items
        if not is_float_array(array):
            return array
        result = VarArray(array)
        for key in np.ndindex(array.shape):
            result[key] = functools.reduce(lambda item, i: item[i], key, items)
        return result

    return _shim(original, call)


def _plain_items(items: Any) -> Any:
    if isinstance(items, VarArray):
        return items.data
    return [_plain_items(item) for item in items] if isinstance(items, list | tuple) else plain(items)


def fresh(original: Callable[..., Any]) -> Shim:
    """An allocating function; float arrays come back able to hold numbers."""

    def call(first: Any, *args: Any, **options: Any) -> Any:
        args = tuple(getattr(arg, "original", arg) for arg in args)
        options = {key: getattr(option, "original", option) for key, option in options.items()}
        fill = args[0] if args and "full" in original.__name__ else options.get("fill_value")
        source = first.data if isinstance(first, VarArray) else first
        array = original(source, *map(plain, args), **{key: plain(option) for key, option in options.items()})
        if not is_float_array(array):
            return array
        result = VarArray(array)
        if isinstance(fill, Number):
            result.fill(fill)
        if original is np.copy and isinstance(first, VarArray):
            result[...] = first
        return result

    return _shim(original, call)


_to_float = smooth("copy", float)


class _Floats(type):
    """What `float` means to the tape: a call converts, and a number that is a float is an instance."""

    original = float

    def __call__(cls, *args: Any) -> Any:
        return _to_float(*args)

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(plain(x), float)


class Float(float, metaclass=_Floats):
    """The class that stands for `float`, in class patterns, too."""


def _frexp(x: Any) -> Any:
    exponent = math.frexp(plain(x))[1]
    return _to_float(x) * 2.0**-exponent, exponent


def _polar(z: Any) -> Any:
    if not isinstance(z, Number):
        return cmath.polar(z)
    size, phase = cmath.polar(z.value)
    return z.derive("abs", size, (z,)), z.derive("phase", phase, (z,))


def _substitutes() -> Iterator[Shim]:
    yield from (smooth(name, getattr(math, name)) for name in MATH_SMOOTH)
    yield from (smooth(rule, getattr(np, name)) for name, rule in NUMPY_SMOOTH.items())
    yield from (detached(getattr(math, name)) for name in MATH_DETACHED)
    yield from (detached(getattr(np, name)) for name in NUMPY_DETACHED)
    yield from (fresh(getattr(np, name)) for name in NUMPY_FRESH)
    yield from (made_of_items(original) for original in (np.array, np.asarray))
    yield Float
    yield smooth("complex", complex)
    yield smooth("complex", np.complex128)
    yield from (smooth(name, getattr(cmath, name)) for name in CMATH_SMOOTH)
    yield from (detached(getattr(cmath, name)) for name in ("isnan", "isinf", "isfinite", "isclose"))
    yield smooth("conj", np.conjugate)
    yield smooth("phase", np.angle)
    yield _shim(np.ndindex, _ndindex)
    yield _shim(np.ndenumerate, _ndenumerate)
    yield _shim(np.interp, _interp)
    yield _shim(np.real, lambda z: z.real)
    yield _shim(np.imag, lambda z: z.imag)
    yield _shim(cmath.polar, _polar)
    yield _shim(math.frexp, _frexp)
    yield gathered("sum", sum)
    yield gathered("sum", math.fsum)
    yield gathered("prod", math.prod)


SUBSTITUTES: dict[Any, Shim] = {shim.original: shim for shim in _substitutes()}  # type: ignore[attr-defined]


_MADE_BY_TYPE = (types.GetSetDescriptorType, types.MemberDescriptorType)


def _has_methods(cls: type) -> bool:
    """Whether a class is one of the program's, which computes: no builtin, no exception, no enum."""
    foreign = issubclass(cls, (BaseException, enum.Enum, np.generic, np.ndarray))
    return not foreign and any(isinstance(value, types.FunctionType) for value in vars(cls).values())


class ModuleView:
    """A module whose attributes are rewired when they are read."""

    def __init__(self, module: types.ModuleType, rewiring: Rewiring) -> None:
        self._module = module
        self._rewiring = rewiring

    def __getattr__(self, name: str) -> Any:
        return self._rewiring.convert(getattr(self._module, name))


class Rewiring:
    """One consistent rewiring of a function and everything it reaches; captured arrays are copied."""

    def __init__(self, replace: Mapping[Callable[..., Any], Callable[..., Any]] | None = None) -> None:
        self._table = {**SUBSTITUTES, **(replace or {})}
        self._done: dict[int, Any] = {}
        self._globals: dict[int, dict[str, Any]] = {}
        self._kept: list[Any] = []
        self._builtins = {name: self.convert(value) for name, value in vars(builtins).items()}
        self._builtins["__import__"] = lambda *args: self.convert(__import__(*args))

    def convert(self, value: Any) -> Any:
        """The rewired counterpart of a value that a function can name."""
        if id(value) in self._done:
            return self._done[id(value)]
        if isinstance(value, types.FunctionType) and value not in self._table:
            return self._function(value)
        if isinstance(value, type) and _has_methods(value) and value not in self._table:
            return self._class(value)
        if isinstance(value, (staticmethod, classmethod)):
            return type(value)(self.convert(value.__func__))
        if isinstance(value, property):
            return property(*map(self.convert, (value.fget, value.fset, value.fdel)))
        if isinstance(value, types.MethodType):
            return types.MethodType(self.convert(value.__func__), self.convert(value.__self__))
        if isinstance(value, types.ModuleType):
            return self._remember(value, ModuleView(value, self))
        if is_float_array(value):
            return self._remember(value, VarArray(value.copy(order="K")))
        if callable(value):
            if isinstance(getattr(value, "py_func", None), types.FunctionType):
                return self._function(value.py_func)
            if isinstance(value, functools._lru_cache_wrapper):  # numbers with derivatives are all different
                return self.convert(value.__wrapped__)
            return self._table.get(value, value) if value.__hash__ else value
        return value

    def _remember(self, value: Any, converted: Any) -> Any:
        self._kept.append(value)
        self._done[id(value)] = converted
        return converted

    def _class(self, cls: type) -> type:
        """A class of the same name whose functions are rewired."""
        bases = tuple(map(self.convert, cls.__bases__))
        kept = {"__doc__": cls.__doc__, "__module__": cls.__module__, "__qualname__": cls.__qualname__}
        twin = type(cls)(cls.__name__, bases, kept)
        self._remember(cls, twin)
        for name, value in vars(cls).items():
            if name not in kept and not isinstance(value, _MADE_BY_TYPE) and name != "__slots__":
                setattr(twin, name, self.convert(value))
        return twin

    def _function(self, fn: types.FunctionType) -> types.FunctionType:
        scope = self._globals.setdefault(id(fn.__globals__), {"__builtins__": self._builtins})
        scope.setdefault("__name__", fn.__globals__.get("__name__"))
        cells = tuple(types.CellType() for _ in fn.__closure__ or ())
        twin = types.FunctionType(fn.__code__, scope, fn.__name__, closure=cells if fn.__closure__ else None)
        self._remember(fn, twin)
        twin.__defaults__ = fn.__defaults__ and tuple(map(self.convert, fn.__defaults__))
        twin.__kwdefaults__ = fn.__kwdefaults__ and {k: self.convert(v) for k, v in fn.__kwdefaults__.items()}
        for cell, original in zip(cells, fn.__closure__ or (), strict=True):
            cell.cell_contents = self.convert(original.cell_contents)
        for name in _global_names(fn.__code__):
            if name in fn.__globals__ and name not in scope:
                scope[name] = self.convert(fn.__globals__[name])
        return twin


def _global_names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _global_names(constant)
