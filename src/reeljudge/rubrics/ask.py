"""Placeholder."""
def ask(*a, **k): raise NotImplementedError
