"""Projects: one thing that people use, under the names that several sources know it by.

names      which projects footfall.toml sets up, and the names of each in the sources   (pure)
facets     what is asked about a project: metrics, and the spans that suit each         (pure)
numbers    what is known of a project by one metric                                     (pure)
asking     one question for each facet and span, put together
answer     what comes back: `Project`
napari     the same in the shape of napari hub's activity API                           (pure)
ranking    all projects by one metric: `Ranking`
placing    how the projects of a ranking are measured
questions  what a workspace offers
proposing  a project for a new footfall.toml, from what its folder says
"""
