"""A language model as reader and writer: it calls tools and writes slots, and puts in no number."""
