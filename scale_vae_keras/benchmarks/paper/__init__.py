"""The tables of the Scale-VAE paper, its figures beside ours."""
