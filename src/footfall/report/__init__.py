"""The report of a month: the pages of the dashboard as a static site, without server or network.

asking    pages of the application, requested within this process
rewriting links of a page that lead to files, relative, and no forms
subject   what it is about: everything, a project, a community; its pages and its numbers
summary   the month in a few lines of Markdown
shelf     the reports of a folder: atomic writes, an index, a feed, the newest files
writing   the complete report
"""

from footfall.report.writing import Written, write_report

__all__ = ["Written", "write_report"]
