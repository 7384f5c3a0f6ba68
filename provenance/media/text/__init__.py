"""Text as a medium: plain text, Markdown, HTML and subtitles, labelled, marked between words, and found again."""
