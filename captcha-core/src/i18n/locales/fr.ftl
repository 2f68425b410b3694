text =
    .type = Saisissez les caractères que vous voyez ou entendez
word =
    .type = Saisissez le mot que vous voyez ou entendez
math =
    .solve = Saisissez le résultat
grid =
    .pick = Dans quelle case se trouve { $emoji } ? Saisissez son numéro
