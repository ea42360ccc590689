"""How good a model is, beside what costs nothing: baselines and reports."""
