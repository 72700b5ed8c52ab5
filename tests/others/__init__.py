"""Programs by others, word for word, that judge what we make; nothing but tests reads them.

http_ece.py: http_ece 1.2.1 by Martin Thomson, MIT licence (its sdist on PyPI, SHA-256 8c6ab23116bbf6affda894acfd5f2ca0
fb8facbcbb72121c11c75c33e7ce8cff). Here as a file, since there is no wheel of it and we install nothing else.
"""
