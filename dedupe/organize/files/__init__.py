"""Files looked at and changed: no other room changes any that is not our own."""
