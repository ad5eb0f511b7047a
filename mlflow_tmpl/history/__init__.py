"""History: runs and versions compared, traced and repeated, on top of what the ledger and the store keep."""
