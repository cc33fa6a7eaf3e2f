"""Are the tests able to fail? Changes one thing of the product at a time and sees whether a test notices (ADR 0049)."""
