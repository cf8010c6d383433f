"""Observers: what is told of every request, as metrics and as log lines."""
