"""Decorated functions: native code per argument types, compiled on first use."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from ssad.api.arguments import Argnums, normal_argnums, recipe
from ssad.api.callables import bind, fixed, is_variadic, plain
from ssad.api.running import reverse
from ssad.api.tracebacks import door
from ssad.dispatch import Specialisations
from ssad.frontend.custom import DERIVATIVES
from ssad.pipeline import Recipe, Step

P = ParamSpec("P")
R = TypeVar("R")


class Compiled(Generic[P, R]):
    """A plain Python function with native code behind it, compiled per argument types on first use.

    Raises what the function raises; errors of `ssad.errors` where it cannot be compiled.
    """

    __ssad__ = True
    gives = "value"
    """What a call gives: "value", "gradient" or "value and gradient"; a compiled caller asks for it."""

    def __init__(self, fn: Callable[P, R], recipe: Recipe) -> None:
        wrapper: Any = self
        functools.update_wrapper(wrapper, fn)
        self.py_func = fn
        self.versions = Specialisations(fn, recipe)
        self._signature = inspect.signature(fn)
        self._arity = len(self._signature.parameters)
        self._variadic = is_variadic(fn)
        self._recipe = recipe
        self._shapes: dict[tuple[Callable[..., Any], str], Any] = {}

    @property
    def signatures(self) -> list[str]:
        """The argument types compiled so far."""
        inner = [text for shape in self._shapes.values() for text in shape.signatures]
        return list(dict.fromkeys(self.versions.signatures + inner))

    @door
    def value(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The function's value, by native code."""
        if self._variadic:
            return self._fixed(args, kwargs, "value")
        bound = self._bind(args, kwargs)
        found = self.versions.find(bound, ())
        results = found.call(found.prepare(bound))
        found.bring_up_to_date(bound, results)
        return found.rebuild(results)

    def _bind(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Sequence[Any]:
        """The arguments in order, defaults filled in; fast where all are given."""
        if not kwargs and len(args) == self._arity:
            return args
        return bind(self.py_func, self._signature, args, kwargs)

    def _fixed(self, args: Sequence[Any], kwargs: dict[str, Any], what: str) -> Any:
        """`what` of the function with `*args` or `**kwargs`, by its version for that many arguments."""
        fn, flat = fixed(self.py_func, args, kwargs)
        shape = self._shapes.get((fn, what))
        if shape is None:
            made = Jit(fn, self._recipe) if what == "value" else self._of_shape(fn)
            shape = self._shapes.setdefault((fn, what), made)
        return getattr(shape, what)(*flat)

    def _of_shape(self, fn: Callable[..., Any]) -> Any:
        return type(self)(fn, self._recipe)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        unbound: Any = self
        return self if instance is None else functools.partial(unbound, instance)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.py_func.__qualname__}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self.py_func.__qualname__


class Jit(Compiled[P, R]):
    """What `ssad.jit` makes: calling it computes the function's value."""

    @door
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.value(*args, **kwargs)


class Gradient(Compiled[P, Any]):
    """What `ssad.jit_grad` makes: calling it computes the gradient."""

    gives = "gradient"

    def __init__(self, fn: Callable[P, Any], argnums: Argnums, recipe: Recipe) -> None:
        super().__init__(fn, recipe)
        self.given_argnums = argnums
        self._single = isinstance(argnums, int)
        if self._variadic:  # the numbers count the arguments of a call
            return
        self.argnums = normal_argnums(self.py_func, argnums, self._arity)
        self._steps = (Step("gradient", self.argnums),)

    @door
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self.value_and_grad(*args, **kwargs)[1]

    @door
    def value_and_grad(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Any, Any]:
        """(value, gradient) by one native call."""
        if self._variadic:
            result: tuple[Any, Any] = self._fixed(args, kwargs, "value_and_grad")
            return result
        bound = self._bind(args, kwargs)
        value, cotangents = reverse(self.versions, bound, self._steps, self.argnums)
        return value, cotangents[0] if self._single else tuple(cotangents)

    def _of_shape(self, fn: Callable[..., Any]) -> Any:
        return type(self)(fn, self.given_argnums, self._recipe)


class ValueAndGradient(Gradient[P]):
    """What `ssad.value_and_grad` makes: calling it computes both."""

    gives = "value and gradient"

    @door
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        return self.value_and_grad(*args, **kwargs)


@overload
def jit_grad(fn: Callable[P, Any], /) -> Gradient[P]: ...
@overload
def jit_grad(
    *,
    argnums: Argnums = 0,
    fastmath: bool = False,
    vector_math: bool = True,
    adjoint_reassoc: bool = True,
    mode: str = "auto",
    error_model: str = "python",
) -> Callable[[Callable[P, Any]], Gradient[P]]: ...
@door
def jit_grad(fn: Any = None, /, *, argnums: Argnums = 0, **options: Any) -> Any:
    """Decorate a function that returns one float: calling it gives its gradient by native code.

    argnums      number of the argument to differentiate by (gives one array or float), or a tuple (gives a
                 tuple)
    fastmath     let sums be reordered and divisions approximated
    vector_math  let loops call vector versions of elementary functions (within 4 ulp); False: bit-equal to
                 CPython
    adjoint_reassoc   False forbids reordering the sums that the adjoint adds
    mode         "auto": a gradient by one number is computed by its tangent, which keeps nothing; "reverse":
                 it is computed by the adjoint, too
    error_model  "python": `math.log(-1.0)` and division by zero raise; "numpy": they give nan and inf

    Raises DifferentiationError (a TypeError) for arguments that have no derivative and results that are no
    float.

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
    made = recipe(options)
    if fn is None:
        return lambda f: Gradient(plain(f), argnums, made)
    return Gradient(plain(fn), argnums, made)


@overload
def jit(fn: Callable[P, R], /) -> Jit[P, R]: ...
@overload
def jit(
    *, fastmath: bool = False, vector_math: bool = True, error_model: str = "python"
) -> Callable[[Callable[P, R]], Jit[P, R]]: ...
@door
def jit(fn: Any = None, /, **options: Any) -> Any:
    """The function itself as native code; options as for `jit_grad`.

    >>> import ssad
    >>> ssad.jit(lambda x: x * x + 1.0)(3.0)
    10.0
    """
    made = recipe(options)
    if fn is None:
        return lambda f: Jit(plain(f), made)
    return Jit(plain(fn), made)


@door
def grad(fn: Callable[P, Any], argnums: Argnums = 0, **options: Any) -> Gradient[P]:
    """The gradient of `fn`, a function that returns one float; options as for `jit_grad`.

    >>> import ssad
    >>> ssad.grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 5.0)
    (5.0, 2.0)
    """
    return Gradient(plain(fn), argnums, recipe(options))


@door
def value_and_grad(fn: Callable[P, Any], argnums: Argnums = 0, **options: Any) -> ValueAndGradient[P]:
    """A function that gives (value, gradient), as `scipy.optimize.minimize(..., jac=True)` wants.

    >>> import ssad
    >>> ssad.value_and_grad(lambda x: x * x)(3.0)
    (9.0, 6.0)
    """
    return ValueAndGradient(plain(fn), argnums, recipe(options))


DERIVATIVES.update(
    {jit: "value", jit_grad: "gradient", grad: "gradient", value_and_grad: "value and gradient"}
)
