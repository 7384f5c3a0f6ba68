"""The desk: pages for the people who decide, and what every page of the service stands in.

A page is a module here with a `build_router()`, a template in `templates/` that extends `base.html`, its words in
`words/en/PAGE.toml` and `words/zh/PAGE.toml`, and a line in `api.desk.navigation.PAGES`. docs/desk.md shows one whole.
"""
