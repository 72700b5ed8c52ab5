"""Telling a phone that something has happened: subscriptions, the choice to have them, and the sending."""
