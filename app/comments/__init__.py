"""For, against, question: what people say about something, and that something there is not right."""
