"""Shared libraries: native code that leaves Python, with a C header, linked by the system's C compiler.

The library needs libc, libm and, where loops were vectorised over elementary functions, libmvec. See
docs/c_api.md for the C calling convention.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ssad.analysis.alias import alias_classes
from ssad.backend import jit
from ssad.backend.c_glue import Entry, Input, Output, descriptor, fresh_names, glue, header
from ssad.backend.c_names import Names, identifier
from ssad.backend.llvm import Site, to_llvm
from ssad.backend.options import DEFAULT, Options
from ssad.errors import ToolchainError, UnsupportedError, UsageError
from ssad.ir.core import Module
from ssad.ir.types import Array, Scalar, Type

_X86_FEATURES = {
    "x86-64": frozenset({"sse2"}),
    "x86-64-v2": frozenset({"sse4.2"}),
    "x86-64-v3": frozenset({"sse4.2", "avx2"}),
    "x86-64-v4": frozenset({"sse4.2", "avx2", "avx512f"}),
}

_UNLOCKED = "take the lock where the library is called"
_ALONE = "pass what the function gives as an argument"
_SILENT = "remove the print, or return what it shows"


class Role(Protocol):
    """What a parameter or result of an adjoint is: kind "primal", "shadow", "seed" or "cotangent", of primal
    number `index`.
    """

    @property
    def kind(self) -> str: ...

    @property
    def index(self) -> int: ...


@dataclass(frozen=True)
class Export:
    """One function for a library.

    name         of the C functions: NAME_primal, NAME_gradient, NAME_value_and_gradient
    parameters   names of the primal's IR parameters
    primal       module with the primal as its main function
    adjoint      module with the adjoint, if gradients are wanted, its parameters and results being `params`
                 and `results`
    wanted       numbers of the primal's IR parameters whose gradient the caller gets
    hidden       numbers of the primal's results that the caller does not get
    overwritten  numbers of the adjoint's parameters that are shadows, and need not be zero
    """

    name: str
    parameters: Sequence[str]
    primal: Module
    adjoint: Module | None = None
    params: Sequence[Role] = ()
    results: Sequence[Role] = ()
    wanted: Sequence[int] = ()
    hidden: Sequence[int] = ()
    overwritten: Collection[int] = ()


@dataclass
class Library:
    """What `export_library` has written."""

    path: Path
    header: Path
    functions: list[str]


@dataclass
class _Build:
    """The pieces of a library on their way to the linker."""

    options: Options
    machine: Any
    features: frozenset[str] | None
    entries: list[Entry] = field(default_factory=list)
    objects: list[bytes] = field(default_factory=list)
    sites: dict[str, list[Site]] = field(default_factory=dict)
    vector: bool = False

    def native(self, module: Module) -> tuple[str, str, list[Site]]:
        """Compile one module; the symbols of its entry and of its release, and its sites."""
        number = len(self.objects)
        symbol, release = f"ssad_entry_{number}", f"ssad_release_{number}"
        code = to_llvm(module, options=self.options, features=self.features, entry=symbol, release=release)
        if code.prints:
            place = next(op.loc for f in module.functions.values() for op in f.ops() if op.name == "print")
            raise UnsupportedError("a library cannot print", place, _SILENT, "SSAD0161")
        if code.externals:
            place = next(op.loc for f in module.functions.values() for op in f.ops() if op.name == "external")
            raise UnsupportedError("a library cannot call back into Python", place, _ALONE, "SSAD0150")
        if code.locks:
            place = next(op.loc for f in module.functions.values() for op in f.ops() if op.name == "lock")
            raise UnsupportedError("a library has no locks of Python's", place, _UNLOCKED, "SSAD0118")
        with jit.lock():
            engine = jit.engine()
            parsed = engine.parse(code.text)
            engine.optimise(parsed, self.options, self.machine)
            self.vector |= any("@_ZGV" in line and " call " in line for line in str(parsed).splitlines())
            self.objects.append(self.machine.emit_object(parsed))
        return symbol, release, code.sites


def export_library(
    exports: Sequence[Export],
    path: str | os.PathLike[str],
    *,
    options: Options = DEFAULT,
    target_cpu: str | None = None,
    header_path: str | os.PathLike[str] | None = None,
) -> Library:
    """Write a shared library and its C header (beside it unless `header_path` says otherwise).

    `target_cpu`: "native", "generic", or an x86-64 level; by default x86-64-v3 where this machine has it.
    Raises ToolchainError where there is no C compiler or it fails, UsageError for two functions of one name.
    """
    target = Path(path)
    head = Path(header_path) if header_path is not None else target.with_suffix(".h")
    compiler = find_compiler()
    for file in (target, head):
        if file.is_dir() or not file.parent.is_dir():
            raise UsageError(f"cannot write {file}", cure="name a file in a folder that exists")
    if target == head:
        raise UsageError(f"the library and its header would both be {head}", cure="name the library lib*.so")
    cpu, features = _cpu(target_cpu)
    build = _Build(options, _machine(cpu), features)
    structs: dict[str, Array] = {}
    taken: dict[str, str] = {}
    for export in exports:
        name = identifier(export.name)
        if name in taken:
            raise UsageError(
                f"{export.name} and {taken[name]} would both be called {name} in C", cure="rename one of them"
            )
        taken[name] = export.name
        _add(build, export, name)
    for entry in build.entries:
        for type in (*(i.type for i in entry.inputs), *(o.type for o in entry.outputs)):
            if isinstance(type, Array):
                structs.setdefault(descriptor(type), type)
    guard = f"{identifier(target.stem).upper()}_H"
    text = header(guard, build.entries, list(structs.values()))
    _link(compiler, build, glue(head.name, build.entries, build.sites), text, target, head)
    return Library(target, head, [entry.name for entry in build.entries])


def _add(build: _Build, export: Export, name: str) -> None:
    """Compile one function's modules and describe its C functions."""
    error = f"ssad_{name}_error"
    main = export.primal.main
    symbol, release, sites = build.native(export.primal)
    names, given = fresh_names(export.parameters)
    aliases = alias_classes(main).of
    written = [isinstance(p.type, Array) and aliases[p].written for p in main.params]
    inputs = tuple(
        Input("given", p.type, n, written=w) for p, n, w in zip(main.params, given, written, strict=True)
    )
    values = _result_names(names, [n not in export.hidden for n in range(len(main.result_types))])
    outputs = tuple(Output(t, n) for t, n in zip(main.result_types, values, strict=True))
    for type in (*(i.type for i in inputs), *main.result_types):
        _representable(export, type)
    build.sites[error] = list(sites)
    doc = f"{_comment(export.name)}: the value"
    build.entries.append(Entry(f"{name}_primal", symbol, release, inputs, outputs, 0, error, doc))
    if export.adjoint is None:
        return
    adjoint = export.adjoint.main
    symbol, release, more = build.native(export.adjoint)
    first = len(build.sites[error])
    build.sites[error] += more
    bars = {k: names.new(f"{export.parameters[k]}_bar") for k in export.wanted}
    place = {role.index: k for k, role in enumerate(export.params) if role.kind == "primal"}
    ins = tuple(
        _adjoint_input(p.type, role, inputs, bars, place, clean=n not in export.overwritten)
        for n, (p, role) in enumerate(zip(adjoint.params, export.params, strict=True))
    )
    for suffix, with_value in (("gradient", False), ("value_and_gradient", True)):
        outs = tuple(
            Output(
                t, bars.get(r.index, "") if r.kind == "cotangent" else values[r.index] if with_value else ""
            )
            for t, r in zip(adjoint.result_types, export.results, strict=True)
        )
        doc = f"{_comment(export.name)}: {suffix.replace('_', ' ')}"
        build.entries.append(
            Entry(f"{name}_{suffix}", symbol, release, ins, outs, first, error, doc, tuple(bars.values()))
        )


def _adjoint_input(
    type: Type,
    role: Role,
    given: Sequence[Input],
    bars: dict[int, str],
    place: dict[int, int],
    *,
    clean: bool,
) -> Input:
    """Where a parameter of an adjoint comes from."""
    if role.kind == "primal":
        return given[role.index]
    if role.kind == "shadow":
        return Input("shadow", type, bars.get(role.index, ""), place[role.index], clean=clean)
    if role.kind == "seed" and isinstance(type, Scalar):
        return Input("one", type)
    raise UnsupportedError(
        "an exported gradient is that of one scalar result",
        cure="export without the gradient, or return a float",
    )


def _result_names(names: Names, shown: Sequence[bool]) -> list[str]:
    """A name for each result, none for those that are not shown."""
    numbers = iter(range(sum(shown)))
    single = sum(shown) == 1
    return [names.new("value" if single else f"value_{next(numbers)}") if show else "" for show in shown]


def _representable(export: Export, type: Type) -> None:
    if not isinstance(type, Scalar | Array) or (isinstance(type, Array) and type.rank == 0):
        raise UnsupportedError(
            f"{export.name} has a value of type {type}, which has no C type", cure="use numbers and arrays"
        )


def _comment(text: str) -> str:
    """`text` as it may stand in a C comment."""
    return (
        text.replace("*/", "* /")
        .replace("/*", "/ *")
        .replace("\n", " ")
        .replace("\\", "/")
        .replace("??/", "? ?/")
    )


# Tools


def find_compiler() -> list[str]:
    """The command of the C compiler: $CC, cc, gcc or clang."""
    wanted = os.environ.get("CC", "").strip()
    if wanted:
        command = shlex.split(wanted)
        if shutil.which(command[0]) is None:
            raise ToolchainError(
                f"the C compiler CC={wanted} is not there", cure="set CC to one that is, or unset it"
            )
        return command
    for name in ("cc", "gcc", "clang"):
        if shutil.which(name) is not None:
            return [name]
    raise ToolchainError(
        "there is no C compiler, and a shared library needs one to be linked",
        cure="install gcc or clang, or set CC to a C compiler",
    )


def _cpu(wanted: str | None) -> tuple[str, frozenset[str] | None]:
    """The CPU to compile for, and its vector features (None: those of this machine)."""
    engine = jit.engine()
    x86 = engine.triple.startswith("x86_64")
    if wanted == "native":
        return engine.cpu, None
    if wanted is None:
        here = set(engine.features.split(","))
        new = x86 and {"+avx2", "+bmi2", "+fma", "+movbe", "+lzcnt", "+f16c"} <= here
        wanted = "x86-64-v3" if new else "generic"
    if wanted == "generic":
        return ("x86-64", _X86_FEATURES["x86-64"]) if x86 else ("generic", frozenset())
    if not x86 or wanted not in _X86_FEATURES:
        known = ", ".join(["native", "generic", *(_X86_FEATURES if x86 else ())])
        raise UsageError(f"unknown target CPU {wanted}", cure=f"use one of {known}")
    return wanted, _X86_FEATURES[wanted]


def _machine(cpu: str) -> Any:
    """A target machine for position-independent code."""
    with jit.lock():
        engine = jit.engine()
        target = engine.llvm.Target.from_default_triple()
        features = engine.features if cpu == engine.cpu else ""
        return target.create_target_machine(
            cpu=cpu, features=features, opt=3, reloc="pic", codemodel="default"
        )


def _link(compiler: list[str], build: _Build, c_text: str, h_text: str, target: Path, head: Path) -> None:
    """Compile the glue, link everything, and put both files into place at once."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".ssad-") as folder:
        work = Path(folder)
        (work / head.name).write_text(h_text, encoding="utf-8")
        (work / "glue.c").write_text(c_text, encoding="utf-8")
        objects = []
        for number, content in enumerate(build.objects):
            objects.append(f"part{number}.o")
            (work / objects[-1]).write_bytes(content)
        flags = ["-shared", "-fPIC", "-O2", "-std=c11", "-fvisibility=hidden"]
        libraries = ["-lmvec", "-lm"] if build.vector else ["-lm"]
        command = [*compiler, *flags, "-o", "library", "glue.c", *objects, "-Wl,--no-undefined", *libraries]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise ToolchainError(
                f"{compiler[0]} failed: {' '.join(lines[:5])}", cure="try another compiler in CC"
            )
        os.replace(work / "library", target)
        shutil.move(work / head.name, head)
