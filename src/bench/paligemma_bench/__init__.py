"""Measures PaliGemma for Java and transformers side by side. Start with run.sh; described in README.md."""
