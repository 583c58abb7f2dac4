"""Library functions written in plain Python, lifted and inlined like user code."""
