"""The methods of `keras.Model` that every model of sentences overrides, and their arguments."""
