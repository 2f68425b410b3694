text =
    .type = Escriba los caracteres que ve u oye
word =
    .type = Escriba la palabra que ve u oye
math =
    .solve = Escriba el resultado
grid =
    .pick = ¿En qué casilla está { $emoji }? Escriba su número
