"""The HTTP server: the API for programs, and the pages of the dashboard.

site        the workspace for requests: bounded, each query once, answers cached while they are valid
answers     cached answers, and running queries
state       the state of the workspace, cheap to compute: decides whether a cached answer is still valid
departure   work of disconnected clients is stopped
app         the application: its routes and what is around them
api         /api/v1
collecting  collections started over HTTP, each in its own process
errors      all errors in one format (RFC 9457), all statuses in one table
security    authentication, scopes, and security headers
serving     `footfall serve`: a server that ends when it is asked to
"""
