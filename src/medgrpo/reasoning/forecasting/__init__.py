"""Forecasts learned from recorded courses: similar moments of the past, and three baselines to measure them against."""
