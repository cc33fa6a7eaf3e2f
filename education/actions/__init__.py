"""What people do to pages, small records and feedback: a module an action, found by being here.

The other half of an action is its row in `education/workflow.py`. A page calls `perform_action` with the action and its
data; `education/services/` holds what several actions share.
"""

from clinic.core.actions import import_actions

import_actions(__name__)
