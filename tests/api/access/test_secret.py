from api.access.secret import build_key, build_token, hash_token, matches, moment, parse_key


def test_no_two_tokens_are_the_same_and_each_has_256_bits():
    tokens = {build_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {43}


def test_a_key_says_what_it_is_and_shows_its_prefix():
    for _ in range(50):
        prefix, key = build_key()
        assert key.startswith(f"chopmark_{prefix}_")
        assert parse_key(key) == prefix


def test_what_is_no_key_has_no_prefix():
    _, key = build_key()
    for text in ("", "chopmark_", key[:-1], f"{key}x", f" {key}", key.upper(), f"{key}\n", "sk-live-1234", "\ud800"):
        assert parse_key(text) is None


def test_only_the_token_itself_matches_its_digest():
    token = build_token()
    assert matches(hash_token(token), token)
    assert not matches(hash_token(token), build_token())
    assert not matches(hash_token(token), "\ud800")
    assert token.encode() not in hash_token(token)


def test_moments_sort_as_they_follow_each_other():
    assert moment(-60) < moment() < moment(0.5) < moment(86_400)
