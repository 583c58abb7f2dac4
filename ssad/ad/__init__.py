"""Differentiation of IR functions: reverse mode, forward mode, custom rules. This room only emits."""
