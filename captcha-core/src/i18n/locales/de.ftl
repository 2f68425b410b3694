text =
    .type = Geben Sie die Zeichen ein, die Sie sehen oder hören
word =
    .type = Geben Sie das Wort ein, das Sie sehen oder hören
math =
    .solve = Geben Sie das Ergebnis ein
grid =
    .pick = In welchem Feld ist { $emoji }? Geben Sie seine Nummer ein
