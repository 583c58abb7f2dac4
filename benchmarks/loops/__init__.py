"""Loops: gradients of plain Python against adjoints written by hand in C, and against other tools."""
