"""`make chaos`: the shop with real servers under load, while everything is killed, stopped and starved in turn."""
