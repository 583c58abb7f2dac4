"""Facts about functions: an analysis is `Function -> frozen facts`, memoised on the edit counter."""
