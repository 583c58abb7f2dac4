"""The C side of an exported library: the header, and the glue that packs C arguments into the slots of native
entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ssad.backend.c_names import Names
from ssad.backend.layout import part_types
from ssad.backend.llvm import Site
from ssad.backend.runtime import CONTEXT_WORDS, CUR, END, PAYLOAD
from ssad.ir.types import Array, Scalar, Type

BAD_ARGUMENT = -1
"""Status of a call whose arguments do not fit: a null pointer, a wrong shape, an array that is not
contiguous.
"""

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

    kind: "given" (a C parameter), "shadow" (of parameter number `of`, zeroed by the glue, and handed to the
    caller as C parameter `name` unless that is empty), "one" (the number 1).
    """

    kind: str
    type: Type
    name: str = ""
    of: int = -1


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
        "   strides in elements. Array arguments must not overlap each other where one of them is written.",
        "   A gradient array is allocated by the caller in the shape of its argument, and is overwritten.",
        "   An array result with data == NULL is allocated with malloc, to be freed by the caller;",
        "   otherwise it must have the shape of the result. */",
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
    parts += [_error(name, found) for name, found in sites.items()]
    return "\n".join(parts)


def _function(entry: Entry) -> str:
    """The body of one exported function: check, pack, call, unpack, release."""
    types = [*(i.type for i in entry.inputs), *(o.type for o in entry.outputs)]
    slots = sum(len(part_types(type)) for type in types)
    lines = [f"SSAD_API {entry.prototype()} {{"]
    for type, name in entry.parameters():
        if type.endswith("*"):
            lines.append(f'  if (!{name}) return ssad_bad("{name} is a null pointer");')
    lines += [
        f"  int64_t ssad_slots[{max(1, slots)}];",
        f"  int64_t ssad_ctx[{CONTEXT_WORDS}] = {{0}};",
        "  _Alignas(64) char ssad_first[1024]; /* what small calls allocate */",
        f"  ssad_ctx[{CUR}] = (int64_t)(intptr_t)ssad_first;",
        f"  ssad_ctx[{END}] = ssad_ctx[{CUR}] + (int64_t)sizeof ssad_first;",
        "  int ssad_status = 0;",
    ]
    packing: list[str] = []
    owned: list[str] = []
    at = 0
    for number, value in enumerate(entry.inputs):
        packing += _pack(entry, number, value, at, owned)
        at += len(part_types(value.type))
    lines += [f"  void *{name} = 0;" for name in owned] + packing
    lines += [
        f"  ssad_status = {entry.symbol}(ssad_ctx, ssad_slots);",
        "  if (ssad_status) {",
        f"    memcpy(ssad_payload, ssad_ctx + {PAYLOAD}, sizeof ssad_payload);",
        f"    ssad_status = ssad_failed = ssad_status + {entry.first_site};",
        "    goto ssad_out;",
        "  }",
    ]
    for number, result in enumerate(entry.outputs):
        lines += _unpack(result, number, at)
        at += len(part_types(result.type))
    lines.append("ssad_out:")
    lines += [f"  free({name});" for name in owned]
    lines += [f"  {entry.release}(ssad_ctx);", "  return ssad_status;", "}"]
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
        if name:
            wrong = " || ".join(f"{name}->shape[{k}] != {source}->shape[{k}]" for k in range(rank))
            lines.append(_fail(wrong, f"{name} has not the shape of {source}"))
        else:
            name = f"ssad_shadow{number}"
            owned.append(f"{name}_memory")
            lines += _own_shadow(type, name, source)
    if type.layout != "A":
        fortran = int(type.layout == "F")
        order = "Fortran" if fortran else "C"
        contiguous = f"ssad_is_contiguous({rank}, {name}->shape, {name}->strides, {fortran})"
        lines.append(_fail(f"!{contiguous}", f"{name} is not contiguous in {order} order"))
    if value.kind == "shadow":
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


def _unpack(result: Output, number: int, at: int) -> list[str]:
    """Hand one result to the caller."""
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
    return [
        *lines,
        f"  if (!{name}->data) {{",
        f"    memcpy({name}->shape, {shape}, sizeof {name}->shape);",
        f"    ssad_contiguous({rank}, {shape}, {name}->strides, 0);",
        f"    {name}->data = malloc((size_t)ssad_count({rank}, {shape}) * {type.elem.bytes} + 1);",
        f"  {_fail(f'!{name}->data', f'out of memory for {name}')}",
        f"  }} else if ({wrong}) {{",
        f'    ssad_status = ssad_bad("{name} has not the shape of the result");',
        "    goto ssad_out;",
        "  }",
        f"  ssad_sweep({rank}, {name}->shape, (char *){name}->data, {name}->strides,"
        f" (const char *)(intptr_t)ssad_slots[{at}], {strides}, {type.elem.bytes});",
    ]


def _error(name: str, sites: Sequence[Site]) -> str:
    """The function that says in words what a status means, with the numbers of this thread's last failure."""
    lines = [
        f"SSAD_API const char *{name}(int status) {{",
        '  if (status == 0) return "no error";',
        '  if (status == -1) return status == ssad_failed ? ssad_argument : "an argument does not fit";',
        "  int64_t none[8] = {0};",
        "  const int64_t *p = status == ssad_failed ? ssad_payload : none;",
        "  (void)p;",
        "  switch (status) {",
    ]
    for number, site in enumerate(sites, 1):
        text, values = _format(site)
        lines.append(
            f"  case {number}: snprintf(ssad_text, sizeof ssad_text, {_string(text)}{values}); break;"
        )
    return "\n".join([*lines, '  default: return "unknown status";', "  }", "  return ssad_text;", "}", ""])


def _format(site: Site) -> tuple[str, str]:
    """A printf format and its arguments for the message of a site."""
    place = f" at {site.loc.file}:{site.loc.line} in {site.loc.function}" if site.loc is not None else ""
    values: list[str] = []

    def spell(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        k = int(match[1])
        kind = site.payload[k]
        if kind.startswith("f"):
            values.append(f"ssad_number(p[{k}])")
            return "\0.17g"
        values.append(f"({'unsigned ' if kind.startswith('u') else ''}long long)p[{k}]")
        return "\0llu" if kind.startswith("u") else "\0lld"

    message = re.sub(r"\{\{|\}\}|\{(\d+)[^}]*\}", spell, site.message or "")
    whole = f"{site.exc}{place}{': ' if message else ''}{message}"
    return whole.replace("%", "%%").replace("\0", "%"), "".join(f", {v}" for v in values)


def _string(text: str) -> str:
    """A C string literal."""
    plain = (
        chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}"
        for b in text.encode("utf-8", "replace")
    )
    return '"' + "".join(plain) + '"'


def fresh_names(parameters: Sequence[str]) -> tuple[Names, list[str]]:
    """Distinct C identifiers for these parameters, and the names still free."""
    names = Names()
    return names, [names.new(name) for name in parameters]
