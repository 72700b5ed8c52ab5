"""Facts and deliveries."""
