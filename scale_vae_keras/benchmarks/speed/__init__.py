"""Times and memory on this machine."""
