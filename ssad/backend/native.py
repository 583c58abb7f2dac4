"""A module of IR as something that can be called from Python."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from ssad.backend import externals, jit, locks, vectormath
from ssad.backend.abi import ContextPool, Packer, raise_site
from ssad.backend.externals import Calling
from ssad.backend.llvm import LLVMCode, Site, to_llvm
from ssad.backend.locks import Locking
from ssad.backend.options import DEFAULT, Options
from ssad.backend.printing import SYMBOL, Printing, callback
from ssad.backend.runtime import WANTED_DEPTH, WANTED_LOWEST, standalone
from ssad.backend.stack import lowest_frame
from ssad.ir.core import Module

POOL = ContextPool()
"""The contexts of this process: their arenas stay allocated from call to call."""

_RUNTIME: list[Runtime] = []
_RUNTIME_LOCK = threading.Lock()


class Runtime:
    """`ssad.reset` and `ssad.release`, compiled once, for what Python does to a context after a call."""

    def __init__(self) -> None:
        self.code = jit.compile_module(standalone(), Options(), ["ssad.reset", "ssad.release"])
        prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
        self.reset: Callable[[int], None] = prototype(self.code.tracker["ssad.reset"])
        self.release: Callable[[int], None] = prototype(self.code.tracker["ssad.release"])


def runtime() -> Runtime:
    """The support functions of this process."""
    if not _RUNTIME:
        with _RUNTIME_LOCK:
            if not _RUNTIME:
                _RUNTIME.append(Runtime())
    return _RUNTIME[0]


def _release(address: int) -> None:
    runtime().release(address)


class NativeFunction:
    """The machine code of a module's main function. `call` may run in many threads at once, without the GIL.

    `llvm_text`, `optimised_llvm`, `asm` are the stages; `compile_ms` what compiling took.
    """

    def __init__(self, module: Module, code: LLVMCode, compiled: jit.Compiled, compile_ms: float) -> None:
        self.objects = module.objects
        self.code = code
        self.compiled = compiled
        self.compile_ms = compile_ms
        self._entry = compiled.entry(code.entry)
        self._packer = Packer(code.param_types, code.result_types)
        self._reset = runtime().reset if code.returns_memory else None
        self._recursive = code.recursive

    @property
    def sites(self) -> list[Site]:
        return self.code.sites

    @property
    def llvm_text(self) -> str:
        return self.code.text

    @property
    def optimised_llvm(self) -> str:
        return self.compiled.llvm_optimised

    @property
    def asm(self) -> str:
        return self.compiled.asm

    def call(self, args: Sequence[Any]) -> list[Any]:
        """The results on `args`, one number or array per IR parameter. Raises what the program raises."""
        packer = self._packer
        context = POOL.take(packer.slots)
        try:
            packer.pack(context, args)
            if self._recursive:
                context.words[WANTED_DEPTH] = sys.getrecursionlimit()
                context.words[WANTED_LOWEST] = lowest_frame()
            if self.code.prints or self.code.locks or self.code.externals:
                with self._with_python():
                    status = self._entry(context.address, context.slots)
            else:
                status = self._entry(context.address, context.slots)
            if status:
                raise_site(self.code.sites[status - 1], context, self.objects)
            if self._reset is None:
                return packer.unpack(context, args)
            try:
                return packer.unpack(context, args)
            finally:
                self._reset(context.address)
        finally:
            POOL.give(context, _release)

    @contextmanager
    def _with_python(self) -> Iterator[None]:
        """What a call needs that uses Python: to print, to take locks, to call external functions."""
        taken = [self.objects[name] for name in self.code.locks]
        called = [(place, self.objects[place.name]) for place in self.code.externals]
        with Printing(self.code.prints), Locking(taken), Calling(called):
            yield


def compile_native(module: Module, options: Options = DEFAULT) -> NativeFunction:
    """Machine code for the main function of `module` (typed or refined IR) and all that it calls."""
    start = perf_counter()
    if options.vector_math and vectormath.library() is not None:
        vectormath.load()
    code = to_llvm(module, options=options)
    imports = {SYMBOL: callback()} if code.prints else {}
    imports |= {externals.SYMBOL: externals.callback()} if code.externals else {}
    imports |= {locks.SYMBOL: locks.callback()} if code.locks else {}
    compiled = jit.compile_module(code.text, options, [code.entry], imports)
    return NativeFunction(module, code, compiled, (perf_counter() - start) * 1e3)
