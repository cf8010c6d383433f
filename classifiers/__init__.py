"""The routing classifiers: what a prompt asks for, judged without a language model.

Rules that keep it so: this package knows nothing of HTTP, policies or `router`; serving needs
numpy and `tokenizers` only; whatever trains (scikit-learn, torch) is imported where it is used.
"""
