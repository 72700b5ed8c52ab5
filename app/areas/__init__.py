"""The municipality's focus areas (satsingsområder): rows, since they change over time."""
