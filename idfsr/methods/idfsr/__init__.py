"""IDFSR itself, before and after the fit."""
