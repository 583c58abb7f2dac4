"""From IR to something that runs: LLVM text, machine code, shared libraries, and the interpreter."""
