"""How results are shown: tables for people, JSON, CSV and paths for programs."""
