"""What people do to a consultation request: a module an action, found by being here.

The other half of an action is its row in `consultations/workflow.py`. A page calls `perform_action` with the action and
its data; `consultations/services/` holds what several actions share.
"""

from clinic.core.actions import import_actions

import_actions(__name__)
