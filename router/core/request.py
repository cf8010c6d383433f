"""RoutedRequest: the facts of a request that routing may look at. The body is not among them."""

from msgspec import Struct, field

from router.core.catalog import AUTO, BY_NAME, Capability, Endpoint
from router.core.limits import Limits
from router.core.once import once
from router.core.session import Held, State
from router.core.tokens import TOKENS_PER_IMAGE, TOKENS_PER_MESSAGE, estimated_tokens

FOCUS_CHARACTERS = 6000
"""Enough for every signal: classifiers read at most a few hundred tokens."""

ANSWER_CHARACTERS = 1000
"""Of an answer in the context; a long one must not crowd out the question that it answered."""

ENOUGH_CHARACTERS = 400
"""More than a dozen words of any language take."""

STANDALONE_WORDS = 12
"""A user turn of fewer words than this is read together with what it answers."""

_ASKING = f"{AUTO}:"
_TOOLS = ("tool", "function")
_ANSWERING = ("assistant", *_TOOLS)


class Turn(Struct, frozen=True):
    """One message of a conversation, reduced to what routing reads.

    `tokens` counts what was given as numbers: only the model that they are meant for can read it.
    """

    role: str
    text: str
    images: int = 0
    audio: int = 0
    files: int = 0
    tool_calls: int = 0
    tokens: int = 0


class Content(Struct, frozen=True):
    """What the turns of a request hold together: all that is said, a turn a paragraph, and how much
    there is beside it, as in `Turn`."""

    said: str
    images: int
    audio: int
    files: int
    tokens: int


class UnreadableText(ValueError):
    """Part of the text was given as token numbers, so nothing can be said of what it says."""


class RoutedRequest(Struct, frozen=True, dict=True):
    """The facts of one request. Made by the HTTP shell, read by signals and by `decide`.

    `model` is what the caller asked for: "auto", "auto:<policy>" or the name of a model.
    `max_output_tokens` is the caller's own bound on each answer, if any; `answers` is `n`.
    `attached` is every text that is sent beside the conversation: tools, calls, schemas, names.
    `limits` is the freedom the caller gave up for this request. `endpoints` are those through
    which it can be asked for, the caller's own first; `bound_by` is the field of the body that
    leaves only that one, `why_bound` a sentence for the caller. `separate`: each turn is an input
    of its own, not one conversation. `session` is a pseudonym of what belongs together,
    `conversation` one of the conversation within it; `held` is what its last answer left behind.
    `state` is what the upstream that answered before keeps, and this goes on with. `counts` are the
    fields by which the body asks for answers and their length, with their values. `tags` say what
    it is for, and route nothing.
    """

    model: str
    turns: tuple[Turn, ...]
    tools: int = 0
    json_object: bool = False
    json_schema: bool = False
    stream: bool = False
    max_output_tokens: int | None = None
    answers: int = 1
    attached: str = ""
    session: str | None = None
    limits: Limits = field(default_factory=Limits)
    endpoints: tuple[Endpoint, ...] = ("chat",)
    bound_by: str | None = None
    why_bound: str = ""
    separate: bool = False
    conversation: str | None = None
    held: Held | None = None
    state: State | None = None
    counts: tuple[tuple[str, int], ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def policy_name(self) -> str | None:
        """The policy asked for by "auto:<policy>", else None."""
        return self.model[len(_ASKING) :] or None if self.model.startswith(_ASKING) else None

    @once
    def is_routed(self) -> bool:
        """Whether the caller left the choice of the model to us."""
        return self.model == AUTO or self.policy_name is not None

    @property
    def is_by_name(self) -> bool:
        """Whether it asks for what nothing is chosen of, such as embeddings."""
        return BY_NAME.issuperset(self.endpoints)

    @property
    def goes_on(self) -> bool:
        """Whether somebody has answered in this conversation before."""
        return bool([turn for turn in self.turns if turn.role in _ANSWERING])

    @property
    def in_tool_loop(self) -> bool:
        """Whether results of tools have come since a model last spoke: its calls are answered."""
        for turn in reversed(self.turns):
            if turn.role in _TOOLS:
                return True
            if turn.role == "assistant":
                return False
        return False

    @once
    def content(self) -> Content:
        """What the turns hold together."""
        images = audio = files = tokens = 0
        texts = []
        for turn in self.turns:
            if turn.text:
                texts.append(turn.text)
            images += turn.images
            audio += turn.audio
            files += turn.files
            tokens += turn.tokens
        return Content("\n\n".join(texts), images, audio, files, tokens)

    @once
    def text(self) -> str:
        """Everything said in the conversation, in order, one turn a paragraph.

        Raises UnreadableText, so that every signal that reads it stays unknown.
        """
        if self.content.tokens:
            raise UnreadableText("the input is given as token numbers")
        return self.content.said

    @once
    def last_user_text(self) -> str:
        """The last thing the user said, "" if nothing. Raises UnreadableText."""
        if self.text:
            for turn in reversed(self.turns):
                if turn.role == "user":
                    return turn.text
        return ""

    @once
    def focus(self) -> str:
        """The conversation that matters: the last user turn, with its context where it needs one.

        A turn that stands on its own (a dozen words or more) is the focus alone. A shorter one
        ("yes, go ahead", "and in Python?") inherits the turns it answers, newest first, until a
        user turn that stands on its own has been reached. Where the user said nothing, all that
        was said is the focus.
        """
        said = self.text
        turns = self.turns
        if turns and turns[-1].role == "user" and _stands_alone(turns[-1].text):
            return turns[-1].text[:FOCUS_CHARACTERS]
        spoken = [t for t in turns if t.text and t.role in ("user", "assistant")]
        while spoken and spoken[-1].role != "user":
            spoken.pop()
        kept: list[str] = []
        room = FOCUS_CHARACTERS
        for turn in reversed(spoken):
            most = room if turn.role == "user" else min(room, ANSWER_CHARACTERS)
            kept.append(turn.text[:most])
            room -= len(kept[-1])
            if room <= 0 or (turn.role == "user" and _stands_alone(turn.text)):
                break
        return "\n\n".join(reversed(kept)) or said[:FOCUS_CHARACTERS]

    @once
    def input_tokens(self) -> int:
        """About how many tokens of input the request takes: what is said, shown and attached."""
        content = self.content
        said = estimated_tokens(content.said)
        if self.attached:
            said += estimated_tokens(self.attached)
        framed = TOKENS_PER_MESSAGE * len(self.turns) + TOKENS_PER_IMAGE * content.images
        return said + content.tokens + framed

    @property
    def plain_input_tokens(self) -> int:
        """`input_tokens` where a tokenizer's count compares with them, for all is text; else 0."""
        if self.images or self.attached or self.separate:
            return 0
        for turn in self.turns:
            if turn.tokens or turn.audio or turn.files:
                return 0
        return self.input_tokens

    @property
    def context_tokens(self) -> int:
        """About how many of them must fit into a model's window together."""
        return self._longest_tokens if self.separate else self.input_tokens

    @once
    def _longest_tokens(self) -> int:
        return max(turn.tokens or estimated_tokens(turn.text) for turn in self.turns)

    @property
    def images(self) -> int:
        """How many images the conversation carries."""
        return self.content.images

    @once
    def needs(self) -> tuple[Capability, ...]:
        """What a model must be capable of to serve the request."""
        content = self.content
        needed: tuple[tuple[Capability, object], ...] = (
            ("tools", self.tools > 0),
            ("vision", content.images),
            ("json_schema", self.json_schema),
            ("audio", content.audio),
            ("files", content.files),
        )
        return tuple([capability for capability, is_needed in needed if is_needed])


def _stands_alone(text: str) -> bool:
    # A dozen words show early; the rest of a long text need not be read for that.
    text = text[:ENOUGH_CHARACTERS]
    words = len(text.split(None, STANDALONE_WORDS - 1))
    if words >= STANDALONE_WORDS or text.isascii():
        return words >= STANDALONE_WORDS
    # Chinese, Japanese and Thai put no spaces between words: a dozen words is some 24 characters.
    wide = sum(map("\u0e00".__le__, text))
    return words + wide // 2 >= STANDALONE_WORDS
