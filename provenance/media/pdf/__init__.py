"""PDF as a medium: a carrier of text and pictures, written anew, labelled on its first page and veiled with a mark."""
