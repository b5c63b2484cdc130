from textvec.text.traditional import _PAIRS, to_simplified


def test_what_is_known():
    traditional = "孫悟空說：「豬八戒、沙僧與白龍馬，跟隨師父。」羣衆裏爲首的後來鬥於臺灣"
    simplified = "孙悟空说：「猪八戒、沙僧与白龙马，跟随师父。」群众里为首的后来斗于台湾"
    assert to_simplified(traditional) == simplified
    assert to_simplified(simplified) == simplified
    assert to_simplified("Emma, 爱玛, 乾坤, 著名, 😀") == "Emma, 爱玛, 乾坤, 著名, 😀"


def test_the_table_is_sound():
    traditional, simplified = _PAIRS[::2], _PAIRS[1::2]
    assert len(traditional) == len(simplified) == len(set(traditional)) > 2000
    assert not set(traditional) & set(simplified)  # made simplified twice is made simplified once
    assert "".join(sorted(traditional)) == traditional
    assert all(len(to_simplified(pair)) == 2 for pair in map("".join, zip(traditional, simplified)))


def test_every_common_character_of_big5_that_gb_2312_lacks_is_known_or_has_no_other_form():
    common = [
        bytes([high, low]).decode("big5", "ignore")
        for high in range(0xA4, 0xC7)
        for low in [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    ]
    unknown = [
        one
        for one in common
        if one and one == to_simplified(one) and not one.encode("gb2312", "ignore")
    ]
    assert len(unknown) < 150
