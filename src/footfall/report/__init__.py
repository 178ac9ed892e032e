"""The report of a month: the pages of the dashboard as a site of plain files, that needs no server and no network.

asking    pages as the application gives them, asked for within this process
rewriting links of a page that lead to files, relative, and no forms
subject   what it is about: everything, a project, a community; its pages and its numbers
summary   the month in a few lines of Markdown
shelf     the reports of a folder: written beside and then in place, an index, a feed, the newest files
writing   the whole
"""

from footfall.report.writing import Written, write_report

__all__ = ["Written", "write_report"]
