"""Who may do what: viewers and the tokens that they have.

viewer   someone who asks, what they may do, and which projects they may see
reach    what a viewer of some projects may ask for
tokens   tokens: made, kept as hashes, looked up, revoked
"""
