"""A finished case looked at again: its pictures as they may be shown, its timeline, what people say of it."""
