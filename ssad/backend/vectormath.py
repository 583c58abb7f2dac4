"""Vector versions of elementary functions: which ones glibc's libmvec has here, and how LLVM is told.

A call that carries the attribute "vector-function-abi-variant" may be vectorised into the functions named
there; they must be declared as touching no memory, kept alive by @llvm.compiler.used, and be resolvable when
the code is linked.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

from ssad.ir.types import Scalar

_LIBRARY = "libmvec.so.1"
# ABI letter, register width, the CPU feature it wants
_ISAS = (("b", 128, "sse4.2"), ("d", 256, "avx2"), ("e", 512, "avx512f"))


@dataclass(frozen=True)
class Variants:
    """The attribute of a call ("" if there is no vector version) and what must be declared for it."""

    attribute: str
    declarations: tuple[tuple[str, str], ...]


@cache
def library() -> ctypes.CDLL | None:
    """libmvec, where the system has one."""
    try:
        return ctypes.CDLL(_LIBRARY)
    except OSError:
        return None


@cache
def features() -> frozenset[str]:
    """The vector extensions of this CPU."""
    from ssad.backend import jit

    return frozenset(f[1:] for f in jit.engine().features.split(",") if f.startswith("+"))


@cache
def variants(
    stem: str, callee: str, type: Scalar, arity: int, extensions: frozenset[str] | None = None
) -> Variants:
    """How the scalar function `callee` becomes vector calls of libmvec's `stem`.

    `extensions` are those of the CPU the code will run on, by default this one.
    """
    lib = library()
    if lib is None or not type.is_float:
        return Variants("", ())
    llvm, suffix = ("double", "") if type.bits == 64 else ("float", "f")
    names, declarations = [], []
    for letter, width, feature in _ISAS:
        lanes = width // type.bits
        symbol = f"_ZGV{letter}N{lanes}{'v' * arity}_{stem}{suffix}"
        if feature not in (features() if extensions is None else extensions) or not hasattr(lib, symbol):
            continue
        names.append(f"_ZGV_LLVM_N{lanes}{'v' * arity}_{callee}({symbol})")
        vector = f"<{lanes} x {llvm}>"
        declarations.append((symbol, f"declare {vector} @{symbol}({', '.join([vector] * arity)})"))
    return Variants(",".join(names), tuple(declarations))


@cache
def load() -> None:
    """Make libmvec known to the JIT: what is vectorised into it cannot be linked otherwise."""
    from ssad.backend import jit

    jit.load_library(_LIBRARY)
