"""What runs when, and who is told: jobs, sensors, schedules and alerts."""
