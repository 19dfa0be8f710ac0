"""The tables of the Scale-VAE paper, with its numbers next to ours."""
