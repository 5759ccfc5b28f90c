"""Clocks: by when something is owed to somebody, under which terms, and what became of it. Each service that owes something keeps its own."""
