"""Why a method is off: causes found beside values in many digits, put into words, with what would be better."""
