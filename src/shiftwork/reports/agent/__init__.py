"""The page about an agent: contents in, one self-contained HTML file out."""
