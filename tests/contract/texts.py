"""Texts that vectorizers meet: a plain corpus, another, and whatever people paste."""

CORPUS = [
    "A quiet room with a view of the sea.",
    "The sea view room is quiet at night, and the beach is near.",
    "Free shuttle to the airport, and breakfast at six.",
    "Breakfast with a view: coffee, fruit and warm bread.",
    "The airport hotel has a shuttle every hour.",
    "An old house near the beach, with bread from next door.",
    "海景 房间 很 安静",
    "A bar at night, coffee in the morning, the sea all day.",
]
LABELS = [0, 1, 1, 0, 1, 0, 0, 1]
OTHER = [
    "The museum of modern art opens at nine.",
    "Modern trams run from the museum to the old harbour.",
    "Tickets for trams are sold at the harbour.",
    "The art of selling tickets, from nine to five.",
]

# One text of every kind.
ODD = {
    "empty": "",
    "blank": " \t\r\n\u3000\u200b",
    "unseen words": "zyzzyva qwghlm",
    "Chinese": "海景房间很安静，离海滩近。𠮷",
    "emoji": "🏖️ the sea 👩‍👩‍👧 view 🎈🇨🇳",
    "right to left": "غرفة هادئة مع منظر البحر, מלון שקט 12",
    "accents": "nai\u0308ve café ﬁne ﷺ İstanbul ΣΊΣΥΦΟΣ Straße",
    "lone surrogates": "\ud800 the \udfff sea\udc80view",
    "NUL": "the sea\x00view\x00\x01",
    "one letter": "a",
    "one ideograph": "海",
    "marks": "?!… --",
    "long word": "sea" * 2000,
}

# Whole corpora of one kind, for fit.
CORPORA = {
    "one document": CORPUS[:1],
    "empty": ["", " ", ""],
    "one letter": ["a", "b", "c", "a", "b"],
    "marks": ["?!", "…", "--"],
    "Chinese": ["海景房间，很安静。", "安静的房间，海景很美", "机场酒店，班车免费", "免费早餐"],
    "emoji": ["🏖️ sea 🎈 view", "view 👩‍👩‍👧 sea", "🎈 bar 🎈 sea", "bar 🇨🇳 view"],
    "right to left": ["غرفة هادئة مع منظر", "منظر البحر هادئة", "מלון שקט מול הים", "הים שקט"],
    "lone surrogates": ["\ud800 the sea", "sea\udfff view \ud800 bar", "view the bar", "the bar"],
    "NUL": ["the\x00sea view", "view\x00sea bar", "\x00", "the bar view"],
    "all": [*ODD.values(), *CORPUS],
}
