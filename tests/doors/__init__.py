"""Doors that bad input can't break: strange requests of every kind at every address of the four APIs."""
