"""Charts: answers, cohorts and activity through Altair, as one look draws them; written as PNG, SVG or HTML."""
