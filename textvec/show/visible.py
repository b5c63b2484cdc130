"""Text that people see: nothing in it steers a terminal, or the letters beside it on a page."""

_STEERING = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}  # by pictures
_STEERING[0x7F] = 0x2421
# C1 controls, halves of characters, and what reverses the letters after it: a name such as
# "annexe\u202egpj.exe" reads like that of a picture (Boucher and Anderson 2021, "Trojan source")
_DIRECTIONS = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_STEERING |= dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000), *_DIRECTIONS), 0xFFFD)
_STEERING |= dict.fromkeys((0x2028, 0x2029), 0x2424)  # end lines, as \n does


def visible(text):
    """Return a text with pictures for control characters, which would steer what shows it.

    Parameters
    ----------
    text : str
        What is about to be shown.

    Returns
    -------
    str
        As long as before; tabs and line breaks stay.

    Examples
    --------
    >>> visible("red \\x1b[31m alert")
    'red ␛[31m alert'
    """
    return text.translate(_STEERING)
