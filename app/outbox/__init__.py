"""Facts stored together with the change that made them true, and their deliveries, one for each recipient."""
