"""Some steps belong to a post, whatever role somebody has: the profile says which."""

from collections.abc import Collection

from services.complaints.domain.complaint import Complaint
from services.complaints.domain.policy import Policy
from shared.errors import Refused


class NeedsPost(Refused):
    """The step belongs to a post that you do not hold."""

    fix = "Ask somebody who holds the post to take this step."


def posts_for(step: str, complaint: Complaint, policy: Policy) -> frozenset[str]:
    """Whoever holds one of these may take the step; none: everybody whose role may."""
    return frozenset(post for it in policy.posts if it.concerns(step, complaint.category) for post in it.posts)


def held(needed: Collection[str], posts: Collection[str]) -> None:
    if needed and set(needed).isdisjoint(posts):
        raise NeedsPost(f"This takes the post {' or '.join(sorted(needed))}.")
