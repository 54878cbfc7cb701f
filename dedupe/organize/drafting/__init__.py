"""From groups to plans: who stays, where the others go, and what goes along."""
