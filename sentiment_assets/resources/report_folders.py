"""Where the reports of a branch lie: a folder for each day, or for the days from one to another."""

import re

REPORTS, PAGE = "reports", "report.html"
"""The folder below that of a branch, and the page that each report in it begins with."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
"""The name of a daily report's folder."""
