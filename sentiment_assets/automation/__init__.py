"""What runs when: jobs today; sensors, schedules and warnings come here."""
