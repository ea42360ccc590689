"""What tests of models share."""


def count(model):
    """How many parameters a model has."""
    return sum(p.numel() for p in model.parameters())
