"""Numbers that know no network: activations, and what is computed from them."""
