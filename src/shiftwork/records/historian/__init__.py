"""From a historian's export to episodes: plant file, samples, time grid, cutting."""
