"""Who may come through the door, with what, and how much of it: rules without a web framework."""

from vibesflow.access.admission import Admission
from vibesflow.access.guard import Guard
from vibesflow.access.signing import issue_ticket
from vibesflow.access.tickets import Ticket, new_ticket

__all__ = ["Admission", "Guard", "Ticket", "issue_ticket", "new_ticket"]
