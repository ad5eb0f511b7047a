"""Drawings of the graph and of runs: one model, and one renderer a format."""
