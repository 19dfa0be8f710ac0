"""From a loss to one update of the weights, and the means that an epoch shows."""
