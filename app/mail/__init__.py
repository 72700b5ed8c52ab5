"""What is sent by e-mail: the letters, and the way out by SMTP."""
