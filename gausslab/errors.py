"""The one error that is meant for the person at the keyboard."""


class BadInput(ValueError):  # noqa: N818 - the name reads as what happened, and is what users see
    """What a person typed, uploaded or set cannot be used: one sentence of what was expected, what came, what to do."""
