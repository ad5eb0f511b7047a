"""Engines whose workers may be on other machines: the schedulers are Dask's and Ray's own."""
