"""What a notebook does for the chart of the overview: reads the daily launches, a seven-day mean by member, Altair, SVG."""

import sys

import altair as alt
import duckdb

files, output = sys.argv[1:]
frame = (
    duckdb.connect()
    .execute(
        f"SELECT date_trunc('day', hour) AS day, federation, sum(launches) AS launches FROM read_parquet('{files}') GROUP BY ALL"
    )
    .df()
)
daily = (
    frame.pivot(index="day", columns="federation", values="launches").asfreq("D").tail(906).rolling(7).mean().tail(900)
)
long = daily.reset_index().melt("day")
chart = (
    alt.Chart(long).mark_line().encode(x="day:T", y="value:Q", color="federation:N").properties(width=960, height=300)
)
chart.save(output)
