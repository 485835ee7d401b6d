"""Questions answered from the plant's own data: tools that compute, and figures that can be checked."""
