"""A register that is too long to wait for: written by a worker, fetched when it is done."""
