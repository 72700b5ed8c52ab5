"""The only maker of HTTP clients: each is bound to the hosts it may speak to, and follows no redirects."""
