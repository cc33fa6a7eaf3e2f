"""What several actions and pages share, and the writing that is no action: loading, saving an edit, feedback."""
