"""How native code is to be written: one frozen record, part of every specialisation's key."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Choices that change the machine code.

    vector_math   loops may call the vector versions of elementary functions, within 4 ulp
    noalias       the caller has checked that no two array arguments overlap
    opt_level     of LLVM, 0 to 3
    debug         write source lines into the machine code, for debuggers and profilers
    """

    vector_math: bool = True
    noalias: bool = True
    opt_level: int = 3
    debug: bool = False


DEFAULT = Options()
