"""Plans in files of their own, read with distrust and looked at again."""
