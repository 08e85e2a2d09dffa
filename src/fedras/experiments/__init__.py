"""The paper's evaluation: one TOML file per table or figure, and what runs them."""
