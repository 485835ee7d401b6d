"""What is run: contracts, simulated plants as pure JAX functions, and adapters."""
