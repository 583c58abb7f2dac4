"""Source lines in machine code: DWARF metadata for debuggers and profilers."""

from __future__ import annotations

import os

from ssad.ir.core import Function, Location


class DebugInfo:
    """The metadata nodes of one module, numbered from `first`."""

    def __init__(self, first: int) -> None:
        self.next = first
        self.nodes: list[str] = []
        self.known: dict[object, int] = {}

    def node(self, key: object, text: str) -> int:
        """The number of the node `text`, made once per `key`."""
        if key not in self.known:
            self.known[key] = self.next
            self.nodes.append(f"!{self.next} = {text}")
            self.next += 1
        return self.known[key]

    def file(self, path: str) -> int:
        directory, name = os.path.split(path)
        return self.node(("file", path), f"!DIFile(filename: {_text(name)}, directory: {_text(directory)})")

    def unit(self) -> int:
        first = self.file("<ssad>")
        return self.node(
            "unit",
            f'distinct !DICompileUnit(language: DW_LANG_Python, file: !{first}, producer: "ssad", '
            "isOptimized: true, runtimeVersion: 0, emissionKind: LineTablesOnly)",
        )

    def scope(self, key: object, file: str, name: str, line: int) -> int:
        """A subprogram."""
        unit, where = self.unit(), self.file(file)
        types = self.node("types", "!DISubroutineType(types: !{})")
        return self.node(
            key,
            f"distinct !DISubprogram(name: {_text(name)}, scope: !{where}, file: !{where}, line: {line}, "
            f"type: !{types}, spFlags: DISPFlagDefinition, unit: !{unit})",
        )

    def subprogram(self, function: Function, part: str = "user") -> int:
        """The node of a function, or of its exported entry."""
        loc = function.loc
        key = (part, function.name)
        return self.scope(key, loc.file if loc else "<unknown>", function.name, loc.line if loc else 0)

    def location(self, loc: Location | None, function: Function, part: str = "user") -> int:
        """The node of a source position inside `function`; an inlined one points to its call."""
        scope = self.subprogram(function, part)
        if loc is None:
            return self.node(("at", part, function.name), f"!DILocation(line: 0, scope: !{scope})")
        inlined = ""
        if loc.inlined_at is not None:
            inlined = f", inlinedAt: !{self.location(loc.inlined_at, function)}"
            scope = self.scope(("inlined", loc.file, loc.function), loc.file, loc.function, loc.line)
        key = (loc.key(), function.name)
        column = (loc.column or 0) + 1
        kind = "distinct " if inlined else ""
        return self.node(
            key, f"{kind}!DILocation(line: {loc.line}, column: {column}, scope: !{scope}{inlined})"
        )

    def text(self) -> str:
        """All nodes, and the named ones that LLVM looks for."""
        unit = self.unit()
        version = self.node("version", '!{i32 2, !"Debug Info Version", i32 3}')
        return "\n".join(
            [f"!llvm.dbg.cu = !{{!{unit}}}", f"!llvm.module.flags = !{{!{version}}}", *self.nodes]
        )


def _text(text: str) -> str:
    return (
        '"'
        + "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\{b:02X}" for b in text.encode())
        + '"'
    )
