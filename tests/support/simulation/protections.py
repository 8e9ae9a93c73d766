"""The protections that can be taken away from a world, to see that it then turns red."""

PROTECTIONS = {
    "commands remembered": "A command that was answered is answered the same for ever.",
    "refusals remembered": "A command that was refused is refused for ever, by every attempt.",
    "answers by tenant": "A command's id means something within its tenant only.",
    "versions compared": "What is appended was decided on the stream as it stands.",
    "numbers claimed": "A number belongs to one company of a tenant.",
    "noted after publishing": "The relay notes how far it is after the bus has it.",
    "relay compared": "A relay that slept through a rebuild of the stream notes nothing.",
    "gaps noticed": "An event that comes before its predecessor waits for it.",
    "missing asked for": "What a consumer misses is asked of its source again.",
    "checkpoint with effect": "The checkpoint moves in the transaction of the effect.",
    "parked behind": "What follows a parked event of its stream is parked behind it.",
    "position with rows": "A read model's position moves in the transaction of its rows.",
    "rows by tenant": "A row's key begins with its tenant.",
    "readings overlap": "A reading of notifications begins before where the last one ended.",
    "notices known": "A notification is kept once, however often it is read.",
    "changes dated": "What is settled is settled up to a moment of the bureau's clock.",
}
"""By what each is called in the world, with what it promises."""
LOOKED_FOR = {
    "versions compared": "ask go_on",
    "refusals remembered": "ask go_on",
    "gaps noticed": "ask relay take",
    "noted after publishing": "ask relay go_on die crash",
    "parked behind": "ask relay take unreadable mended take_up drain",
    "position with rows": "ask relay take project go_on die drain crash",
    "readings overlap": "change mood poll pass drain",
    "checkpoint with effect": "ask relay take go_on die crash",
    "relay compared": "ask relay go_on bus drain",
    "missing asked for": "ask relay take lose drain",
    "changes dated": "change mood poll pass work",
}
"""Where its absence shows in few schedules of all: the kinds of steps that it takes."""
