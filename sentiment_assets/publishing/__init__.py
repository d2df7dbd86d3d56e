"""Where analysts have their tools: the tables of the warehouse, the views on them, and how both get there."""
