"""Forms on paper: what a form says, as data, and how it is drawn as HTML and PDF."""
