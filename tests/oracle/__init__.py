"""Independent truths for derivatives: an operator-overloading tape, differences and the complex step."""
