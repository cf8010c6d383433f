"""The forms in which callers speak: what each of their bodies asks for, and how it reaches an
upstream that speaks the same form (as bytes) or chat completions alone (translated).

Pure: bytes in, bytes out. Nothing here knows HTTP servers, policies or connections.
"""
