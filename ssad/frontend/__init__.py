"""From a Python function to typed IR: bytecode, control flow, lifting, type inference."""
