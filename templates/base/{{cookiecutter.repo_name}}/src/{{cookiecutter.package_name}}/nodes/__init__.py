"""The nodes; each module of this package is the pipeline of its name."""
