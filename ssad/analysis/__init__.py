"""Facts about functions: each analysis is a pure function from a Function to something frozen."""
