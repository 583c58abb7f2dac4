"""Ordinary Python in, native derivative out."""

from ssad.api import (
    Gradient,
    GradientMismatch,
    Jit,
    check_grads,
    defvjp,
    export,
    external,
    grad,
    hessian,
    hvp,
    jacobian,
    jit,
    jit_grad,
    jvp,
    stop_gradient,
    value_and_grad,
    vjp,
)
from ssad.errors import SsadError

__version__ = "0.1.0"

__all__ = [
    "Gradient",
    "GradientMismatch",
    "Jit",
    "SsadError",
    "check_grads",
    "defvjp",
    "export",
    "external",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jit",
    "jit_grad",
    "jvp",
    "stop_gradient",
    "value_and_grad",
    "vjp",
]
