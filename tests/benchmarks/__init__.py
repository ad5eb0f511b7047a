"""Benchmarks: `python -m tests.benchmarks`. Each is a ratio against a floor or a peer in the same run."""
