"""How dates and numbers are written in each language. Templates name a format; they never spell one out."""
