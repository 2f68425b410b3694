text =
    .type = Type the characters you see or hear
word =
    .type = Type the word you see or hear
math =
    .solve = Type the result
grid =
    .pick = Which cell contains { $emoji }? Type its number
