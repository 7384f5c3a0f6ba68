from training.naming import Dictionary, bare, spaced, squeeze


def test_names_agree_across_sets():
    assert spaced("birthday-cake-2") == "birthday cake"
    assert squeeze("Ten O’Clock") == "tenoclock"
    assert bare("1F3F3-FE0F-200D-1F308") == "1f3f3-200d-1f308"


def test_older_names_are_found():
    words = Dictionary({}, {"birthdaycake": "1f382", "flagchina": "1f1e8-1f1f3"})
    assert words.find("birthday-cake-3") == "1f382"
    assert words.find("flag-for-flag-china") == "1f1e8-1f1f3"
    assert words.find("no-such-thing") is None
