"""What is served over HTTP: the API for programs, and pages for people.

site        the workspace as requests ask it: bounded, each question once, answers kept while they hold
answers     answers that are kept, and questions that are under way
state       which state the workspace is in, cheap to find out: what decides whether an answer still holds
departure   what a request no longer waits for is ended
app         the application: its routes and what is around them
api         /api/v1
collecting  a collection that is asked for over HTTP, in a process of its own
errors      every mistake in one shape (RFC 9457), every status in one table
security    who asks, and what they may; headers that keep browsers strict
serving     `footfall serve`: a server that ends when it is asked to
"""
