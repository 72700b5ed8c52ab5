"""Pictures: checked when they come, redrawn without metadata, stored, and shown to those who may see them."""
