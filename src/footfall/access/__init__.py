"""Who may do what: viewers and the tokens that they have.

viewer   someone who asks, what they may do, and which projects they may see
tokens   tokens: made, kept as hashes, looked up, revoked
"""
