"""The only code that writes. One module a noun, one function a verb, the actor is `by=`, one transaction each."""
