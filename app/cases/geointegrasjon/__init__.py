"""GeoIntegrasjon Arkiv 1.1 over SOAP 1.1: envelopes out, answers in, faults told apart."""
