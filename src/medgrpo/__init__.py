"""medgrpo: what is happening, and what might happen next, on surgical video. Research software, not for clinical use."""

__version__ = "0.1.0"
