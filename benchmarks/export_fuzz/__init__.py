"""No silent misreading: correct exports, changed in one way, and what is read of them."""
