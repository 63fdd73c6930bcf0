"""What people do with messages besides asking: react, edit, delete, stop, send the bot away."""
