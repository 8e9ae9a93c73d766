"""A person whose texts are sealed: erased once and for all."""

from dataclasses import dataclass

from chassis.decider import Decider
from contracts.companies.subject import EraseSubject, SubjectErased


@dataclass(frozen=True, slots=True)
class Subject:
    """Only what `decide` needs to know about the past."""

    erased: bool = False


def decide(command: EraseSubject, subject: Subject) -> list[SubjectErased]:
    """Record the erasure, once."""
    if subject.erased:
        return []
    return [SubjectErased(subject_id=command.subject_id)]


def evolve(_subject: Subject, _event: SubjectErased) -> Subject:
    """Take in one more fact."""
    return Subject(erased=True)


subjects: Decider[EraseSubject, Subject, SubjectErased] = Decider(Subject(), decide, evolve)
