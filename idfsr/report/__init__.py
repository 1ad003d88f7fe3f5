"""Tables, figures and the HTML page, from metric tables."""
