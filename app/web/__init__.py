"""What knows Flask, but no room: sessions, doors, transactions, answers, headers."""
