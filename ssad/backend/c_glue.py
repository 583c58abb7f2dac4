"""The C side of an exported library: the header, and the glue that packs C arguments into the slots of native
entries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ssad.backend.c_checks import checks
from ssad.backend.c_errors import error_function
from ssad.backend.c_names import Names
from ssad.backend.layout import part_types
from ssad.backend.llvm import Site
from ssad.backend.runtime import BLOCK, CONTEXT_WORDS, CUR, END, PAYLOAD, TOTAL, WANTED_DEPTH, WANTED_LOWEST
from ssad.ir.types import Array, Scalar, Type

_C_TYPES = {"f64": "double", "f32": "float", "bool": "bool"}


def c_type(type: Scalar) -> str:
    """The C type of a number."""
    return _C_TYPES.get(str(type)) or f"{'u' if type.kind == 'u' else ''}int{type.bits}_t"


def descriptor(type: Array) -> str:
    """The name of the C struct that describes an array."""
    return f"ssad_{type.elem}_{type.rank}d"


def _c_result(type: Type) -> str:
    assert isinstance(type, Array | Scalar)
    return descriptor(type) if isinstance(type, Array) else c_type(type)


@dataclass(frozen=True)
class Input:
    """How one IR parameter of an entry gets its value.

    kind: "given" (a C parameter), "shadow" (of parameter number `of`, zeroed by the glue if it is to be
    `clean`, and handed to the caller as C parameter `name` unless that is empty), "one" (the number 1).
    `written`: the function may write into the array.
    """

    kind: str
    type: Type
    name: str = ""
    of: int = -1
    written: bool = False
    clean: bool = True


@dataclass(frozen=True)
class Output:
    """Where one IR result goes: to the C out-parameter `name`, or nowhere if that is empty."""

    type: Type
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """One exported C function over a native entry `symbol`; its sites are numbered from `first_site` in
    `error_of`.
    """

    name: str
    symbol: str
    release: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    first_site: int
    error_of: str
    doc: str
    gradients: tuple[str, ...] = ()
    """The names of the gradients, in the order in which they were asked for."""

    def parameters(self) -> list[tuple[str, str]]:
        """C type and name of each parameter: what is given, then results, then gradients by argument."""
        given = []
        gradients: dict[str, str] = {}
        for value in self.inputs:
            if isinstance(value.type, Array):
                text = f"const {descriptor(value.type)} *"
            else:
                assert isinstance(value.type, Scalar)
                text = f"{c_type(value.type)} "
            if value.kind == "given":
                given.append((text, value.name))
            elif value.kind == "shadow" and value.name:
                gradients[value.name] = text
        results = []
        for result in self.outputs:
            if result.name in self.gradients:
                gradients[result.name] = f"{_c_result(result.type)} *"
            elif result.name:
                results.append((f"{_c_result(result.type)} *", result.name))
        return [*given, *results, *((gradients[name], name) for name in self.gradients)]

    def prototype(self) -> str:
        """The C declaration, without the semicolon."""
        params = ", ".join(f"{type}{name}" for type, name in self.parameters()) or "void"
        return f"int {self.name}({params})"


def header(guard: str, entries: Sequence[Entry], structs: Sequence[Array]) -> str:
    """The C header of a library."""
    lines = [
        "/* Written by ssad. Functions return 0, or a status whose text is given by the error function;",
        "   they may be called from several threads at once. Arrays are described by pointer, shape and",
        "   strides in elements. An array that is written (a gradient, a result, an argument that the",
        "   function writes into) must not overlap another one. A gradient is allocated by the caller in the",
        "   shape of its argument, and is overwritten. An array result with data == NULL is allocated with",
        "   malloc, to be freed by the caller; otherwise it must have the shape of the result. */",
        f"#ifndef {guard}",
        f"#define {guard}",
        "#include <stdbool.h>",
        "#include <stdint.h>",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "#ifndef SSAD_API",
        "#define SSAD_API",
        "#endif",
    ]
    for type in structs:
        name = descriptor(type)
        lines += [
            f"#ifndef {name.upper()}",
            f"#define {name.upper()}",
            "typedef struct {",
            f"  {c_type(type.elem)} *data;",
            f"  int64_t shape[{type.rank}];",
            f"  int64_t strides[{type.rank}];",
            f"}} {name};",
            "#endif",
        ]
    for entry in entries:
        lines += [f"/* {entry.doc} */", f"SSAD_API {entry.prototype()};"]
    for name in dict.fromkeys(entry.error_of for entry in entries):
        lines.append(
            f"/* What a status of this thread's last call means. */\nSSAD_API const char *{name}(int status);"
        )
    return "\n".join([*lines, "#ifdef __cplusplus", "}", "#endif", "#endif", ""])


def glue(header_name: str, entries: Sequence[Entry], sites: dict[str, list[Site]]) -> str:
    """The C file behind the header; `sites` by error function."""
    fixed = Path(__file__).with_name("glue.c").read_text(encoding="utf-8")
    parts = [fixed.replace("HEADER", f'"{header_name}"')]
    for entry in entries:
        parts.append(f"int {entry.symbol}(int64_t *, int64_t *);")
        parts.append(_function(entry))
    for name in dict.fromkeys(entry.release for entry in entries):
        parts.insert(1, f"void {name}(int64_t *);")
    parts += [error_function(name, found) for name, found in sites.items()]
    return "\n".join(parts)


def _function(entry: Entry) -> str:
    """The body of one exported function: check, pack, call, unpack, release."""
    types = [*(i.type for i in entry.inputs), *(o.type for o in entry.outputs)]
    slots = sum(len(part_types(type)) for type in types)
    lines = [f"SSAD_API {entry.prototype()} {{"]
    lines += [
        *checks(entry),
        f"  int64_t ssad_slots[{max(1, slots)}];",
        f"  int64_t ssad_ctx[{CONTEXT_WORDS}];",
        "  _Alignas(64) char ssad_first[8192]; /* what small calls allocate */",
        f"  ssad_ctx[{CUR}] = (int64_t)(intptr_t)ssad_first;",
        f"  ssad_ctx[{END}] = ssad_ctx[{CUR}] + (int64_t)sizeof ssad_first;",
        *(f"  ssad_ctx[{word}] = 0;" for word in (BLOCK, TOTAL, WANTED_DEPTH, WANTED_LOWEST)),
        "  int ssad_status = 0;",
    ]
    packing: list[str] = []
    owned: list[str] = []
    at = 0
    for number, value in enumerate(entry.inputs):
        packing += _pack(entry, number, value, at, owned)
        at += len(part_types(value.type))
    fresh: list[str] = []
    unpacking: list[str] = []
    for number, result in enumerate(entry.outputs):
        unpacking += _unpack(result, number, at, fresh)
        at += len(part_types(result.type))
    for name in fresh:
        packing.insert(0, f"  int ssad_fresh_{name} = 0;")
    lines += [f"  void *{name} = 0;" for name in owned] + packing
    lines += [
        f"  ssad_status = {entry.symbol}(ssad_ctx, ssad_slots);",
        "  if (ssad_status) {",
        f"    memcpy(ssad_payload, ssad_ctx + {PAYLOAD}, sizeof ssad_payload);",
        f"    ssad_status = ssad_failed = ssad_status + {entry.first_site};",
        "    goto ssad_out;",
        "  }",
        *unpacking,
        "ssad_out:",
    ]
    for name in fresh:
        lines.append(f"  if (ssad_status && ssad_fresh_{name}) free({name}->data), {name}->data = 0;")
    lines += [f"  free({name});" for name in owned]
    lines += [f"  if (ssad_ctx[{BLOCK}]) {entry.release}(ssad_ctx);", "  return ssad_status;", "}"]
    return "\n".join(lines)


def _fail(condition: str, what: str) -> str:
    """A statement that leaves the function with a bad argument where the condition holds."""
    return f'  if ({condition}) {{ ssad_status = ssad_bad("{what}"); goto ssad_out; }}'


def _pack(entry: Entry, number: int, value: Input, at: int, owned: list[str]) -> list[str]:
    """Put one IR parameter into its slots."""
    type = value.type
    if not isinstance(type, Array):
        return _number_in(type, "1" if value.kind == "one" else value.name, at)
    rank, name, lines = type.rank, value.name, []
    if value.kind == "shadow":
        source = entry.inputs[value.of].name
        if not name:
            name = f"ssad_shadow{number}"
            owned.append(f"{name}_memory")
            lines += _own_shadow(type, name, source)
    if value.kind == "shadow" and value.clean:
        to = f"(char *){name}->data, {name}->strides"
        lines.append(f"  ssad_sweep({rank}, {name}->shape, {to}, 0, 0, {type.elem.bytes});")
    lines.append(f"  ssad_slots[{at}] = (int64_t)(intptr_t){name}->data;")
    lines += [f"  ssad_slots[{at + 1 + k}] = {name}->shape[{k}];" for k in range(rank)]
    if type.layout == "A":
        lines += [f"  ssad_slots[{at + 1 + rank + k}] = {name}->strides[{k}];" for k in range(rank)]
    return lines


def _own_shadow(type: Array, name: str, source: str) -> list[str]:
    """A shadow that the caller does not ask for."""
    count = f"(size_t)ssad_count({type.rank}, {source}->shape)"
    fortran = int(type.layout == "F")
    return [
        f"  {descriptor(type)} {name}_own = *{source};",
        f"  const {descriptor(type)} *{name} = &{name}_own;",
        f"  ssad_contiguous({type.rank}, {source}->shape, {name}_own.strides, {fortran});",
        f"  {name}_memory = malloc({count} * {type.elem.bytes} + 1);",
        _fail(f"!{name}_memory", f"out of memory for the cotangent of {source}"),
        f"  {name}_own.data = {name}_memory;",
    ]


def _number_in(type: Type, text: str, at: int) -> list[str]:
    assert isinstance(type, Scalar)
    if not type.is_float:
        return [f"  ssad_slots[{at}] = (int64_t){text};"]
    return [f"  {{ {c_type(type)} ssad_x = {text}; memcpy(&ssad_slots[{at}], &ssad_x, sizeof ssad_x); }}"]


def _unpack(result: Output, number: int, at: int, fresh: list[str]) -> list[str]:
    """Hand one result to the caller; `fresh` collects the names of those that may be allocated."""
    if not result.name:
        return []
    type, name = result.type, result.name
    if isinstance(type, Scalar):
        if type.is_float:
            return [f"  memcpy({name}, &ssad_slots[{at}], sizeof *{name});"]
        return [f"  *{name} = ({c_type(type)})ssad_slots[{at}];"]
    assert isinstance(type, Array)
    rank, shape = type.rank, f"&ssad_slots[{at + 1}]"
    strides = f"ssad_strides{number}"
    lines = [f"  int64_t {strides}[{rank}];"]
    if type.layout == "A":
        lines.append(f"  memcpy({strides}, &ssad_slots[{at + 1 + rank}], sizeof {strides});")
    else:
        lines.append(f"  ssad_contiguous({rank}, {shape}, {strides}, {int(type.layout == 'F')});")
    wrong = " || ".join(f"{name}->shape[{k}] != ssad_slots[{at + 1 + k}]" for k in range(rank))
    fresh.append(name)
    return [
        *lines,
        f"  if (!{name}->data) {{",
        f"    memcpy({name}->shape, {shape}, sizeof {name}->shape);",
        f"    ssad_contiguous({rank}, {shape}, {name}->strides, 0);",
        f"    {name}->data = malloc((size_t)ssad_count({rank}, {shape}) * {type.elem.bytes} + 1);",
        f"  {_fail(f'!{name}->data', f'out of memory for {name}')}",
        f"    ssad_fresh_{name} = 1;",
        f"  }} else if ({wrong}) {{",
        f'    ssad_status = ssad_bad("{name} has not the shape of the result");',
        "    goto ssad_out;",
        "  }",
        f"  ssad_sweep({rank}, {name}->shape, (char *){name}->data, {name}->strides,"
        f" (const char *)(intptr_t)ssad_slots[{at}], {strides}, {type.elem.bytes});",
    ]


def fresh_names(parameters: Sequence[str]) -> tuple[Names, list[str]]:
    """Distinct C identifiers for these parameters, and the names still free."""
    names = Names()
    return names, [names.new(name) for name in parameters]
