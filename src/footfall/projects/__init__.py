"""Projects: one thing that people use, under the names that several sources know it by.

names      which projects footfall.toml sets up, and the names of each in the sources   (pure)
facets     what is asked about a project: metrics, and the spans that suit each         (pure)
asking     one question for each facet, put together
answer     what comes back: `Project`
ranking    all projects by one metric: `Ranking`
"""
