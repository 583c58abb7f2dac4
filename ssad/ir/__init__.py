"""The IR: types, values, ops, blocks, functions; SSA construction, control flow, text form, verifier."""
