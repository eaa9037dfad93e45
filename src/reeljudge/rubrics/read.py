"""Placeholder."""
def read_reply(*a, **k): raise NotImplementedError
def answer_complete(*a, **k): raise NotImplementedError
