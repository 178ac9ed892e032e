"""A chart as a page of its own: no network, the reader's width, the reader's light or dark."""

from __future__ import annotations

import base64
import gzip
import html
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from footfall.charts.look import THEMES

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="UTF-8">
  <title>{title}</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <style>
{colours}
    body {{ margin: 0; padding: 16px 20px; background: var(--ground); color: var(--text);
      font: 13px/1.45 Helvetica, Arial, sans-serif; }}
    main {{ max-width: 1280px; margin: 0 auto; }}
    h1 {{ font-size: 19px; line-height: 1.3; margin: 0 0 4px; color: var(--title); overflow-wrap: anywhere; }}
    p {{ margin: 0; color: var(--subtitle); overflow-wrap: anywhere; }}
    #chart {{ width: 100%; min-height: 40px; margin-top: 14px; overflow-x: auto; }}
    .vega-embed {{ width: 100%; }}
  </style>
</head>
<body>
  <main>
    <h1>{head}</h1>
{remarks}
    <div id="chart" role="img" aria-label="{label}"></div>
    <noscript><p>This chart needs scripts; `-o chart.svg` draws it without.</p></noscript>
  </main>
  <script type="application/json" id="specs">{specs}</script>
  <script type="text/plain" id="vega">{vega}</script>
  <script>
{script}
  </script>
</body>
</html>
"""

_SCRIPT = """    const specs = JSON.parse(document.getElementById("specs").textContent);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    async function load() {
      const packed = Uint8Array.from(atob(document.getElementById("vega").textContent), c => c.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
      const script = document.createElement("script");
      script.type = "module";
      script.textContent = await new Response(stream).text();
      document.head.append(script);
      while (!window.vegaEmbed) await new Promise(done => setTimeout(done, 5));
    }
    async function draw() {
      const spec = specs[dark.matches ? "dark" : "light"] || Object.values(specs)[0];
      const narrow = window.innerWidth < 640;
      const config = narrow ? { legend: { orient: "bottom", columns: 2 } } : {};
      const options = { actions: { editor: false }, config, renderer: "svg" };
      if (!spec.vconcat) return window.vegaEmbed("#chart", spec, options);
      // Vega-Lite fits no panels to a page: they are drawn, measured and drawn as wide as there is room.
      const page = document.getElementById("chart");
      const wide = width => ({ ...spec, vconcat: spec.vconcat.map(panel => ({ ...panel, width })) });
      const guess = Math.max(160, page.clientWidth - 80);
      await window.vegaEmbed("#chart", wide(guess), options);
      const spare = page.clientWidth - page.querySelector("svg").width.baseVal.value;
      if (Math.abs(spare) > 1) await window.vegaEmbed("#chart", wide(Math.max(160, guess + Math.floor(spare))), options);
    }
    let wait, drawn;
    const again = () => {
      if (!Object.values(specs)[0].vconcat || window.innerWidth === drawn) return;
      clearTimeout(wait);
      wait = setTimeout(() => { drawn = window.innerWidth; draw(); }, 100);
    };
    load().then(draw).then(() => {
      drawn = window.innerWidth;
      dark.addEventListener("change", draw);
      window.addEventListener("resize", again);
    });
"""


def page_of(specs: Mapping[str, dict[str, Any]]) -> str:
    """A page of the same chart in one theme or in several, of which the reader's system chooses.

    Title and remarks are text of the page, so that they fold where the window is narrow. Names come from anywhere: a
    `<` in one must not end the script that holds it.
    """
    first = next(iter(specs.values()))
    head, remarks = first["usermeta"]["title"], [text for text in first["usermeta"]["remarks"] if text]
    return _PAGE.format(
        title=html.escape(head),
        head=html.escape(head),
        label=html.escape(f"{head}. {' '.join(remarks)}"),
        remarks="\n".join(f"    <p>{html.escape(part)}</p>" for part in remarks),
        colours=_colours(list(specs)),
        specs=json.dumps({name: _fluid(spec) for name, spec in specs.items()}, ensure_ascii=False).replace(
            "<", "\\u003c"
        ),
        vega=_vega(),
        script=_SCRIPT,
    )


def _fluid(spec: dict[str, Any]) -> dict[str, Any]:
    """As wide as its page, and without the title, which the page has; the page's script gives panels their width."""
    spec = {name: value for name, value in spec.items() if name not in ("title", "padding")}
    if "vconcat" in spec:
        return spec | {"vconcat": [_without_width(panel) for panel in spec["vconcat"]]}
    return _without_width(spec) | {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}


def _without_width(spec: dict[str, Any]) -> dict[str, Any]:
    layers = [{name: value for name, value in layer.items() if name != "width"} for layer in spec.get("layer", [])]
    return {name: value for name, value in spec.items() if name != "width"} | {"layer": layers}


def _colours(themes: list[str]) -> str:
    """The page's colours as variables; with both themes the reader's system chooses."""

    def variables(name: str) -> str:
        theme = THEMES[name]
        pairs = {"ground": theme.background, "title": theme.title, "text": theme.text, "subtitle": theme.subtitle}
        return " ".join(f"--{name}: {value};" for name, value in pairs.items())

    first, *others = themes
    lines = [f"    :root {{ color-scheme: {' '.join(themes)}; {variables(first)} }}"]
    lines += [f"    @media (prefers-color-scheme: {name}) {{ :root {{ {variables(name)} }} }}" for name in others]
    return "\n".join(lines)


@cache
def _vega() -> str:
    """Vega, Vega-Lite and vega-embed, packed: a third of their size."""
    import vl_convert

    bundle: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub requires what is optional
    return base64.b64encode(gzip.compress(bundle.encode(), 9, mtime=0)).decode()
