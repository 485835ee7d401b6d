"""What all pages share: HTML, style and numbers."""
