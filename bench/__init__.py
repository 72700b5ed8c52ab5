"""What Innbyggerlab costs: measured on real processes, and written down with its spread."""
