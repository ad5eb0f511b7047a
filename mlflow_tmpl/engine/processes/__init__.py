"""The processes engine: nodes run in workers of this machine, and what passes between them stays where it is made."""
