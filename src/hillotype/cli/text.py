"""Text for terminals."""


def printable(text: str) -> str:
    """Return text on one line: file names may hold line ends, control characters and bytes that are no text."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
