"""/varsler: the list of what has happened, what is unread, and what each wants to be told of on the phone."""
