"""The latent space of autoencoders: codes, and what can be made of them and told by them."""
