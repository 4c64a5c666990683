"""What encoders with pretrained weights share: names known without loading them, weights, layers, frozen vectors."""
