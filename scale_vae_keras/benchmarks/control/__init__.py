"""The benchmark of attribute vectors."""
