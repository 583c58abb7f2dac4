"""The doors: decorators and operators on plain Python functions."""

from ssad.api.checking import GradientMismatch, check_grads
from ssad.api.compiled import Gradient, Jit, grad, jit, jit_grad, value_and_grad
from ssad.api.export import export
from ssad.api.operators import hessian, hvp, jacobian, jvp, vjp
from ssad.api.rules import defvjp, external, stop_gradient

__all__ = [
    "Gradient",
    "GradientMismatch",
    "Jit",
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
