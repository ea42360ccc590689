"""hillotype gives pictures their color and clarity back with autoencoders that anyone can train and check."""

__version__ = "0.1.0"
