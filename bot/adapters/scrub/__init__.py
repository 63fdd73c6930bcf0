"""The last look at texts that leave."""
