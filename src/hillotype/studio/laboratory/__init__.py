"""The laboratory: runs while they train, recipes to start, reports, and what codes stand for.

Runs are read from their files and trained by processes of their own; only the explorer of codes imports torch, when a
run is explored.
"""
