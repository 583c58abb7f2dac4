"""The doors: decorators and operators on plain Python functions."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

import numpy as np

from ssad.ad.signature import Slot
from ssad.dispatch import Given, Specialisation, Specialisations, float_result, give_shadows, zeros_like
from ssad.errors import ArgumentError, DifferentiationError
from ssad.pipeline import Recipe, Step

P = ParamSpec("P")
R = TypeVar("R")
Argnums = int | tuple[int, ...]


class Compiled(Generic[P, R]):
    """A plain Python function with native code behind it, compiled per argument types on first use.

    Raises what the function raises; errors of `ssad.errors` where it cannot be compiled.
    """

    __ssad__ = True

    def __init__(self, fn: Callable[P, R], recipe: Recipe) -> None:
        if not inspect.isfunction(fn):
            from ssad.frontend.lift import describe_uncompilable

            raise describe_uncompilable(fn)
        functools.update_wrapper(self, fn)
        self.py_func = fn
        self._specialisations = Specialisations(fn, recipe)
        self._signature = inspect.signature(fn)
        self._arity = len(self._signature.parameters)

    @property
    def signatures(self) -> list[str]:
        """The argument types compiled so far."""
        return self._specialisations.signatures

    def value(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's value, by native code."""
        bound = self._bind(args, kwargs)
        found = self._specialisations.find(bound, ())
        return _python_result(found, found.run(bound, {}), bound)  # type: ignore[no-any-return]

    def _bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Sequence[Any]:
        """The arguments in order, defaults filled in. Raises ArgumentError, a TypeError, as a call would."""
        if not kwargs and len(args) == self._arity:
            return args
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            name = self.py_func.__name__
            raise ArgumentError(f"{name}() {error}", cure=f"the signature is {name}{self._signature}") from None
        bound.apply_defaults()
        return [*bound.args, *bound.kwargs.values()]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.py_func.__qualname__}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self.py_func.__qualname__


class Jit(Compiled[P, R]):
    """What `ssad.jit` makes: calling it computes the function's value."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.value(*args, **kwargs)


class Gradient(Compiled[P, Any]):
    """What `ssad.jit_grad` makes: calling it computes the gradient."""

    def __init__(self, fn: Callable[P, Any], argnums: Argnums, recipe: Recipe) -> None:
        super().__init__(fn, recipe)
        self.argnums = _normal_argnums(self.py_func, argnums, self._arity)
        self._single = isinstance(argnums, int)
        self._steps = (Step("reverse", self.argnums),)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self.value_and_grad(*args, **kwargs)[1]

    def value_and_grad(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Any, Any]:
        """(value, gradient) by one native call."""
        bound = self._bind(args, kwargs)
        value, cotangents = _reverse(self._specialisations, self.py_func, bound, self._steps, self.argnums)
        return value, cotangents[0] if self._single else tuple(cotangents)


class ValueAndGradient(Gradient[P]):
    """What `ssad.value_and_grad` makes: calling it computes both."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self.value_and_grad(*args, **kwargs)


# decorators and operators


@overload
def jit_grad(fn: Callable[P, Any], /) -> Gradient[P]: ...
@overload
def jit_grad(
    *,
    argnums: Argnums = 0,
    fastmath: bool = False,
    vector_math: bool = True,
    adjoint_reassoc: bool = True,
    error_model: str = "python",
) -> Callable[[Callable[P, Any]], Gradient[P]]: ...
def jit_grad(fn: Any = None, /, *, argnums: Argnums = 0, **options: Any) -> Any:
    """Decorate a function that returns one float: calling it gives its gradient by native code.

    argnums      number of the argument to differentiate by (gives one array or float), or a tuple (gives a tuple)
    fastmath     let sums be reordered and divisions approximated
    vector_math  let loops call vector versions of elementary functions (within 4 ulp); False: bit-equal to CPython
    adjoint_reassoc   False forbids reordering the sums that the adjoint adds
    error_model  "python": `math.log(-1.0)` and division by zero raise; "numpy": they give nan and inf

    Raises DifferentiationError (a TypeError) for arguments that have no derivative and results that are no float.

    >>> import ssad
    >>> @ssad.jit_grad
    ... def f(x, n):
    ...     r = 1.0
    ...     while n > 0:
    ...         n -= 1
    ...         r *= x
    ...     return r
    >>> f(2.0, 5), f.value(2.0, 5), f.value_and_grad(2.0, 5)
    (80.0, 32.0, (32.0, 80.0))
    """
    recipe = _recipe(options)
    if fn is None:
        return lambda f: Gradient(_plain(f), argnums, recipe)
    return Gradient(_plain(fn), argnums, recipe)


@overload
def jit(fn: Callable[P, R], /) -> Jit[P, R]: ...
@overload
def jit(
    *, fastmath: bool = False, vector_math: bool = True, error_model: str = "python"
) -> Callable[[Callable[P, R]], Jit[P, R]]: ...
def jit(fn: Any = None, /, **options: Any) -> Any:
    """The function itself as native code; options as for `jit_grad`.

    >>> import ssad
    >>> ssad.jit(lambda x: x * x + 1.0)(3.0)
    10.0
    """
    recipe = _recipe(options)
    if fn is None:
        return lambda f: Jit(_plain(f), recipe)
    return Jit(_plain(fn), recipe)


def grad(fn: Callable[P, Any], argnums: Argnums = 0, **options: Any) -> Gradient[P]:
    """The gradient of `fn`, a function that returns one float; options as for `jit_grad`.

    >>> import ssad
    >>> ssad.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (5.0, 2.0)
    """
    return Gradient(_plain(fn), argnums, _recipe(options))


def value_and_grad(fn: Callable[P, Any], argnums: Argnums = 0, **options: Any) -> ValueAndGradient[P]:
    """A function that gives (value, gradient), as `scipy.optimize.minimize(..., jac=True)` wants.

    >>> import ssad
    >>> ssad.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return ValueAndGradient(_plain(fn), argnums, _recipe(options))


def jvp(
    fn: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], **options: Any
) -> tuple[Any, Any]:
    """(value, tangent): the derivative of `fn` at `primals` in the direction `tangents`, by forward mode.

    `primals` and `tangents` are sequences of equal length; tangents of float arguments are floats, of arrays
    arrays of the same shape, of anything else None.

    >>> import ssad
    >>> ssad.jvp(lambda x, y: x * y, (2.0, 5.0), (1.0, 0.0))
    (10.0, 5.0)
    """
    fn = _plain(fn)
    primals = list(primals)
    if len(primals) != len(tangents):
        raise ArgumentError(f"jvp got {len(primals)} primals and {len(tangents)} tangents", cure="give one tangent per primal")
    active = tuple(n for n, t in enumerate(tangents) if t is not None)
    _check_differentiable(fn, primals, active)
    found = _specialisations(fn, options).find(primals, (Step("forward", active),))
    given: Given = {}
    for n in active:
        given[Slot("primal", _part(found, n), tangent=True)] = _like(tangents[n], primals[n], f"tangents[{n}]")
    results = found.run(primals, given)
    return _python_result(found, results, primals), _python_result(found, results, primals, tangent=True)


def vjp(fn: Callable[..., Any], *primals: Any, **options: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(value, pullback): the pullback takes the cotangent of the result to those of all arguments.

    It may be called any number of times, also after the caller has changed `primals`: what it needs is copied. Arguments
    that are neither floats nor float arrays have the cotangent None.

    >>> import ssad
    >>> value, pullback = ssad.vjp(lambda x, y: x * y, 2.0, 5.0)
    >>> value, pullback(1.0), pullback(10.0)
    (10.0, (5.0, 2.0), (50.0, 20.0))
    """
    fn = _plain(fn)
    versions = _specialisations(fn, options)
    kept = _copies(primals)
    active = tuple(n for n, p in enumerate(primals) if _is_differentiable(p))
    found = versions.find(primals, (Step("reverse", active),))
    value = Jit(fn, versions.base)(*primals)

    def pullback(y_bar: Any) -> tuple[Any, ...]:
        args = _copies(kept)
        given: Given = {}
        give_shadows(found, args, given)
        _give_seeds(found, y_bar, value, given)
        results = found.run(args, given)
        return tuple(_cotangent(found, n, args, results, given) if n in active else None for n in range(len(args)))

    return value, pullback


def hvp(fn: Callable[..., Any], x: Any, v: Any, *args: Any, **options: Any) -> Any:
    """The Hessian of `fn(x, *args)` by its first argument, times `v`, by forward over reverse.

    `x` is a float or an array f64[...]; `v` and the result are like it.

    >>> import ssad
    >>> ssad.hvp(lambda x: x * x * x, 2.0, 1.0)
    12.0
    """
    fn = _plain(fn)
    bound = [x, *args]
    found = _second(_specialisations(fn, options), fn, bound)
    return _hvp(found, bound, _like(v, x, "v"))


def hessian(fn: Callable[..., Any], argnums: int = 0, **options: Any) -> Callable[..., Any]:
    """A function that gives the matrix of second derivatives by one argument: a float, or an array of shape
    `x.shape + x.shape`.

    >>> import ssad
    >>> ssad.hessian(lambda x: x * x * x)(2.0)
    12.0
    """
    fn = _plain(fn)
    versions = _specialisations(fn, options)

    def of(*args: Any) -> Any:
        found = _second(versions, fn, args, argnums)
        x = args[argnums]
        if not isinstance(x, np.ndarray) or x.ndim == 0:
            return _hvp(found, args, _like(1.0, x, "v"), argnums)
        rows = [_hvp(found, _copies(args), basis, argnums) for basis in _basis(x)]
        return np.array(rows, dtype=x.dtype).reshape(x.shape + x.shape)

    return of


def jacobian(fn: Callable[..., Any], argnums: int = 0, mode: str = "auto", **options: Any) -> Callable[..., Any]:
    """A function that gives the derivative of an array- or float-valued function by one argument.

    The result has the shape `y.shape + x.shape`. `mode` is "forward" (one run per element of x), "reverse" (one per element
    of y), or "auto", whichever takes fewer runs.

    >>> import numpy as np
    >>> import ssad
    >>> def twice(x):
    ...     y = np.zeros(len(x))
    ...     for i in range(len(x)):
    ...         y[i] = 2.0 * x[i]
    ...     return y
    >>> ssad.jacobian(twice)(np.ones(2))
    array([[2., 0.],
           [0., 2.]])
    """
    fn = _plain(fn)
    if mode not in ("auto", "forward", "reverse"):
        raise ArgumentError(f"mode {mode!r} is unknown", cure='use "auto", "forward" or "reverse"')

    def of(*args: Any) -> Any:
        x = args[argnums]
        _check_differentiable(fn, args, (argnums,))
        y, pullback = vjp(fn, *_copies(args), **options)
        shape = np.shape(y) + np.shape(x)
        if mode == "forward" or (mode == "auto" and np.size(x) <= np.size(y)):
            directions = _basis(x) if np.ndim(x) else [1.0]
            columns = []
            for direction in directions:
                tangents = [direction if n == argnums else None for n in range(len(args))]
                columns.append(jvp(fn, _copies(args), tangents, **options)[1])
            whole = np.moveaxis(np.array(columns), 0, -1)
        else:
            seeds = _basis(y) if np.ndim(y) else [1.0]
            whole = np.array([pullback(seed)[argnums] for seed in seeds])
        return whole.reshape(shape) if shape else float(whole.reshape(()))

    return of


def stop_gradient(x: R) -> R:
    """`x`, whose derivative is taken to be zero.

    >>> import ssad
    >>> ssad.grad(lambda x: x * ssad.stop_gradient(x))(3.0)
    3.0
    """
    return x


# helpers


def _recipe(options: dict[str, Any]) -> Recipe:
    known = ("fastmath", "vector_math", "adjoint_reassoc", "error_model")
    for name in options:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            cure = f"did you mean {near[0]}?" if near else f"options: {', '.join(known)}"
            raise ArgumentError(f"there is no option called {name!r}", cure=cure)
    if options.get("error_model", "python") not in ("python", "numpy"):
        raise ArgumentError(f"error_model is {options['error_model']!r}", cure='use "python" or "numpy"')
    return Recipe(**options)


def _plain(fn: Any) -> Any:
    """The plain function behind one of ours."""
    return fn.py_func if isinstance(fn, Compiled) else fn


@functools.lru_cache(maxsize=256)
def _cached_specialisations(fn: Callable[..., Any], recipe: Recipe) -> Specialisations:
    return Specialisations(fn, recipe)


def _specialisations(fn: Callable[..., Any], options: dict[str, Any]) -> Specialisations:
    """The versions of a function used through operators, kept for the last 256 functions."""
    if not inspect.isfunction(fn):
        from ssad.frontend.lift import describe_uncompilable

        raise describe_uncompilable(fn)
    return _cached_specialisations(fn, _recipe(options))


def _normal_argnums(fn: Callable[..., Any], argnums: Any, arity: int) -> tuple[int, ...]:
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for n in numbers:
        if isinstance(n, bool) or not isinstance(n, int) or not -arity <= n < arity:
            raise ArgumentError(
                f"argnums {argnums!r} does not fit {fn.__name__}, which has {arity} arguments",
                cure=f"use numbers from 0 to {arity - 1}",
            )
    return tuple(n % arity for n in numbers)


def _is_differentiable(x: Any) -> bool:
    if isinstance(x, np.ndarray | np.generic):
        return bool(x.dtype.kind == "f")
    return isinstance(x, float)


def _check_differentiable(fn: Callable[..., Any], args: Sequence[Any], argnums: Sequence[int]) -> None:
    for n in argnums:
        x = args[n]
        if _is_differentiable(x):
            continue
        name = list(inspect.signature(fn).parameters)[n]
        kind = f"an array of {x.dtype}" if isinstance(x, np.ndarray) else f"{type(x).__name__} {x!r:.40}"
        cure = "leave it out of argnums" if isinstance(x, bool | str | None.__class__) else "pass a float (3.0, not 3), or leave it out of argnums"
        if isinstance(x, np.ndarray):
            cure = f"pass {name}.astype(float), or leave it out of argnums"
        raise DifferentiationError(f"cannot differentiate by argument {name!r}: it is {kind}", cure=cure)


def _part(found: Specialisation, argument: int) -> int:
    return found.compiled.parts[argument].start


def _reverse(
    versions: Specialisations, fn: Callable[..., Any], args: Sequence[Any], steps: Any, argnums: Sequence[int]
) -> tuple[Any, list[Any]]:
    """(value, cotangents of the arguments `argnums`) for a scalar function."""
    _check_differentiable(fn, args, argnums)
    found = versions.find(args, steps)
    float_result(found)
    given: Given = {Slot("seed", 0): 1.0}
    give_shadows(found, args, given)
    results = found.run(args, given)
    return _python_result(found, results, args), [_cotangent(found, n, args, results, given) for n in argnums]


def _cotangent(
    found: Specialisation, argument: int, args: Sequence[Any], results: dict[Slot, Any], given: Given, dot: bool = False
) -> Any:
    """The cotangent of one argument, in the argument's own type."""
    part, x = _part(found, argument), args[argument]
    if isinstance(x, np.ndarray) and x.ndim:
        return given[Slot("shadow", part, dot)]
    number = results[Slot("cotangent", part, dot)]
    if isinstance(x, np.ndarray):
        return np.array(number, x.dtype)
    return type(x)(number) if isinstance(x, np.generic) else number


def _give_seeds(found: Specialisation, y_bar: Any, value: Any, given: Given) -> None:
    """Seeds from the cotangent of a result: a float, an array, or a tuple of them."""
    slots = [slot for slot in found.slots if slot.kind == "seed"]
    bars = y_bar if isinstance(value, tuple) else (y_bar,)
    values = value if isinstance(value, tuple) else (value,)
    for slot, bar, like in zip(slots, bars, values, strict=True):
        given[slot] = _like(bar, like, "y_bar")


def _like(v: Any, x: Any, name: str) -> Any:
    """`v` as a tangent or cotangent of `x`. Raises ArgumentError where the shapes differ."""
    if not isinstance(x, np.ndarray) or x.ndim == 0:
        if np.ndim(v) != 0:
            raise ArgumentError(f"{name} has the shape {np.shape(v)}, and belongs to a number", cure="give a float")
        return float(v)
    made = zeros_like(x)
    if np.shape(v) != x.shape:
        raise ArgumentError(f"{name} has the shape {np.shape(v)}, and belongs to an array of shape {x.shape}")
    made[...] = v
    return made


def _copies(args: Sequence[Any]) -> list[Any]:
    """Copies of the arguments; arrays that overlap are copied together, so that the copies overlap alike."""
    from ssad.dispatch import copies

    return copies(args)


def _basis(x: Any) -> list[Any]:
    """The unit arrays of the shape of `x`."""
    made = []
    for index in np.ndindex(np.shape(x)):
        unit = np.zeros(np.shape(x), dtype=x.dtype)
        unit[index] = 1.0
        made.append(unit)
    return made


def _second(versions: Specialisations, fn: Callable[..., Any], args: Sequence[Any], argnum: int = 0) -> Specialisation:
    _check_differentiable(fn, args, (argnum,))
    found = versions.find(args, (Step("reverse", (argnum,)), Step("forward", (argnum,))))
    float_result(found)
    return found


def _hvp(found: Specialisation, args: Sequence[Any], v: Any, argnum: int = 0) -> Any:
    given: Given = {Slot("seed", 0): 1.0, Slot("primal", _part(found, argnum), tangent=True): v}
    give_shadows(found, args, given)
    results = found.run(args, given)
    return _cotangent(found, argnum, args, results, given, dot=True)


def _python_result(found: Specialisation, results: dict[Slot, Any], args: Sequence[Any], tangent: bool = False) -> Any:
    """The Python object that the results of the native call stand for."""
    from ssad.dispatch import rebuild

    return rebuild(found.result, results, tangent)
