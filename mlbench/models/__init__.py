"""The networks: encoders, the adapter over fixed vectors, heads, and the model made of them."""
