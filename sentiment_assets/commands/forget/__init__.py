"""``sentiment-assets forget``: a review is taken out of all that is stored."""
