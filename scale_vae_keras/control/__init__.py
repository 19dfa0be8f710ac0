"""Control of the latent code: attribute vectors, and the search for codes with a property."""
