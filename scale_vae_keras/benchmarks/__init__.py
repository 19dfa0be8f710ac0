"""The measurements of systems and runs that `scale-vae benchmark` makes."""
