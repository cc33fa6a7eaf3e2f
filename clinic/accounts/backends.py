"""Who a member of staff is, asked of the database once a request: their groups, and what those may do."""

from typing import Any, Final

from django.contrib.auth.backends import ModelBackend

GROUPS: Final = "_groups_now"
"""Kept on the user that was loaded, as Django keeps permissions: the next request loads both anew."""


class GroupsBackend(ModelBackend):
    """Django's own, which asks for the names of the groups in the same query as for their permissions."""

    def get_group_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None or user_obj.is_superuser:
            permissions: set[str] = super().get_group_permissions(user_obj, obj)
            return permissions
        if not hasattr(user_obj, "_group_perm_cache"):
            rows = list(
                user_obj.groups.order_by().values_list(
                    "name", "permissions__content_type__app_label", "permissions__codename"
                )
            )
            setattr(user_obj, GROUPS, frozenset(name for name, _, _ in rows))
            user_obj._group_perm_cache = {f"{label}.{codename}" for _, label, codename in rows if codename}
        return user_obj._group_perm_cache  # type: ignore[no-any-return]


def groups_of(user: Any) -> frozenset[str]:
    """The names of the groups that a user is in."""
    if not hasattr(user, GROUPS):
        user.get_group_permissions()
    if not hasattr(user, GROUPS):
        setattr(user, GROUPS, frozenset(user.groups.values_list("name", flat=True)))
    names: frozenset[str] = getattr(user, GROUPS)
    return names
