"""Feeding a system with events: reading, checking and publishing them from the command line."""
