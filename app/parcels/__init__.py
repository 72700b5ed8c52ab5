"""Where an input is on its way, like a parcel, and who follows it."""
