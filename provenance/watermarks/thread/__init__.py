"""The scheme `thread`: invisible characters between words, whose meaning hangs on the letters before them."""
