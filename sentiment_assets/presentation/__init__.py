"""How everything looks that people read: colours, figures, HTML pages and the wording of numbers."""
