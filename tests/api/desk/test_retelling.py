"""What is on record in English is told in Chinese by its codes; and no page in Chinese has English sentences of ours."""

import html
import re

import httpx
import pytest
import yaml

from api.desk.language import load_words
from api.desk.retelling import Retelling
from policies.rules.decision import Outcome, Reason
from policies.rules.evidence import Finding
from policies.rules.loader import builtin_packs
from tests.api.desk.server import WHO
from tests.architecture.checkout import ROOT

CHINESE, ENGLISH = Retelling(load_words("zh")), Retelling(load_words("en"))
SENTENCE = re.compile(r"(?:\b[a-z]{2,}\b[ ,;:]+){3,}[a-z]{2,}", re.IGNORECASE)
"""Four words of Latin letters in a row."""
PROMPTED = "the text or its prompt asks for a child in a sexual way"
PAGES = (
    ("/desk", "admin"),
    ("/desk/queue", "moderator"),
    ("/desk/jobs/{matched}", "admin"),
    ("/desk/jobs/{held}", "admin"),
    ("/desk/jobs/{blocked}", "admin"),
    ("/desk/jobs/no-such", "admin"),
    ("/desk/decisions", "admin"),
    ("/desk/appeals", "admin"),
    ("/desk/exports", "auditor"),
    ("/desk/policies", "admin"),
    ("/desk/policy/baseline", "admin"),
    ("/desk/policy/eu-ai-act-50", "admin"),
    ("/desk/policy/cn-labeling-2025", "admin"),
    ("/desk/policies/history", "admin"),
    ("/desk/works", "admin"),
    ("/desk/works/id/{work}", "admin"),
    ("/desk/works/add", "admin"),
    ("/desk/works/banks", "admin"),
    ("/desk/works/match", "admin"),
    ("/desk/quality", "admin"),
    ("/desk/team", "admin"),
    ("/desk/webhooks", "admin"),
    ("/desk/consents", "admin"),
    ("/desk/settings", "moderator"),
    ("/desk/nowhere", "admin"),
    ("/verify", "admin"),
    ("/verify/states", "admin"),
    ("/sign-in", ""),
)


def told(page, *, with_names=False):
    """The text of a page but what people wrote, what is code, and what says of itself that it is English."""
    page = page if with_names else re.sub(r"<bdi\b.*?</bdi>", " ", page, flags=re.DOTALL)
    bare = re.sub(r'<(\w+)[^>]*\blang="en"[^>]*>.*?</\1>', " ", page, flags=re.DOTALL)
    bare = re.sub(r"<(script|style|code|kbd|pre|textarea|title)\b.*?</\1>", " ", bare, flags=re.DOTALL)
    bare = re.sub(
        r'<select id="clause".*?</select>', " ", bare, flags=re.DOTALL
    )  # test_clause; others' packs are theirs
    bare = re.sub(r'<t[dh][^>]*class="[^"]*mono[^"]*".*?</t[dh]>', " ", bare, flags=re.DOTALL)
    labels = " | ".join(re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', bare))
    return html.unescape(re.sub(r"<[^>]+>", " | ", bare) + labels)


def test_no_page_in_chinese_has_english_sentences_of_ours(desk_server):
    stock = desk_server.stock
    names = {"matched": stock.matched_id, "held": stock.held_id, "blocked": stock.blocked_id, "work": stock.work_id}
    left = {}
    with httpx.Client(base_url=desk_server.url, timeout=60, follow_redirects=True) as client:
        for path, role in PAGES:
            headers = {"accept": "text/html", "accept-language": "zh", "cookie": f"{WHO}={role}:Mia" if role else ""}
            page = client.get(path.format(**names), headers=headers)
            assert 'lang="zh-Hans"' in page.text, path
            found = SENTENCE.findall(told(page.text, with_names="/policy/" in path))
            found = [one for one in found if not any(part in one for part in ("DROP TABLE", "onmouseover"))]
            if found:
                left[path] = found
    assert left == {}


def test_reasons_are_told_by_their_codes():
    weapons = Reason(
        "own", "thresholds.prompt.weapons", Outcome.HOLD, "House rules 3.2", "any words", "prompt", "prompt.weapons"
    )
    assert ENGLISH.tell_reason(weapons) == "any words"
    assert "武器" in CHINESE.tell_reason(weapons)
    missing = Reason("engine", "missing_signal", Outcome.HOLD, "Chopmark closed by default", "x", detector="nsfw")
    assert not SENTENCE.search(CHINESE.tell_reason(missing))
    assert CHINESE.tell_reason(Reason("review", "moderator", Outcome.BLOCK, "", "as I wrote it")) == "as I wrote it"
    assert CHINESE.tell_reason(Reason("own", "odd", Outcome.BLOCK, "", "its author's words")) == "its author's words"


@pytest.mark.parametrize(("said", "told"), [
    ("the picture is", "图片"), ("the clip is", "视频"), ("the document is", "文档"), ("the sound is", "音频"),
])  # fmt: skip
def test_reasons_speak_of_what_was_read(said, told):
    text = f"{said} too small for a label that is clearly legible"
    small = Reason("cn-labeling-2025", "too_small_for_legible_label", Outcome.HOLD, "GB 45438-2025 s5.2", text)
    assert CHINESE.tell_reason(small) == f"{told}过小，无法容纳清晰可辨的标识"
    of_text = Reason("baseline", "sexual_minors_prompt", Outcome.BLOCK, "House rules 3.6", PROMPTED)
    assert CHINESE.tell_reason(of_text) == "文字或其提示词要求以性化方式呈现儿童"


def test_what_a_reason_is_about_has_words():
    closed = "Chopmark closed by default"
    missing = Reason("baseline", "requires.nsfw", Outcome.HOLD, "House rules 1.2", "x", detector="nsfw")
    failed = Reason("engine", "failed_signal", Outcome.HOLD, closed, "x", detector="incoming_marks")
    clash = Reason("engine", "conflicting_obligations", Outcome.HOLD, closed, "x")
    weapons = Reason("baseline", "thresholds.weapons", Outcome.HOLD, "", "x", "clip", "weapons")
    assert ENGLISH.tell_about(missing) == "No answer: Not safe for work"
    assert ENGLISH.tell_about(failed) == "No answer: Marks that it carries"
    assert ENGLISH.tell_about(clash) == "Marks contradict each other"
    assert (ENGLISH.tell_about(weapons), CHINESE.tell_about(weapons)) == ("Weapons", "武器")
    assert not re.search("[a-z]", CHINESE.tell_about(failed) + CHINESE.tell_about(clash))


def test_clauses_keep_their_numbers():
    assert CHINESE.tell_clause("House rules 3.2") == "内部规则 3.2"
    both = "AI Act Art. 50(2); Code of Practice Measure 1.1.1"
    assert not SENTENCE.search(CHINESE.tell_clause(both))
    assert CHINESE.tell_clause("Measures Art. 10") == "《标识办法》 Art. 10"
    assert CHINESE.tell_clause("Their rules 1") == "Their rules 1"
    assert ENGLISH.tell_clause("House rules 3.2") == "House rules 3.2"


@pytest.mark.parametrize("name", [pack.name for pack in builtin_packs()])
def test_every_text_of_our_packs_is_told(name):
    pack = yaml.safe_load((ROOT / "policies" / "packs" / f"{name}.yaml").read_text(encoding="utf-8"))
    texts = [("title", pack["title"]), ("description", pack["description"])]
    texts += [(f"requires.{one['detector']}", one["text"]) for one in pack["requires"]]
    texts += [(f"rules.{one['id']}", one["text"]) for one in pack.get("rules", ())]
    texts += [(f"obligations.{one['id']}", one["text"]) for one in pack.get("obligations", ())]
    for part, text in texts:
        assert CHINESE.tell_pack(name, part, text) != text, part
        assert CHINESE.tell_pack(name, part, f"{text} and more") == f"{text} and more"  # changed by somebody


def test_evidence_is_told_by_its_parts():
    found = Finding("prompt", "prompt.weapons", "x", words="rifle", start=17, end=22, nearest="guns")
    assert ENGLISH.tell_finding(found) == "x"
    told_so = CHINESE.tell_finding(found)
    assert all(part in told_so for part in ("17", "22", "rifle", "guns", "武器"))


def test_errors_are_told_by_their_codes():
    assert CHINESE.tell_error("review.taken", "Noa has this job") == load_words("zh").tell("errors.review_taken")
    assert CHINESE.tell_error("asset.something_new", "x") == load_words("zh").tell("errors.asset")
    assert CHINESE.tell_error("policy", "a note has 1 character") == "未能完成：a note has 1 character"
    assert CHINESE.tell_error("policy.choice", "expected a state") == load_words("zh").tell("errors.policy_choice")
    assert ENGLISH.tell_error("review.taken", "Noa has this job") == "Noa has this job"


@pytest.mark.parametrize(
    ("category", "text", "told"),
    [
        ("prompt.weapons", "the prompt asks for weapons", "提示词涉及武器，分数达到阈值"),
        ("prompt.weapons", "the text or its prompt asks for weapons", "文字或其提示词涉及武器，分数达到阈值"),
        ("prompt.meaning.hate", "the text means something like hate", "文字的含义接近仇恨，分数达到阈值"),
        ("written.drugs", "words for drugs are written in the picture", "画面中的文字涉及毒品，分数达到阈值"),
        ("spoken.drugs", "words for drugs are said in the sound", "语音中的话涉及毒品，分数达到阈值"),
        ("prompt.unread", "the prompt is in a language", "检出“文字：未读文字”，分数达到阈值"),
        ("alcohol", "the picture shows alcohol", "检出“酒精”，分数达到阈值"),
    ],
)
def test_a_threshold_is_told_as_a_sentence(category, text, told):
    """It read as a list of nouns with two colons."""
    reason = Reason("baseline", f"thresholds.{category}", Outcome.HOLD, "House rules 3.2", text, category=category)
    assert CHINESE.tell_reason(reason) == told
    assert ENGLISH.tell_reason(reason) == text
