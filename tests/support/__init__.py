"""What tests share: the database, the cast, page checks, and stand-ins for other organisations' systems."""
