"""The IR: types, values, ops, blocks, functions; SSA construction, control-flow graph, text form, verifier."""
