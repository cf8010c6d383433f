"""Judging: what the router has done about an answer once its caller has it.

Rule: it costs no caller anything, it sends nothing to anybody whom the request itself could not
have been sent to, and every call it makes is on the bill.
"""
