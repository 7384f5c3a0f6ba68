"""The procedural painter behind the `sketch` backend: words to a scene, scene to pixels, pixels to brush strokes."""
