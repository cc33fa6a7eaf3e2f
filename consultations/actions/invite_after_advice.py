"""A doctor who answered "not suitable" invites to a visit after all, later, without another questionnaire."""

from consultations.actions.invite_follow_up import Invitation
from consultations.services.transitions import WORKFLOW


@WORKFLOW.register
class InviteAfterAdvice(Invitation):
    verb, position = "invite_after_advice", 77
