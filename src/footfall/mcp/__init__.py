"""The Model Context Protocol: the questions of the command line as tools of a model.

tools    what can be called: name, description, JSON Schema of its arguments        (pure)
calling  a call answered: the same record that the API gives, or one sentence
server   the server over standard input and output
"""
