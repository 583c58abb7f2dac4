"""LLVM text to machine code in this process: one ORC LLJIT and one target machine, made on first use."""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from types import MappingProxyType
from typing import Any

from ssad.backend.options import Options
from ssad.errors import ToolchainError

Entry = Callable[[int, int], int]
"""A native entry point: addresses of a context and of the slots, to a status. Runs without the GIL."""

_ENTRY = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)
_LOCK = threading.RLock()
_NUMBERS = itertools.count()
_ENGINE: list[Engine] = []


class Engine:
    """The process-wide compiler. Every use of it holds the lock: llvmlite and LLVM share state between
    threads.
    """

    def __init__(self) -> None:
        import llvmlite.binding as llvm

        self.llvm = llvm
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple()
        self.triple: str = target.triple
        self.cpu: str = llvm.get_host_cpu_name()
        self.features: str = llvm.get_host_cpu_features().flatten()
        self.machine = target.create_target_machine(
            cpu=self.cpu, features=self.features, opt=3, reloc="default", codemodel="jitdefault", jit=True
        )
        self.layout: str = str(self.machine.target_data)
        self.jit = llvm.create_lljit_compiler(self.machine)

    def parse(self, text: str) -> Any:
        """The module that `text` says, verified. LLVM stops reading at a NUL, so there must be none."""
        if "\0" in text:
            raise ToolchainError(
                "LLVM text with a NUL character", cure="report this: the writer must escape names"
            )
        try:
            module = self.llvm.parse_assembly(text)
            module.triple = self.triple
            module.data_layout = self.layout
            module.verify()
        except RuntimeError as error:
            raise ToolchainError(
                f"LLVM rejects what ssad wrote: {error}", cure="report this as a bug of ssad"
            ) from None
        return module

    def optimise(self, module: Any, options: Options, machine: Any = None) -> None:
        """Run LLVM's pipeline. SLP costs small vectors dear, unrolling multiplies IR for nothing: both are
        off.
        """
        level = options.opt_level
        tuning = self.llvm.create_pipeline_tuning_options(speed_level=level)
        tuning.loop_vectorization = level >= 2
        tuning.loop_interleaving = level >= 2
        tuning.slp_vectorization = False
        tuning.loop_unrolling = False
        builder = self.llvm.create_pass_builder(machine or self.machine, tuning)
        builder.getModulePassManager().run(module, builder)


def engine() -> Engine:
    """The engine of this process."""
    with _LOCK:
        if not _ENGINE:
            _ENGINE.append(Engine())
            if hasattr(os, "register_at_fork"):  # a child must not find the lock held by a thread it lacks
                os.register_at_fork(
                    before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release
                )
        return _ENGINE[0]


def lock() -> threading.RLock:
    """What to hold around every llvmlite call."""
    return _LOCK


def load_library(path: str) -> None:
    """Make the symbols of a shared library known to compiled code."""
    with _LOCK:
        engine().llvm.load_library_permanently(path)


@dataclass(eq=False)
class Compiled:
    """Machine code in memory, alive as long as this object is; LLVM's own texts are made again when asked
    for.
    """

    text: str
    options: Options
    object: bytes
    tracker: Any
    compile_ms: float

    def entry(self, symbol: str) -> Entry:
        """The exported function `symbol`, callable while this object lives."""
        return _ENTRY(self.tracker[symbol])

    @property
    def llvm_optimised(self) -> str:
        """The module after LLVM's optimiser."""
        with _LOCK:
            module = engine().parse(self.text)
            engine().optimise(module, self.options)
            return str(module)

    @property
    def asm(self) -> str:
        """The machine code, as assembly."""
        with _LOCK:
            module = engine().parse(self.text)
            engine().optimise(module, self.options)
            return str(engine().machine.emit_assembly(module))


def compile_module(
    text: str, options: Options, exports: Iterable[str], imports: Mapping[str, int] = MappingProxyType({})
) -> Compiled:
    """Optimise and load a module of LLVM text; `exports` are the symbols that will be called, `imports`
    addresses of what it calls here.
    """
    with _LOCK:
        eng = engine()
        start = perf_counter()
        module = eng.parse(text)
        eng.optimise(module, options)
        code = eng.machine.emit_object(module)
        library = eng.llvm.JITLibraryBuilder().add_object_img(code).add_current_process()
        for name, address in imports.items():
            library.import_symbol(name, address)
        for symbol in exports:
            library.export_symbol(symbol)
        try:
            tracker = library.link(eng.jit, f"ssad.{next(_NUMBERS)}")
        except RuntimeError as error:
            raise ToolchainError(
                f"compiled code cannot be linked: {error}", cure="report this as a bug of ssad"
            ) from None
        return Compiled(text, options, code, tracker, (perf_counter() - start) * 1e3)
