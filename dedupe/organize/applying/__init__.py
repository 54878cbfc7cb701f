"""Plans are done, taken back, and finished after a crash: one pass over their steps each."""
