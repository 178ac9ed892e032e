"""Projects: one project under its names in several sources.

names      which projects footfall.toml sets up, and the names of each in the sources   (pure)
facets     the queries of a project: metrics and their spans         (pure)
numbers    the numbers of a project for one metric                                     (pure)
asking     one question for each facet and span, put together
answer     what comes back: `Project`
napari     the same in the shape of napari hub's activity API                           (pure)
ranking    all projects by one metric: `Ranking`
placing    how the projects of a ranking are measured
questions  what a workspace offers
proposing  a project for a new footfall.toml, from the files of its folder
"""
