"""How the documentation becomes pages: `make docs`, without a network.

Sphinx, as the reference comes from the docstrings themselves (autodoc, with napoleon for their headings), the pages stay plain
Markdown that GitHub shows as well (MyST), and what is built loads nothing from other hosts (Furo).
"""

from __future__ import annotations

from footfall import __version__

project = "Footfall"
author = "The Footfall developers"
copyright = "2026, The Footfall developers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "contents"
exclude_patterns = ["notebooks/*.py"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}

myst_heading_anchors = 4
myst_enable_extensions = ["fieldlist"]
suppress_warnings = [
    "myst.xref_missing",  # links to files next to the documentation, such as an example of settings
    "ref.python",  # several answers have parts of one name
]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {
    "members": True,
    "inherited-members": "Protocol,Exception,object,BaseModel,StrEnum,str",
    "show-inheritance": True,
}
add_module_names = False
default_role = "literal"  # in docstrings as in Markdown, `x` is code
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = f"Footfall {__version__}"
html_static_path: list[str] = []
html_theme_options = {"navigation_with_keys": True}
html_copy_source = False
html_show_sphinx = False
