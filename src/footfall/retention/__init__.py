"""Who came back: cohorts, funnels, stickiness and growth, computed from exact sets of actors."""
