"""Which language a text is written in: letter n-grams, a low-rank linear model, numpy alone.

Rule: what serves (`characters`, `grams`, `identifier`) needs numpy only; what trains stands in
files of its own and may need the extra `train`.
"""
