"""What clients read: net sentiment with honest bands, the words behind it, and the state of model and data."""
