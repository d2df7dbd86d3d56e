"""What assets reach the outside through: storage on fsspec paths, and MLflow."""
