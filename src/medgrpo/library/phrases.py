"""Claims that no verb of their own makes: parts by genitive, bracket or list, and acts that notes tell in telegrams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from medgrpo.knowledge import Concept, ConceptKind
from medgrpo.library.clauses import Span, is_general
from medgrpo.library.cues import Reading, can_hold, is_negated
from medgrpo.library.qualifiers import Qualifiers, qualifiers
from medgrpo.library.records import ClaimRelation, Modality

Read = tuple[Concept, Reading, Concept, Qualifiers]
"""Subject, relation with modality and negation, object, and what the rest of the sentence adds."""

MAY_FOLLOW = re.compile(
    r"\s*(?:$|[,.;:)\]|(–—-]|['’]s?\s*$|(?:and|or|in|from|to|by|with|at|on|via|through|which|that|as|for|during|before|after|when|if"
    r"|where|while|whereas|unless|until|once|is|are|was|were|must|should|may|can|near|behind|into|along|without|within|but|because"
    r"|since|using|under|over|between|so|then|than|only|also|both|either|prior|following|respectively|has|have|flows?|passes|drains?|enters?|leaves"
    r"|present|located|found|situated|known|called|branching|arising|draining|supplying|running|passing|entering|leaving|leading|lying"
    r"|coming|extending|carrying|connecting|overlying|\w+ly)\b)",
    re.IGNORECASE,
)
_MAY_FOLLOW_PART = re.compile(rf"{MAY_FOLLOW.pattern}|\s+\w+(?:s|ed)\b", re.IGNORECASE)
_OWNED = re.compile(r"['’]s?\s+(?:(?:own|inner|outer|entire|thin|thick)\s+)*", re.IGNORECASE)
_AND_ITS = re.compile(r",?\s*(?:and|with)\s+its\s+", re.IGNORECASE)
_OF_WHOLE = re.compile(r"\s+(?:of|in|within)\s+(?:the|its|this)\s+", re.IGNORECASE)
_IN_WHOLE = re.compile(r"\s+(?:in|within)\s+(?:the|an?)\s+", re.IGNORECASE)
_THERE_IS = re.compile(r"\bthere\s+(?:is|are)\s+(?:\w+\s+){0,3}$", re.IGNORECASE)
_THERE_IS_NO = re.compile(r"\bthere\s+(?:is|are)\s+(?:usually\s+|normally\s+)?no\s+(?:\w+\s+)?$", re.IGNORECASE)
_INSTANCES = re.compile(r"\s*(?:\(|,?\s*including)\s*(?:the\s+|its\s+)*", re.IGNORECASE)
_BARE_LIST = re.compile(r"~\s*[:|]\s*(?:the\s+|an?\s+)*~(?:\s+branch(?:es)?)?\s*\.?", re.IGNORECASE)
_IS_A_PART = re.compile(  # of a structure: what is no vessel or duct to or from it
    r"\b(?:mucosa|submucosa|serosa|muscularis|adventitia|wall|fundus|body|neck|infundibulum|pouch|lobe|sinusoid|capsule|layer|surface"
    r"|cortex|medulla|hilum|porta|fossa|bed|plate|stump|head|tail|pylorus|antrum|cardia|bulb|flexure|edge|margin|segment|epithelium"
    r"|lobule|hepatocyte|islets?|acinus|villus|lumen|sphincter|papilla|valve|cap)s?\b",
    re.IGNORECASE,
)
_TELEGRAPHIC = re.compile(r"(?:^|[.;:]\s+|,\s+)(?:the\s+)?(?:\d+[.)]\s+)?$", re.IGNORECASE)
_DONE_AND = re.compile(  # between a structure and what was done to it, or between that and what was done next
    r"\s+(?:x\s?\d+\s*)?"
    r"(?:(?:with \w+(?: \w+)?|(?:was|were)|then|doubly|\w+ly|\w+ed(?: free| off| clear)?|seen|x\s?\d+|and|&|,)"
    r"(?:\s+|(?=[,&]))){0,12}"
    r"|(?:\s+(?:free|off|clear|down))?\s*[,&]\s*(?:(?:then|doubly|\w+ly|\w+ed|and)\s+)*",
    re.IGNORECASE,
)
_DONE = re.compile(r"(?:\w+ed|cut|held|put|torn|taken)$", re.IGNORECASE)


def parts(sentence: str, spans: list[Span], groups: list[list[Span]], *, listed: bool) -> Iterator[Read]:
    """Parts that no verb names: "the liver's capsule", "the bowel (jejunum and ileum)", "the bowel, including the rectum", "no
    submucosa in the wall", and the list that defines a glossary's term."""
    pairs: list[tuple[Span, Span, bool]] = []
    for one, other in pairwise(spans):
        gap = sentence[one.end : other.start]
        if _OWNED.fullmatch(gap) or _AND_ITS.fullmatch(gap):
            pairs += [(other, one, False)]
        elif _OF_WHOLE.fullmatch(gap) or (_THERE_IS.search(sentence, 0, one.start) and _IN_WHOLE.fullmatch(gap)):
            pairs += [(one, other, _THERE_IS_NO.search(sentence, 0, one.start) is not None)]
    for group in groups:
        for index, (one, other) in enumerate(pairwise(group)):
            if _INSTANCES.fullmatch(sentence[one.end : other.start]):
                closed = sentence.find(")", other.end) if "(" in sentence[one.end : other.start] else len(sentence)
                members = [span for span in group[index + 1 :] if span.end <= closed]
                if len(members) > 1 or "(" not in sentence[one.end : other.start]:
                    pairs += [(member, one, False) for member in members]
    if listed and len(groups) == 2 and len(groups[1]) > 1 and _BARE_LIST.fullmatch(folded(sentence, 0, len(sentence), groups)):
        pairs += [(member, groups[0][0], False) for member in groups[1]]
    for part, whole, denied in pairs:
        for one in part.concepts:
            for other in whole.concepts:
                extra = qualifiers(sentence, min(part.start, whole.start), max(part.end, whole.end), of_act=False)
                between = sentence[min(part.end, whole.end) : max(part.start, whole.start)]
                layer = _IS_A_PART.search(one.preferred) is not None or not (
                    _OWNED.fullmatch(between) or _OF_WHOLE.fullmatch(between)
                )
                fits = can_hold(ClaimRelation.PART_OF, one, other) and one.id != other.id and not is_general(other)
                if layer and fits and _MAY_FOLLOW_PART.match(sentence, max(part.end, whole.end)):
                    yield one, Reading(ClaimRelation.PART_OF, "SO", Modality.STATED, denied), other, extra.with_no_condition()


def done_to(sentence: str, groups: list[list[Span]]) -> Iterator[Read]:
    """ "Cystic artery identified, clipped x2 and divided.": what notes say without an auxiliary, at a clause's beginning."""
    for index, group in enumerate(groups):
        if not _TELEGRAPHIC.search(sentence, 0, group[0].start):
            continue
        last = group[-1].end
        for after in groups[index + 1 :]:
            if not _DONE_AND.fullmatch(sentence, last, after[0].start) or not _DONE.search(sentence, 0, after[-1].end):
                break
            last = after[-1].end
            extra = qualifiers(sentence, group[0].start, last, of_act=True)
            for act in after:
                if not _DONE.search(sentence, 0, act.end) or extra.covers(act.start, act.end):
                    continue
                for one in (concept for concept in act.concepts if concept.kind is ConceptKind.ACTION):
                    for span in group:
                        target = next((c for c in span.concepts if can_hold(ClaimRelation.ACTS_ON, one, c)), None)
                        if target is not None and not is_negated(sentence[: group[0].start]):
                            yield one, Reading(ClaimRelation.ACTS_ON, "OS", Modality.STATED, negated=False), target, extra


def folded(sentence: str, begin: int, end: int, groups: list[list[Span]]) -> str:
    """The words between, with one ~ for each list of concepts among them."""
    text = sentence[begin:end]
    for group in reversed(groups):
        if begin <= group[0].start and group[-1].end <= end:
            text = text[: group[0].start - begin] + "~" + text[group[-1].end - begin :]
    return text
