"""Pictures that become clips and clips that go on: made here, with all that went into them, and handed to the gate."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from api.console import CommandUsageError
from generation.base import Progress, Recipe
from generation.sounding import OWN, Makers
from policies.line.deployment import Deployment, Submission
from provenance.asset import MediaType, Origin, sha256_hex
from provenance.errors import ConfigurationError
from provenance.manifests.components import FIELD, Component, describe_components
from provenance.manifests.report import C2PA_PREFIX, IPTC_PREFIX
from provenance.manifests.trust import TrustAnchors
from provenance.manifests.validation import read_manifest
from provenance.media.medium import Claims, Content
from provenance.storage.blob import Blob

if TYPE_CHECKING:
    from api.settings import Settings
    from generation.clip import MadeClip, Wish
    from generation.voices.speech import Line

_NEEDS: Final = (
    "clips are made for a site that takes them: CHOPMARK_MEDIA=picture,video, and pip install 'chopmark[video]'"
)
_WAV: Final = MediaType.add("audio/wav", extension=".wav")
# What says most of how a file came about, first.
_TELLING: Final = (
    "trainedAlgorithmicMedia",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicMedia",
)


@dataclass(frozen=True, slots=True)
class Begun:
    """A picture that a clip begins with.

    Attributes:
        component: the file that becomes an ingredient.
        pixels: the file whose pixels are animated, where it is another: a drawn picture before its marks.
        recipe: of a picture that was drawn here, in its JSON form.
        prompt: that it was drawn from, or that a model is told beside it.
    """

    component: Component
    pixels: Blob | None = None
    recipe: Mapping[str, Any] | None = None
    prompt: str | None = None


def verify_takes_clips(here: Deployment) -> None:
    """Check, before anything is made, that the gate will take it.

    Raises:
        ConfigurationError: it will not.
    """
    if "video" not in {medium.name for medium in here.media}:
        raise ConfigurationError(_NEEDS)


def choose_encoder(settings: "Settings") -> str:
    """Return what a clip is encoded by on its way to the gate: what the site's are, H.264 unless a setting says."""
    asked = str(settings.media_options.get("video", {}).get("encoder", "auto"))
    return "h264" if asked == "auto" else asked


def begin_with(here: Deployment, file: Blob, name: str = "") -> Begun:
    """Return a picture as what a clip begins with.

    Raises:
        AssetError: it is no file that can be taken.
        CommandUsageError: it is a clip or sound.
    """
    media_type = _find_type(here, file, name)
    if not media_type.value.startswith("image/"):
        raise CommandUsageError(
            f"expected a picture to begin with, got {media_type}: chopmark extend goes on from a clip"
        )
    return Begun(Component(file, media_type, "inputTo", find_source_type(file, media_type)))


def begin_with_drawn(here: Deployment, drawn: Submission) -> Begun:
    """Return a picture that was just drawn, and is released as a part of the clip alone, as what that begins with."""
    begun = begin_with(here, drawn.unverified_file, drawn.name)
    component = replace(begun.component, digital_source_type=str(drawn.recipe["digital_source_type"]))
    return Begun(component, recipe=drawn.recipe, prompt=drawn.prompt)


def animate_picture(
    here: Deployment,
    begun: Begun,
    wish: "Wish",
    *,
    name: str,
    packs: tuple[str, ...] = (),
    makers: Makers = OWN,
    progress: Progress | None = None,
) -> Submission:
    """Animate a picture, and return the clip to be handed in, with the picture and what is heard as ingredients.

    Where the site names a backend of clips, that does it, with the words that the picture was drawn from or is given.
    """
    from generation.clip import animate
    from generation.film import film

    content = here.media.take(begun.pixels or begun.component.file, Claims(), here.limits)
    # What is made of a released picture gets a mark of its own, and names the first in its manifest.
    frame = _find_unmarker(here, content)(content)
    drawn = None if begun.recipe is None else Recipe(**begun.recipe)
    if makers.clips is not None:
        made = film(begun.prompt or "", wish, makers, picture=frame, progress=progress)
    else:
        source_type = begun.component.digital_source_type
        made = animate(frame, wish, source_type=source_type, drawn=drawn, makers=makers, progress=progress)
    # What is spoken is screened as what is asked for is.
    prompt = join_words(begun.prompt, wish.lines)
    if prompt and (wish.lines or drawn is None):
        made = _note_prompt(made, prompt)
    return _hand_in(made, prompt, (begun.component,), name=name, packs=packs)


def film_prompt(
    prompt: str,
    wish: "Wish",
    makers: Makers,
    *,
    name: str,
    packs: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Submission:
    """Have a site's backend of clips make one of words, and return it to be handed in."""
    from generation.film import film

    made, whole = film(prompt, wish, makers, progress=progress), join_words(prompt, wish.lines) or prompt
    return _hand_in(_note_prompt(made, whole), whole, (), name=name, packs=packs)


def compose(
    here: Deployment,
    makers: Makers,
    words: str,
    seconds: float,
    seed: int,
    *,
    name: str,
    packs: tuple[str, ...] = (),
    begun: Begun | None = None,
) -> Submission:
    """Make a piece of music by words, and by a picture's colours, and return it to be handed in.

    The picture becomes an ingredient. What a model was told is screened as a prompt is.
    """
    from generation.clip import compose_piece

    frame = None
    if begun is not None:
        content = here.media.take(begun.component.file, Claims(), here.limits)
        frame = next(iter(content.views())).carrier.frame
    file, made = compose_piece(words, seconds, seed, makers, frame)
    components = () if begun is None else (begun.component,)
    recipe = {**asdict(made), "parameters": dict(made.parameters)}
    recipe |= {FIELD: describe_components(components)} if components else {}
    prompt = words if made.model_type else None
    return Submission(
        file, name=name, prompt=prompt, recipe=recipe, origin=Origin.GENERATED, packs=packs, components=components
    )


def speak(makers: Makers, words: str, seed: int, *, name: str, packs: tuple[str, ...] = ()) -> Submission:
    """Have words spoken, by ``VOICE: words`` or words alone, and return it to be handed in with them as its prompt."""
    from generation.sounding import speak_piece

    file, made = speak_piece(words, seed, makers)
    recipe = {**asdict(made), "parameters": dict(made.parameters)}
    return Submission(file, name=name, prompt=words, recipe=recipe, origin=Origin.GENERATED, packs=packs)


def films_words(makers: Makers) -> bool:
    """Return whether clips are made of words alone."""
    return makers.clips is not None and not makers.clips.needs_start


def join_words(prompt: str | None, lines: Iterable["Line"]) -> str | None:
    """Return the words that a clip is screened by, what is spoken in it among them; None where there are none."""
    said = "\n".join(line.text for line in lines)
    return "\n".join(part for part in (prompt, said) if part) or None


def _note_prompt(made: "MadeClip", prompt: str) -> "MadeClip":
    return replace(made, recipe=replace(made.recipe, prompt_sha256=sha256_hex(prompt.encode())))


def extend_clip(
    here: Deployment,
    file: Blob,
    wish: "Wish",
    *,
    name: str,
    packs: tuple[str, ...] = (),
    prompt: str | None = None,
    makers: Makers = OWN,
    progress: Progress | None = None,
) -> Submission:
    """Go on from a clip, and return the longer one to be handed in, with the clip as the parent of its manifest.

    Args:
        here: the gate that it is made for.
        file: the clip.
        wish: what is wanted.
        name: of the longer clip.
        packs: that decide.
        prompt: what the clip was made from, if that is known: the longer one is screened by it, too.
            A model that goes on is told it.
        makers: backends that stand in for what comes along.
        progress: told of new frames done.

    Raises:
        AssetError: it is no clip that can be taken.
        CommandUsageError: it is a picture or sound.
    """
    from generation.clip import extend
    from generation.film import film_on

    media_type = _find_type(here, file, name)
    if not media_type.value.startswith("video/"):
        raise CommandUsageError(f"expected a clip to go on from, got {media_type}: chopmark animate makes one")
    # Checked and decoded as a stranger's, in a process of its own, before anything here reads it.
    content = here.media.take(file, Claims(name), here.limits)
    source_type, unmark = find_source_type(file, media_type), _find_unmarker(here, content)
    clean = None if unmark(content) is None else lambda: unmark(content).clean
    given: dict[str, Any] = {"source_type": source_type, "clean": clean, "progress": progress}
    if makers.clips is None:
        made = extend(file, media_type, wish, makers=makers, **given)
    else:
        made = film_on(file, media_type, prompt or "", wish, makers, **given)
    made = _note_prompt(made, prompt) if prompt else made
    return _hand_in(made, prompt, (Component(file, media_type, "parentOf", source_type),), name=name, packs=packs)


def _hand_in(
    made: "MadeClip", prompt: str | None, components: tuple[Component, ...], *, name: str, packs: tuple[str, ...]
) -> Submission:
    components += tuple(Component(part.file, _WAV, "componentOf", part.source_type) for part in made.parts)
    # Beside a manifest nothing is said of a source; without one it is said as far as it is known.
    recipe = {**asdict(made.recipe), "parameters": dict(made.recipe.parameters)}
    recipe |= {FIELD: describe_components(components)} if components else {}
    return Submission(
        made.file, name=name, prompt=prompt, recipe=recipe, origin=Origin.GENERATED, packs=packs, components=components
    )


def release_drawn(submission: Submission, sealed: Blob, media_type: MediaType) -> Begun:
    """Return a picture that was drawn and released as what a clip begins with: its pixels before they were marked."""
    source_type = str(submission.recipe["digital_source_type"])
    component = Component(sealed, media_type, "inputTo", source_type)
    return Begun(component, submission.unverified_file, submission.recipe, submission.prompt)


def _find_unmarker(here: Deployment, content: Content) -> Callable[[Content], Any]:
    """Return what takes this site's own mark out of what is animated: pixels of a picture, frame by frame of a clip."""
    medium: Any = here.media.of(content.media_type)
    found: Callable[[Content], Any] = medium.unmark
    return found


def _find_type(here: Deployment, file: Blob, name: str) -> MediaType:
    found = here.media.find(file.read_at(0, 4096))
    if found is None:  # intake says what is taken, and what this looks like
        here.media.take(file, Claims(name), here.limits)
        raise ConfigurationError(_NEEDS)
    return found[1]


def find_source_type(file: Blob, media_type: MediaType) -> str:
    """Return how a file came about, as its manifest says, in whatever of it says most; "" where it says nothing.

    It is believed whoever signed it: to say less than a file says of itself would hide what it is.
    """
    report = read_manifest(file, media_type.value, TrustAnchors())
    if report is None:
        return ""
    said = {one.removeprefix(IPTC_PREFIX).removeprefix(C2PA_PREFIX) for one in report.digital_source_types}
    return next((one for one in _TELLING if one in said), "")


def name_clip(name: str, *, is_longer: bool = False) -> str:
    """Return a name for a clip that was made from a file of another."""
    stem = name.rsplit(".", 1)[0] or "clip"
    return f"{stem}-extended.mp4" if is_longer else f"{stem}.mp4"
