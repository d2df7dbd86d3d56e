"""The learner: texts to n-grams, a linear SVC by SGD on hinge loss, calibration, selection, promotion.

Pure Python: arrays, frames and frozen dataclasses in and out; usable from a notebook.
"""
