"""Who is known to us: participants, their roles, and how they sign in."""
