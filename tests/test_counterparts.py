"""Every name on the page of counterparts stands for something that is tested here."""

from __future__ import annotations

from pathlib import Path

from tests.corpus import registry
from tests.scenarios.registry import scenarios

PAGE = Path(__file__).parent / "scenarios" / "COUNTERPARTS.md"
WITHOUT = ("whole arrays", "not Python")


def rows() -> list[tuple[str, list[str]]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ") and "theirs" not in line]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [(theirs, [name.strip() for name in here.replace(";", ",").split(",")]) for theirs, here in cells]


def test_every_counterpart_is_there() -> None:
    cases = (*registry.cases(), *registry.array_valued(), *registry.raising(), *scenarios())
    there = {case.name for case in cases}
    missing = [
        (theirs, name)
        for theirs, names in rows()
        for name in names
        if name not in (*there, *WITHOUT) and not any(one.startswith(f"{name}_") for one in there)
    ]
    assert not missing


def test_each_row_names_something() -> None:
    assert len(rows()) > 100
    assert all(theirs and here for theirs, here in rows())


def test_every_scenario_is_somebodys_or_a_neighbour_of_one() -> None:
    """No theme of scenarios is left out of the page."""
    named = {name.partition(".")[0] for _, names in rows() for name in names}
    assert {one.name.partition(".")[0] for one in scenarios()} <= named
