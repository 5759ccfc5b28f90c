"""Every door of every service, tried by everybody: in the own unit, and from another."""
