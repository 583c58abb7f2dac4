"""Small functions of the kind that tools for derivatives and compilers of Python test themselves with."""
