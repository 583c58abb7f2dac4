"""The tables: importing this package enters every primitive into `ssad.ir.primitive.PRIMITIVES`."""
