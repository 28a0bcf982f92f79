"""Small and medium enterprises: who they are, who belongs to them, and whether we know them."""
