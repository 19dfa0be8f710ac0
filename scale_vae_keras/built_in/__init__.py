"""The built-in corpora: reviews of a grammar, and sentences of a network."""
