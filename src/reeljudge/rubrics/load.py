"""Placeholder."""
RUBRICS = None
def load_rubric(*a, **k): raise NotImplementedError
