"""What tests share: the slow twin of Algorithm 1, small federations, samples of updates."""
