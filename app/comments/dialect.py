"""Search in comments, for staff."""

from app.core.search import SearchTable

COMMENTS = SearchTable("comments_search", "comment_id", "comments")
