"""Names of projects as sources spell them."""

from __future__ import annotations

from footfall.sources import installed_sources
from footfall.sources.naming import ProjectNames


def test_without_a_rule_a_name_is_itself() -> None:
    assert ProjectNames("project").normalise("Some_Project") == "Some_Project"
    assert ProjectNames("repo", str.lower).normalise("JupyterHub/BinderHub") == "jupyterhub/binderhub"


def test_sources_spell_names_as_their_upstreams_do() -> None:
    """Once spelled, a name stays as it is; PyPI folds case, dots and underscores (PEP 503)."""
    found = {name: getattr(point.load(), "project_names", None) for name, point in installed_sources().items()}
    for names in filter(None, found.values()):
        if isinstance(names, ProjectNames):
            assert names.normalise(names.normalise("Foo.Bar_baz")) == names.normalise("Foo.Bar_baz")
    pypi = found["pypi"]
    assert isinstance(pypi, ProjectNames)
    assert {pypi.normalise(name) for name in ("Foo.Bar_baz", "foo-bar-baz", "FOO__BAR.-baz")} == {"foo-bar-baz"}
